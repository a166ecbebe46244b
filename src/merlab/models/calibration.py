"""Calibrated probabilities: one temperature, fitted on subjects that the network was not trained on.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017: all logits are divided by one
number. This changes no decision, and brings the probabilities close to the share of right answers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 10
COLDEST, HOTTEST = 0.05, 20.0


def probabilities(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    """The softmax of logits (N, classes) divided by a temperature: (N, classes), rows sum to 1."""
    scaled = np.asarray(logits, np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def negative_log_likelihood(proba: NDArray[np.float64], labels: NDArray[np.int64], label_errors: float = 0.0) -> float:
    """Mean of -log p of the label; proba (N, classes), labels (N,).

    ``label_errors`` is the share of labels that an annotator gives differently: the expected value for such labels,
    every other class being equally likely.
    """
    logs = -np.log(np.maximum(proba, 1e-12))
    return float((_label_shares(labels, proba.shape[1], label_errors) * logs).sum(axis=1).mean())


def expected_calibration_error(
    proba: NDArray[np.float64], labels: NDArray[np.int64], label_errors: float = 0.0
) -> float:
    """The difference between confidence and accuracy, 0..1: its mean over 10 equal bins of confidence, by their clips.

    Guo et al. 2017, equation 3; the upper end of a bin belongs to it. With few clips it is not near 0 even where the
    probabilities are right: about .06 for 150 clips. ``label_errors`` as in ``negative_log_likelihood``.
    """
    shares = _label_shares(labels, proba.shape[1], label_errors)
    confidence, right = proba.max(axis=1), shares[np.arange(len(labels)), proba.argmax(axis=1)]
    bins = np.ceil(confidence * BINS)
    gaps = [
        abs(confidence[bins == each].mean() - right[bins == each].mean()) * (bins == each).mean() for each in set(bins)
    ]
    return float(sum(gaps))


def fit_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64], label_errors: float = 0.0) -> float:
    """The temperature with the least negative log-likelihood on logits (N, classes) and labels (N,)."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_t: negative_log_likelihood(probabilities(logits, float(np.exp(log_t))), labels, label_errors),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
    )
    return float(np.exp(found.x))


def _label_shares(labels: NDArray[np.int64], classes: int, label_errors: float) -> NDArray[np.float64]:
    """How often each class is the label of each clip (N, classes), if a share of the labels is given differently."""
    shares = np.full((len(labels), classes), label_errors / (classes - 1))
    shares[np.arange(len(labels)), labels] = 1 - label_errors
    return shares
