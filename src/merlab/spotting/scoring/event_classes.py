"""Classes of the events that were hit, beside two that guess: the most frequent class, and any class at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from merlab.evaluation.metrics import Float64Array, IntArray, accuracy, f1, precision, ratio, recall
from merlab.spotting.scoring.hits import HitEvent, interval_of
from merlab.spotting.scoring.read_intervals import EMOTION, NO_EMOTION

GUESSES = 1000


@dataclass(frozen=True)
class EventClasses:
    """Counts (videos, K + 1, K + 1) over the hits whose true event has a class: rows the truth, columns what was said.

    The last column counts abstentions; the last row is empty, and no class of the means.
    """

    classes: list[str]
    counts: IntArray

    @classmethod
    def of(
        cls, hits: Sequence[HitEvent], truth: pd.DataFrame, spotted: pd.DataFrame, videos: int
    ) -> EventClasses | None:
        """None where either table has no emotions, or no hit has a true class."""
        if EMOTION not in truth or EMOTION not in spotted:
            return None
        told = [hit for hit in hits if hit.true[EMOTION] != NO_EMOTION]
        if not told:
            return None
        classes = sorted({*truth[EMOTION], *(hit.found[EMOTION] for hit in told)} - {NO_EMOTION})
        position = {label: index for index, label in enumerate([*classes, NO_EMOTION])}
        counts = np.zeros((videos, len(position), len(position)), np.int64)
        for hit in told:
            counts[hit.video, position[hit.true[EMOTION]], position[hit.found[EMOTION]]] += 1
        return cls(classes, counts)

    def describe(self, truth: pd.DataFrame) -> dict[str, Any]:
        """The metrics, their intervals, and under ``baselines`` those of two that guess on the same hits.

        ``constant`` says the class that is most frequent among the true events, ``random`` is the mean of many that
        say any class.
        """
        pooled = self.counts.sum(axis=0)
        return {
            "n": int(pooled.sum()),
            "abstained": int(pooled[:, -1].sum()),
            "classes": self.classes,
            "confusion": pooled[:-1, :-1].tolist(),
            **_scores(pooled),
            "intervals": {name: interval_of(self.counts, metric) for name, metric in METRICS.items()},
            "baselines": {"constant": self._constant(truth), "random": self._random()},
        }

    def _constant(self, truth: pd.DataFrame) -> dict[str, float]:
        frequent = truth[EMOTION][truth[EMOTION] != NO_EMOTION].mode()[0]
        said = np.eye(len(self.classes) + 1, dtype=np.int64)[self.classes.index(frequent)]
        return _scores(self._true[:, None] * said)

    def _random(self) -> dict[str, float]:
        shares = np.append(np.full(len(self.classes), 1 / len(self.classes)), 0.0)
        draw = np.random.default_rng(0).multinomial
        return _scores(np.stack([draw(count, shares, size=GUESSES) for count in self._true], axis=-2))

    @property
    def _true(self) -> IntArray:
        """How many hits are of each class, the empty last one included."""
        return np.asarray(self.counts.sum(axis=(0, 2)))


def harmonic_f1(counts: ArrayLike) -> Float64Array:
    """The harmonic mean of macro precision and macro recall, as in STRS, of counts (..., K + 1, K + 1)."""
    p, r = _mean(precision(counts)), _mean(recall(counts))
    return ratio(2 * p * r, p + r)


def _mean(of_classes: Float64Array) -> Float64Array:
    return np.asarray(of_classes[..., :-1].mean(axis=-1))


METRICS = {
    "f1": harmonic_f1,
    "uf1": lambda counts: _mean(f1(counts)),
    "uar": lambda counts: _mean(recall(counts)),
    "accuracy": accuracy,
}


def _scores(counts: IntArray) -> dict[str, float]:
    """Each metric of counts (..., K + 1, K + 1), the mean over what comes before."""
    return {name: float(metric(counts).mean()) for name, metric in METRICS.items()}
