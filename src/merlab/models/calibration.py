"""How sure a network may say it is: one temperature, fitted on subjects that it was not trained on.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017: all logits are divided by one
number, which changes no decision and makes the probabilities as right as they say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

BINS = 10
COLDEST, HOTTEST = 0.05, 20.0


def probabilities(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    """Softmax of logits (N, classes) over a temperature: (N, classes), rows sum to 1."""
    scaled = np.asarray(logits, np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def negative_log_likelihood(proba: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Mean of -log p of the true class; proba (N, classes), labels (N,)."""
    return float(-np.log(np.maximum(proba[np.arange(len(labels)), labels], 1e-12)).mean())


def expected_calibration_error(proba: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """How far confidence and accuracy lie apart, 0..1: mean over 10 equal bins of confidence, weighed by their clips.

    Guo et al. 2017, equation 3.
    """
    confidence, right = proba.max(axis=1), proba.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(confidence[bins == each].mean() - right[bins == each].mean()) * (bins == each).mean() for each in set(bins)
    ]
    return float(sum(gaps))


def fit_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The temperature of the least negative log-likelihood on logits (N, classes) and labels (N,)."""
    found = minimize_scalar(
        lambda log_t: negative_log_likelihood(probabilities(logits, float(np.exp(log_t))), labels),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
    )
    return float(np.exp(found.x))
