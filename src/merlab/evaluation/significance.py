"""How sure a number is: subject-bootstrap intervals and a paired test between methods.

Clips of one subject resemble each other, so the subject is the unit that is resampled or exchanged, never the clip.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from merlab.errors import MerlabError
from merlab.evaluation.metrics import Float64Array
from merlab.evaluation.predictions import LABEL_COLUMNS

Metric = Callable[[ArrayLike], Float64Array]

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Comparison:
    """The difference of two methods in one metric (first minus second), its interval, and its p value."""

    difference: float
    interval: tuple[float, float]
    p_value: float


def subject_counts(predictions: pd.DataFrame, classes: list[str]) -> NDArray[np.int64]:
    """Confusion counts (seeds, subjects, K, K) of a predictions table of one method.

    Seeds and subjects (``database/subject``) are in sorted order, so tables of the same clips line up. Raises
    MerlabError for an empty table and for a label that is not one of the classes.
    """
    if predictions.empty:
        raise MerlabError("there is no prediction to score")
    labels = predictions[list(LABEL_COLUMNS)]
    unknown = sorted({str(label) for label in pd.unique(labels.to_numpy().ravel()) if label not in classes})
    if unknown:
        raise MerlabError(f"label(s) {', '.join(unknown)} are not among the classes {', '.join(classes)}")
    seed = predictions["seed"].factorize(sort=True)[0]
    subject = (predictions["database"].astype(str) + "/" + predictions["subject"].astype(str)).factorize(sort=True)[0]
    truth, prediction = (pd.Categorical(labels[column], categories=classes).codes for column in LABEL_COLUMNS)
    counts = np.zeros((seed.max() + 1, subject.max() + 1, len(classes), len(classes)), np.int64)
    np.add.at(counts, (seed, subject, truth, prediction), 1)
    return counts


def bootstrap_interval(counts: NDArray[np.int64], metric: Metric, seed: int = 0) -> tuple[float, float]:
    """The 95 % percentile interval of the mean over seeds of ``metric``, subjects drawn with replacement.

    ``counts`` is (seeds, subjects, K, K). With one subject the interval is not defined and is (nan, nan).
    """
    if counts.shape[1] < 2:
        return float("nan"), float("nan")
    values = metric(_resampled(counts, seed)).mean(axis=0)
    return _percentiles(values)


def compare(first: NDArray[np.int64], second: NDArray[np.int64], metric: Metric, seed: int = 0) -> Comparison:
    """Paired comparison of two methods on the same subjects, each (seeds, subjects, K, K).

    The interval resamples subjects for both methods at once; the p value is that of a permutation test that exchanges
    the two methods' predictions of a subject (all its seeds together) with probability one half.
    A method of one seed (a deterministic one) meets every seed of the other; otherwise the seeds that both have count.
    With one subject the interval is not defined and is (nan, nan).
    Raises MerlabError when the methods were not tested on the same clips.
    """
    if first.shape[1:] != second.shape[1:] or (first[0].sum(axis=-1) != second[0].sum(axis=-1)).any():
        raise MerlabError(
            "methods can be compared only on the same clips; run both with the same database, scheme and protocol"
        )
    seeds = max(len(first), len(second))
    first, second = (
        np.broadcast_to(counts, (seeds, *counts.shape[1:])) if len(counts) == 1 else counts
        for counts in (first, second)
    )
    seeds = min(len(first), len(second))
    first, second = first[:seeds], second[:seeds]
    observed = float((metric(first.sum(axis=1)) - metric(second.sum(axis=1))).mean())
    swapped = np.random.default_rng(seed).random((RESAMPLES, first.shape[1])) < 0.5
    moved = _pooled(swapped.astype(float), first - second)
    permuted = (metric(first.sum(axis=1)[:, None] - moved) - metric(second.sum(axis=1)[:, None] + moved)).mean(axis=0)
    extreme = int((np.abs(permuted) >= abs(observed) - 1e-12).sum())
    interval = _difference_interval(first, second, metric, seed)
    return Comparison(observed, interval, (extreme + 1) / (RESAMPLES + 1))


def _difference_interval(
    first: NDArray[np.int64], second: NDArray[np.int64], metric: Metric, seed: int
) -> tuple[float, float]:
    if first.shape[1] < 2:
        return float("nan"), float("nan")
    drawn = metric(_resampled(first, seed)) - metric(_resampled(second, seed))
    return _percentiles(drawn.mean(axis=0))


def _resampled(counts: NDArray[np.int64], seed: int) -> Float64Array:
    """Pooled counts (seeds, RESAMPLES, K, K) of subjects drawn with replacement; the same draws for the same seed."""
    return _pooled(_draws(counts.shape[1], seed), counts)


@lru_cache(maxsize=16)
def _draws(subjects: int, seed: int) -> Float64Array:
    """How often each subject is drawn, (RESAMPLES, subjects); kept, because all methods of a run share them."""
    shares = np.full(subjects, 1 / subjects)
    return np.random.default_rng(seed).multinomial(subjects, shares, size=RESAMPLES).astype(float)


def _pooled(weights: Float64Array, counts: NDArray[np.int64]) -> Float64Array:
    """Counts (seeds, subjects, K, K) summed over subjects by each row of weights: (seeds, rows, K, K)."""
    # Whole numbers this small are exact as floats, and only floats are multiplied by BLAS.
    return np.moveaxis(np.tensordot(weights, counts.astype(float), axes=(1, 1)), 0, 1)


def _percentiles(values: Float64Array) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
