"""A method of your own whose answer for a clip depends on the clips that are tested together with it."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array

# Probabilities that differ by less are the same: sums over more clips may have another order.
TOLERANCE = 1e-3


def warn_of_company(
    name: str, predict_proba: Callable[[Float32Array], object], test: Float32Array, given: NDArray[np.float64]
) -> None:
    """Warn where, among its copies, the first of the test inputs (N, ...) gets other probabilities than ``given``.

    There are N copies, so that random numbers with a fixed seed are the same. A method that differs from itself when
    it is asked twice draws others, and is not warned of.
    """
    copies = np.repeat(test[:1], len(test), axis=0)
    if _agrees(predict_proba, copies, given[:1]) or not _agrees(predict_proba, test, given):
        return
    warnings.warn(
        f"the probabilities that method {name} gives a test clip depend on the other test clips, as where it is "
        "normalized by them: its results are not those for a single clip; use only what fit learned from the training "
        "clips",
        stacklevel=4,
    )


def _agrees(predict_proba: Callable[[Float32Array], object], inputs: Float32Array, given: NDArray[np.float64]) -> bool:
    """Whether the first of these inputs get the probabilities ``given``; where it fails, they do not."""
    try:
        values = np.asarray(predict_proba(inputs), np.float64)
    except (Exception, SystemExit):
        return False
    if values.shape != (len(inputs), given.shape[1]):
        return False
    return bool(np.allclose(values[: len(given)], given, rtol=0, atol=TOLERANCE))
