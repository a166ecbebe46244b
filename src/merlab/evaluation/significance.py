"""How certain a number is: subject-bootstrap intervals and a paired test between methods.

Clips of one subject resemble each other. The subject is therefore the unit that is resampled or exchanged, never the
clip.

An interval is the value plus and minus Student's t times its standard error, which comes from resampled subjects.
Percentiles of the samples, the other usual interval, are too narrow for few subjects and too low for UF1 (Hesterberg,
"What Teachers Should Know About the Bootstrap", The American Statistician 69, 2015): of 5 subjects they hold the true
value in about 80 of 100 cases, of 26 subjects with rare classes in 84.

Where all samples are alike, as where everything is right, they tell no error. So many subjects who are alike leave room
for a share of others (Clopper and Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the
Binomial", Biometrika 26, 1934), and the limits are the values if these others are as good, or as bad, as can be. Only
the UAR of a method that names one class cannot be another, and has no width.

The classes of a sample are those of the whole: one that it lacks counts as 0 (see ``metrics``). That widens the
interval where a class has clips of few subjects. To leave such samples out, or to average the other classes, would be
worse: samples of the same one or two subjects hardly vary, and the lower limit is then often above the true value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import lcm, sqrt

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from merlab.errors import MerlabError
from merlab.evaluation.metrics import METRICS, Float64Array, MetricName, require_classes
from merlab.evaluation.predictions import LABEL_COLUMNS
from merlab.json_models import ClosedModel

Metric = Callable[[ArrayLike], Float64Array]
Interval = tuple[float, float]

RESAMPLES = 2000
# Of what is resampled and exchanged: the same predictions give the same numbers.
SEED = 0
CONFIDENCE = 0.95
# Of p.
SIGNIFICANCE_LEVEL = 0.05
# A standard error below this is the rounding of samples that are alike.
ROUNDING = 1e-9


class Comparison(ClosedModel):
    """Two methods in one metric: first minus second, the 95 % interval of that difference, and its p value.

    ``interval`` is None where there is only one subject.
    """

    metric: MetricName
    difference: float
    interval: Interval | None
    p: float


def subject_counts(predictions: pd.DataFrame, classes: Sequence[str]) -> NDArray[np.int64]:
    """Confusion counts (seeds, subjects, K, K) of a predictions table of one method.

    Seeds and subjects (``database/subject``) are sorted, so the counts of two methods on the same clips have the same
    order. Raises MerlabError for an empty table and for a label that is not one of the classes.
    """
    if predictions.empty:
        raise MerlabError("there is no prediction to score")
    labels = predictions[list(LABEL_COLUMNS)]
    require_classes(pd.unique(labels.to_numpy().ravel()), classes)
    seed = predictions["seed"].factorize(sort=True)[0]
    subject = (predictions["database"].astype(str) + "/" + predictions["subject"].astype(str)).factorize(sort=True)[0]
    truth, prediction = (pd.Categorical(labels[column], categories=list(classes)).codes for column in LABEL_COLUMNS)
    counts = np.zeros((seed.max() + 1, subject.max() + 1, len(classes), len(classes)), np.int64)
    np.add.at(counts, (seed, subject, truth, prediction), 1)
    return counts


def bootstrap_interval(counts: NDArray[np.int64], metric: Metric, limits: Interval = (0.0, 1.0)) -> Interval | None:
    """The 95 % interval of the mean of ``metric`` over seeds; its standard error comes from resampled subjects.

    ``counts`` is (seeds, subjects, K, K), and ``limits`` are the range of the metric, beyond which no interval goes.
    With fewer than two subjects the interval is undefined: None.
    """
    if counts.shape[1] < 2:
        return None
    pooled, samples = counts.sum(axis=1), metric(_resampled(counts)).mean(axis=0)
    value = float(metric(pooled).mean())
    if value not in limits and float(np.nanstd(samples)) < ROUNDING and _is_of_any_clips(pooled, metric):
        return value, value
    return _around(value, samples, counts.shape[1], limits)


def _is_of_any_clips(pooled: NDArray[np.int64], metric: Metric) -> bool:
    """Whether a method names one class alone, (seeds, K, K), and has this value for any numbers of clips of a class.

    Where all clips are of one class, to name it alone is to be right. Other counts, such as those of events, are of no
    class.
    """
    if pooled.ndim < 3 or np.count_nonzero(pooled.sum(axis=(0, 2))) < 2:
        return False
    others = pooled * np.arange(1, pooled.shape[-1] + 1)[:, None]
    return np.count_nonzero(pooled.sum(axis=(0, 1))) == 1 and np.allclose(metric(others), metric(pooled))


def paired_test(first: NDArray[np.int64], second: NDArray[np.int64], metric: MetricName) -> Comparison:
    """Paired comparison of two methods on the same subjects, each (seeds, subjects, K, K).

    The interval resamples the subjects of both methods together. The p value comes from a permutation test that
    exchanges the two methods' predictions of a subject (all its seeds together) with probability 0.5; for few subjects
    it goes through all exchanges, so that the p value is exact. Seeds of two methods have nothing in common: for these
    exchanges they are paired in their order, each repeated until every seed of a method is used equally often.
    Raises MerlabError when the methods were not tested on the same clips.
    """
    if first.shape[1:] != second.shape[1:] or (first[0].sum(axis=-1) != second[0].sum(axis=-1)).any():
        raise MerlabError(
            "methods can be compared only on the same clips; run both with the same database, scheme and protocol"
        )
    value = METRICS[metric]
    difference = float(value(first.sum(axis=1)).mean() - value(second.sum(axis=1)).mean())
    interval = _difference_interval(difference, first, second, value)
    pairs = lcm(len(first), len(second))
    first, second = (np.resize(counts, (pairs, *counts.shape[1:])) for counts in (first, second))
    observed = (value(first.sum(axis=1)) - value(second.sum(axis=1))).mean()
    swapped, exact = _exchanges(first.shape[1])
    moved = _pooled(swapped.astype(float), first - second)
    permuted = (value(first.sum(axis=1)[:, None] - moved) - value(second.sum(axis=1)[:, None] + moved)).mean(axis=0)
    extreme = int((np.abs(permuted) >= abs(observed) - 1e-12).sum())
    # Among all exchanges is the observed one; to drawn ones it is added.
    p = extreme / len(swapped) if exact else (extreme + 1) / (len(swapped) + 1)
    return Comparison(metric=metric, difference=difference, interval=interval, p=p)


def _exchanges(subjects: int) -> tuple[NDArray[np.bool_], bool]:
    """Which subjects each exchange swaps (rows, subjects), and whether these are all exchanges: if there are few."""
    if 2**subjects <= RESAMPLES:
        return (np.arange(2**subjects)[:, None] >> np.arange(subjects) & 1).astype(bool), True
    return np.random.default_rng(SEED).random((RESAMPLES, subjects)) < 0.5, False


def _difference_interval(
    difference: float, first: NDArray[np.int64], second: NDArray[np.int64], metric: Metric
) -> Interval | None:
    if first.shape[1] < 2:
        return None
    means = [metric(_resampled(counts)).mean(axis=0) for counts in (first, second)]
    return _around(difference, means[0] - means[1], first.shape[1], (-1.0, 1.0))


def _resampled(counts: NDArray[np.int64]) -> Float64Array:
    """Pooled counts (seeds, RESAMPLES, K, K) of resampled subjects; the same samples for as many subjects."""
    return _pooled(_subject_weights(counts.shape[1]), counts)


@lru_cache(maxsize=16)
def _subject_weights(subjects: int) -> Float64Array:
    """How often each sample holds each subject, (RESAMPLES, subjects); cached, because all methods of a run share it.

    Subjects are sampled with replacement.
    """
    shares = np.full(subjects, 1 / subjects)
    return np.random.default_rng(SEED).multinomial(subjects, shares, size=RESAMPLES).astype(float)


def _pooled(weights: Float64Array, counts: NDArray[np.int64]) -> Float64Array:
    """Counts (seeds, subjects, K, K) summed over subjects by each row of weights: (seeds, rows, K, K)."""
    # BLAS multiplies floats only; integers this small are exact as floats.
    return np.moveaxis(np.tensordot(weights, counts.astype(float), axes=(1, 1)), 0, 1)


def _around(value: float, samples: Float64Array, subjects: int, limits: Interval) -> Interval:
    """The interval around a value, from its samples; NaN, where a metric is undefined, is left out."""
    # It takes long to import.
    from scipy.special import stdtrit

    # Subjects that are drawn from n vary less than n new ones would.
    error = float(np.nanstd(samples)) * sqrt(subjects / (subjects - 1))
    if error < ROUNDING:
        others = 1 - ((1 - CONFIDENCE) / 2) ** (1 / subjects)
        return value - others * (value - limits[0]), value + others * (limits[1] - value)
    reach = float(stdtrit(subjects - 1, (1 + CONFIDENCE) / 2)) * error
    return max(value - reach, limits[0]), min(value + reach, limits[1])
