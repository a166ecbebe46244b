"""Matched filters for action units: how far a face moves as one of them moves it.

A weak movement that is spread over many blocks is lost in each of them, and visible in all of them together. Each
filter is the linear combination of the displacements of the blocks in which the movement of one action unit is largest
in relation to what this face does all the time (Fisher's linear discriminant). The movements of the units are those of
merlab's synthetic face of average proportions, so no annotated face was used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.spotting.motion import usable_blocks, without_head
from merlab.spotting.over_blocks import median_of_frames
from merlab.spotting.unit_blocks import unit_blocks

# The covariance of the blocks is estimated from few independent frames: this share of it is that of independent blocks.
# Where less than ENOUGH seconds of a face were seen, frames are fewer, and it is larger.
SHRINKAGE, ENOUGH = 0.5, 20.0
MEDIAN_TO_DEVIATION = 1.4826


@dataclass(frozen=True, eq=False)
class UnitFilters:
    """The filters of all units in n frames.

    ``before`` and ``after`` (n, units) are the responses to the displacement from the earlier and from the later face,
    in units of noise: 1 is the usual movement. ``weights`` (units, ROWS, COLUMNS, 2) give the response to a
    displacement in px.
    """

    before: Float32Array
    after: Float32Array
    weights: Float32Array


def unit_filters(
    before: Float32Array,
    after: Float32Array,
    noise: Float32Array,
    calm: NDArray[np.bool_],
    *,
    least_noise: float,
    seconds: float,
) -> UnitFilters:
    """The filters for displacements (n, ROWS, COLUMNS, 2) px from the earlier and from the later face.

    ``noise`` (ROWS, COLUMNS) px is that of each block, ``least_noise`` the smallest one. The frames ``calm`` (n,) show
    which blocks move together where nothing happens; all n last ``seconds``.
    """
    shrinkage = max(SHRINKAGE, ENOUGH / (ENOUGH + seconds))
    usable = usable_blocks()
    deviation = np.repeat(noise[usable], 2).astype(np.float64)
    earlier, later = (change[:, usable].reshape(len(change), -1) for change in (before, after))
    usual = (earlier[calm] + later[calm]) / (2 * deviation)
    covariance = (1 - shrinkage) * usual.T @ usual / max(1, len(usual)) + shrinkage * np.eye(len(deviation))
    units = unit_movements()[:, usable].reshape(len(unit_movements()), -1)
    filters = np.linalg.solve(covariance, (units / deviation).T) / deviation[:, None]
    usual_response = MEDIAN_TO_DEVIATION * median_of_frames(np.abs((earlier + later) / 2 @ filters))
    filters /= np.maximum(usual_response, least_noise * np.linalg.norm(filters, axis=0))
    weights = np.zeros((len(units), *usable.shape, 2), np.float32)
    weights[:, usable] = filters.T.reshape(len(units), -1, 2)
    single = filters.astype(np.float32)
    return UnitFilters(earlier @ single, later @ single, weights)


@cache
def unit_movements() -> Float32Array:
    """How units move the blocks, (units, ROWS, COLUMNS, 2): of units with two sides, each side and both together."""
    sides = {key: without_head(moved) for key, moved in unit_blocks().items()}
    both = [right + sides[key.replace("r", "l")] for key, right in sides.items() if key.endswith("r")]
    return np.stack([*sides.values(), *both])
