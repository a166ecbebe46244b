"""LBP-TOP and histograms of oriented optical flow (HOOF) of the same blocks of a face: two groups of features.

LBP-TOP is that of the input ``lbp-top`` (Zhao and Pietikäinen, TPAMI 29(6), 2007). HOOF: Chaudhry, Ravichandran, Hager
and Vidal, "Histograms of Oriented Optical Flow and Binet-Cauchy Kernels on Nonlinear Dynamical Systems for the
Recognition of Human Actions", CVPR 2009: the directions of the flow, each weighted by its magnitude.

Differs from Chaudhry et al.: 8 bins over the full circle, because movements to the left and to the right are different
on one side of a face; flow from the onset to T later frames, all in one histogram; the histograms of all blocks
together sum to 1, so that the share of a block in the movement is kept. A clip without movement has the shares 0.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from merlab.clips import Clip
from merlab.frames import Float32Array, Frames
from merlab.inputs.flow_sequence import flows_from_onset, frames_at_equal_times
from merlab.inputs.images import require_frames
from merlab.inputs.lbp_top import BINS, LBP_TOP, PLANES, grid_of, histograms
from merlab.inputs.recipe import InputKind, Recipe
from merlab.inputs.sequences import interpolated, whole_movement
from merlab.optical_flow import ALGORITHMS

DIRECTIONS = 8
TEXTURE_NUMBERS = len(PLANES) * BINS
SMALLEST = 1e-9


def hoof(flows: Iterable[Float32Array], blocks: tuple[int, int]) -> NDArray[np.float64]:
    """Shares (blocks, 8) of the magnitude of flows (H, W, 2), by block (rows, columns) and direction; they sum to 1.

    Bin 0 begins at the direction to the left, -180 degrees, and the next bins follow towards up.
    """
    total = np.zeros(blocks[0] * blocks[1] * DIRECTIONS)
    for flow in flows:
        rows, columns = (np.arange(side) * count // side for side, count in zip(flow.shape, blocks, strict=False))
        block = rows[:, None] * blocks[1] + columns
        turns = (np.arctan2(flow[..., 1], flow[..., 0]) + np.pi) / (2 * np.pi)
        direction = np.floor(turns * DIRECTIONS).astype(np.int64) % DIRECTIONS
        magnitude = np.hypot(flow[..., 0], flow[..., 1]).astype(np.float64)
        total += np.bincount((block * DIRECTIONS + direction).ravel(), magnitude.ravel(), len(total))
    return np.asarray((total / max(total.sum(), SMALLEST)).reshape(-1, DIRECTIONS), np.float64)


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    rows, columns = blocks = grid_of(recipe)
    width, height, time = map(int, recipe["radii"].split("x"))
    volume = interpolated(clip, frames, recipe, "gray")[:, 0]
    texture = histograms(volume, (1, rows, columns), (time, height, width))
    chosen = frames_at_equal_times(clip, int(recipe["frames"]))
    at = f"{recipe.width}x{recipe.height}"
    motion = hoof(flows_from_onset(clip, require_frames(clip, frames), recipe, chosen, at), blocks)
    return np.concatenate([texture.ravel(), motion.ravel()]).astype(np.float32).reshape(-1, 1, 1)


LBP_TOP_HOOF = InputKind(
    name="lbp-top-hoof",
    title="LBP-TOP and directions of flow of the same blocks, a vector",
    version=1,
    size="231x282",
    choices={
        "blocks": ("5x5", "8x8"),
        **{option: LBP_TOP.choices[option] for option in ("radii", "frames", "interpolation", "magnify")},
        "algorithm": tuple(ALGORITHMS),
    },
    channels=lambda recipe: int(np.prod(grid_of(recipe))) * (TEXTURE_NUMBERS + DIRECTIONS),
    frames_needed=whole_movement,
    extract=_extract,
    layout="vector",
)
