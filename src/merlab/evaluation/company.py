"""A method of your own whose answer for a clip depends on the clips that are tested together with it."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array

# Probabilities that differ by less are the same: sums over more clips may have another order.
TOLERANCE = 1e-3


def half_of(clips: NDArray[np.int64], turn: int) -> NDArray[np.bool_]:
    """Half of the clips with these numbers from 0, as a mask.

    It is every second clip at turn 0, every second pair of them at turn 1, every second four, and so on, and then
    every second clip again. So the turns set any two clips apart.
    """
    turns = max(int(clips.max()).bit_length(), 1)
    return np.asarray((clips >> (turn % turns)) & 1, np.bool_)


def warn_of_company(
    name: str,
    predict_proba: Callable[[Float32Array], object],
    test: Float32Array,
    half: NDArray[np.bool_],
    given: NDArray[np.float64],
) -> None:
    """Warn where test inputs (N, ...) get other probabilities than ``given`` (N, classes) in other company.

    The half of them in the mask ``half`` (N,) keep their places among copies of one of them, and then the other half.
    There are N inputs each time, so that random numbers that start from the same state are the same. A method that
    differs from itself when it is asked twice draws others, and is not warned of. A single clip has no company.
    """
    if half.all() or not half.any():
        return
    if all(_agrees(predict_proba, test, kept, given) for kept in (half, ~half)):
        return
    if not _agrees(predict_proba, test, np.ones_like(half), given):
        return
    warnings.warn(
        f"the probabilities that method {name} gives a test clip depend on the other test clips, as where it is "
        "normalized by them: its results are not those for a single clip; use only what fit learned from the training "
        "clips",
        stacklevel=4,
    )


def _agrees(
    predict_proba: Callable[[Float32Array], object],
    test: Float32Array,
    kept: NDArray[np.bool_],
    given: NDArray[np.float64],
) -> bool:
    """Whether inputs get the probabilities ``given`` where the others are copies of the first kept one.

    Where the method fails, they do not.
    """
    inputs = test.copy()
    inputs[~kept] = test[kept][0]
    try:
        values = np.asarray(predict_proba(inputs), np.float64)
    except (Exception, SystemExit):
        return False
    return values.shape == given.shape and np.allclose(values[kept], given[kept], rtol=0, atol=TOLERANCE)
