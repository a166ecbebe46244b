"""Recognition over the hits, beside two guesses: the most frequent class, and a random class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from merlab.evaluation.metrics import Float64Array, IntArray, accuracy, f1, precision, ratio, recall
from merlab.schemes.published import SCHEMES
from merlab.spotting.scoring.hits import HitEvent, interval_of
from merlab.spotting.scoring.read_intervals import EMOTION, NO_EMOTION
from merlab.spotting.scoring.score_models import ClassIntervals, ClassMetrics, Guesses, RecognitionScores

GUESSES = 1000


@dataclass(frozen=True)
class ClassCounts:
    """Counts (videos, K + 1, K + 1) over the hits whose true event has a class: rows are true, columns recognized.

    The last column counts abstentions. The last row is empty, and not a class of the means.
    """

    classes: list[str]
    counts: IntArray

    @classmethod
    def of(
        cls, hits: Sequence[HitEvent], truth: pd.DataFrame, spotted: pd.DataFrame, videos: int
    ) -> ClassCounts | None:
        """None if either table has no emotions, or no hit has a true class."""
        if EMOTION not in truth or EMOTION not in spotted:
            return None
        labeled = [hit for hit in hits if hit.true[EMOTION] != NO_EMOTION]
        if not labeled:
            return None
        classes = sorted({*truth[EMOTION], *(hit.found[EMOTION] for hit in labeled)} - {NO_EMOTION})
        position = {label: index for index, label in enumerate([*classes, NO_EMOTION])}
        counts = np.zeros((videos, len(position), len(position)), np.int64)
        for hit in labeled:
            counts[hit.video, position[hit.true[EMOTION]], position[hit.found[EMOTION]]] += 1
        return cls(classes, counts)

    def scores(self, truth: pd.DataFrame, owners: IntArray) -> RecognitionScores:
        """The metrics, their intervals over the owners of videos, and the metrics of two guesses on the same hits.

        The constant guess is the most frequent class of all true events; the random guess is the mean of 1000.
        """
        pooled = self.counts.sum(axis=0)
        return RecognitionScores(
            n=int(pooled.sum()),
            abstained=int(pooled[:, -1].sum()),
            classes=tuple(self.classes),
            confusion=pooled[:-1, :-1].tolist(),
            **_metrics(pooled).model_dump(),
            intervals=ClassIntervals(
                **{name: interval_of(self.counts, owners, metric) for name, metric in METRICS.items()}
            ),
            baselines=Guesses(constant=self._constant(truth), random=self._random()),
        )

    def notes(self, truth: pd.DataFrame) -> Iterator[str]:
        """A note on each class that no hit truly has, or one where the true events have emotions instead of classes."""
        found, known = self.counts.sum(axis=(0, 1))[:-1], set(truth[EMOTION]) - {NO_EMOTION}
        recognized = {label for label, hits in zip(self.classes, found, strict=True) if hits}
        foreign = recognized - known
        if foreign and (foreign == recognized or _are_emotions_of(known, foreign)):
            yield (
                f"the true events have {', '.join(sorted(known))}, and not what was recognized: "
                f"{', '.join(sorted(foreign))}; --scheme maps emotions to classes"
            )
            return
        for label, hits in zip(self.classes, self._true[:-1], strict=True):
            if not hits:
                yield f"no hit has the true class {label}; it counts as 0 in the means over classes"

    def _constant(self, truth: pd.DataFrame) -> ClassMetrics:
        frequent = truth[EMOTION][truth[EMOTION] != NO_EMOTION].mode()[0]
        guessed = np.eye(len(self.classes) + 1, dtype=np.int64)[self.classes.index(frequent)]
        return _metrics(self._true[:, None] * guessed)

    def _random(self) -> ClassMetrics:
        shares = np.append(np.full(len(self.classes), 1 / len(self.classes)), 0.0)
        draw = np.random.default_rng(0).multinomial
        return _metrics(np.stack([draw(count, shares, size=GUESSES) for count in self._true], axis=-2))

    @property
    def _true(self) -> IntArray:
        """The number of hits of each class, the empty last one included."""
        return np.asarray(self.counts.sum(axis=(0, 2)))


def _are_emotions_of(words: Set[str], classes: Set[str]) -> bool:
    """Whether one of the words is an emotion to which a published scheme gives one of these classes."""
    return any(scheme.emotions.get(word.lower()) in classes for scheme in SCHEMES.values() for word in words)


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


def _metrics(counts: IntArray) -> ClassMetrics:
    """Each metric of counts (..., K + 1, K + 1), averaged over the leading axes."""
    return ClassMetrics(**{name: float(metric(counts).mean()) for name, metric in METRICS.items()})
