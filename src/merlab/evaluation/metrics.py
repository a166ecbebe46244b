"""Metrics of micro-expression recognition, each a function of one confusion matrix pooled over all folds.

Counts are pooled first and the metric is computed once. Averaging over folds is a known defect of published code,
because most subjects lack most classes. Rows are the truth, columns the prediction. The list of classes is fixed
beforehand, and a class without clips counts as 0 and is not left out of the mean.

Every function takes counts of shape (..., K, K) and works on the last two axes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from merlab.errors import MerlabError
from merlab.spelling import counted

Float64Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
MetricName = Literal["uf1", "uar", "accuracy", "macro_precision"]


def require_classes(labels: Iterable[object], classes: Sequence[str]) -> None:
    """Raises MerlabError if there are labels that are not among the classes; the message names them."""
    unknown = sorted({str(label) for label in labels if label not in classes})
    if unknown:
        raise MerlabError(f"{', '.join(unknown)}: not among the classes {', '.join(classes)}")


def confusion_matrix(truth: Sequence[str], prediction: Sequence[str], classes: Sequence[str]) -> IntArray:
    """Counts (K, K), rows truth, columns prediction, in the order of ``classes``.

    Raises MerlabError when the lengths differ, the input is empty, or a label is not one of the classes.
    """
    if len(truth) != len(prediction):
        labels, predictions = counted(len(truth), "true label"), counted(len(prediction), "prediction")
        raise MerlabError(f"{labels} but {predictions}; every clip needs one of each")
    if len(truth) == 0:
        raise MerlabError("there is no prediction to score")
    position = {label: index for index, label in enumerate(classes)}
    require_classes([*truth, *prediction], classes)
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, ([position[label] for label in truth], [position[label] for label in prediction]), 1)
    return counts


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Float64Array:
    """Numerator / denominator, 0 where the denominator is 0."""
    above, below = np.asarray(numerator, float), np.asarray(denominator, float)
    out: Float64Array = np.zeros(np.broadcast_shapes(above.shape, below.shape))
    np.divide(above, below, out=out, where=below > 0)
    return out


def _hits(counts: ArrayLike) -> Float64Array:
    return np.diagonal(np.asarray(counts, float), axis1=-2, axis2=-1)


def recall(counts: ArrayLike) -> Float64Array:
    """TP_c / N_c of each class, (..., K); 0 for a class without clips."""
    return ratio(_hits(counts), np.sum(counts, axis=-1))


def precision(counts: ArrayLike) -> Float64Array:
    """TP_c / (TP_c + FP_c) of each class, (..., K); 0 for a class that is never predicted."""
    return ratio(_hits(counts), np.sum(counts, axis=-2))


def f1(counts: ArrayLike) -> Float64Array:
    """2 TP_c / (2 TP_c + FP_c + FN_c) of each class, (..., K); 0 for a class neither present nor predicted."""
    return ratio(2 * _hits(counts), np.sum(counts, axis=-1) + np.sum(counts, axis=-2))


def accuracy(counts: ArrayLike) -> Float64Array:
    """Share of the clips whose prediction is right, (...)."""
    return ratio(_hits(counts).sum(axis=-1), np.sum(counts, axis=(-2, -1)))


def uf1(counts: ArrayLike) -> Float64Array:
    """Unweighted mean of the classes' F1, (...): MEGC2019's UF1, also called macro F1."""
    return np.asarray(f1(counts).mean(axis=-1))


def uar(counts: ArrayLike) -> Float64Array:
    """Unweighted mean of the classes' recall, (...): MEGC2019's UAR, also called balanced accuracy."""
    return np.asarray(recall(counts).mean(axis=-1))


def macro_precision(counts: ArrayLike) -> Float64Array:
    """Unweighted mean of the classes' precision, (...): the value of "UAR" when truth and prediction are swapped."""
    return np.asarray(precision(counts).mean(axis=-1))


METRICS: dict[MetricName, Callable[[ArrayLike], Float64Array]] = {
    "uf1": uf1,
    "uar": uar,
    "accuracy": accuracy,
    "macro_precision": macro_precision,
}
METRIC_TITLES: dict[str, str] = {
    "uf1": "UF1",
    "uar": "UAR",
    "accuracy": "accuracy",
    "macro_precision": "macro precision",
}


def absent_classes(counts: ArrayLike, classes: Sequence[str]) -> list[str]:
    """Classes without a true clip; they count as 0 in UF1 and UAR and must be reported."""
    return [label for label, total in zip(classes, np.sum(counts, axis=-1), strict=True) if total == 0]
