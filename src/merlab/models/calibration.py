"""Calibrated probabilities: one temperature, fitted on subjects that the network was not trained on.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017: all logits are divided by one
number. This changes no decision, and brings the probabilities close to the share of right answers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

BINS = 10
COLDEST, HOTTEST = 0.05, 20.0


def probabilities(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    """The softmax of logits (N, classes) divided by a temperature: (N, classes), rows sum to 1."""
    scaled = np.asarray(logits, np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def negative_log_likelihood(proba: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Mean of -log p of the true class; proba (N, classes), labels (N,)."""
    return float(-np.log(np.maximum(proba[np.arange(len(labels)), labels], 1e-12)).mean())


def expected_calibration_error(proba: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The difference between confidence and accuracy, 0..1: its mean over 10 equal bins of confidence, by their clips.

    Guo et al. 2017, equation 3.
    """
    confidence, right = proba.max(axis=1), proba.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(confidence[bins == each].mean() - right[bins == each].mean()) * (bins == each).mean() for each in set(bins)
    ]
    return float(sum(gaps))


def fit_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The temperature with the least negative log-likelihood on logits (N, classes) and labels (N,)."""
    found = minimize_scalar(
        lambda log_t: negative_log_likelihood(probabilities(logits, float(np.exp(log_t))), labels),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
    )
    return float(np.exp(found.x))
