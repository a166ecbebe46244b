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
    """Warn where the method gives the first of the test inputs (N, ...) other probabilities alone than ``given``.

    A method that differs from itself when it is asked twice draws random numbers, and is not warned of.
    """
    if len(test) < 2 or _agrees(predict_proba, test[:1], given[:1]) or not _agrees(predict_proba, test, given):
        return
    warnings.warn(
        f"method {name} gives a test clip other probabilities alone than together with the other test clips, as where "
        "it is normalized by them: its results are not those for a single clip; use only what fit learned from the "
        "training clips",
        stacklevel=4,
    )


def _agrees(predict_proba: Callable[[Float32Array], object], inputs: Float32Array, given: NDArray[np.float64]) -> bool:
    """Whether it gives these probabilities for these inputs; what fails for one clip alone does not."""
    try:
        values = np.asarray(predict_proba(inputs), np.float64)
    except (Exception, SystemExit):
        return False
    return values.shape == given.shape and bool(np.allclose(values, given, rtol=0, atol=TOLERANCE))
