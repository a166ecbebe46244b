"""The action units that the movement in each frame is consistent with.

The fit is that of ``movement.explaining_units``, for every frame of a track. Because it is done for every frame, it is
reduced first: with templates A = Q R, the least squares of A x = b are those of R x = Q'b, which has a twelfth of the
rows.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.videos.evidence.movement import LEAST_EXPLAINED, blinks, fitted_blocks, unit_templates

# px; a unit that explains less in a frame has 0 there.
LEAST_EVIDENCE = 0.05

Array = NDArray[np.float64]


def frame_units(moved: Float32Array, keys: tuple[str, ...]) -> Array:
    """The largest displacement that each unit explains in each frame, px, (n, keys).

    ``moved`` (n, ROWS, COLUMNS, 2) is the displacement of the blocks in n frames; ``keys`` are units with their sides,
    ``12l``. 0 where the units together explain less than LEAST_EXPLAINED of the movement. NaN for units that move
    little but the lids, in frames where the lids move as in a blink.
    """
    strengths = np.full((len(moved), len(keys)), np.nan)
    blinking = np.array([blinks(blocks) for blocks in moved], bool)
    for state in (False, True):
        frames = np.flatnonzero(blinking == state)
        if len(frames):
            names, fitted = _fitted(moved[frames], state)
            places = np.array([keys.index(name) for name in names])
            strengths[np.ix_(frames, places)] = fitted
    return strengths


def _fitted(moved: Float32Array, blinking: bool) -> tuple[tuple[str, ...], Array]:
    """The units that can be seen, and the px of each in each frame."""
    from scipy.optimize import nnls

    names, basis, small = _reduced(blinking)
    observed = moved[:, fitted_blocks(blinking)].reshape(len(moved), -1).astype(np.float64)
    # Not by a matrix product, whose last digits may depend on the number of threads.
    inside = np.einsum("nk,kj->nj", observed, basis)
    energy = np.einsum("nk,nk->n", observed, observed)
    outside = np.maximum(energy - np.einsum("nj,nj->n", inside, inside), 0)
    strengths = np.zeros((len(moved), len(names)))
    for at, right in enumerate(inside):
        solution, residual = nnls(small, right)
        if energy[at] - residual**2 - outside[at] >= LEAST_EXPLAINED * energy[at]:
            strengths[at] = solution
    strengths[strengths < LEAST_EVIDENCE] = 0
    return names, strengths


@cache
def _reduced(blinking: bool) -> tuple[tuple[str, ...], Array, Array]:
    """The names of the units, and the templates as an orthonormal basis (2 blocks, units) and a small square matrix."""
    templates = unit_templates(blinking)
    basis, small = np.linalg.qr(np.stack(list(templates.values()), axis=1))
    return tuple(templates), basis, small
