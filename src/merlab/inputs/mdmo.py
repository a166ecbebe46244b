"""MDMO: the main directional mean optical flow of 36 facial regions.

Liu, Zhang, Yan, Wang, Zhao and Fu, "A Main Directional Mean Optical-flow Feature for Spontaneous Micro-expression
Recognition", IEEE Transactions on Affective Computing 7(4), 2016.

Published: 36 regions of interest, some of them chosen by action units. In each region, the flow vectors from the first
frame to every later frame are sorted into 8 direction bins, and the mean of the fullest bin is the movement of the
region. The movements are averaged over time and given in polar coordinates: 36 x 2 = 72 numbers, magnitudes relative to
the largest. Assumed: vectors are averaged over time, because angles cannot be averaged across the jump from pi to -pi;
angles are given as multiples of pi, so that both halves of the vector have the same range. Not reproduced: the robust
flow (DIS by default) and the flow-driven alignment of frames. The paper's regions depend on 66 landmarks and are not
published as numbers; the 36 regions here are merlab's own approximation, a template on the layout of CASME II's crops.
It leaves out the eyes, because blinks are not expressions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from merlab.clips import Clip
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Float32Array, Frames
from merlab.inputs.flow_sequence import flows_from_onset, frames_at_equal_times, frames_to_read
from merlab.inputs.images import require_frames
from merlab.inputs.magnification import MAGNIFICATIONS
from merlab.inputs.recipe import InputKind, Recipe
from merlab.inputs.sequences import onset_to_offset
from merlab.optical_flow import ALGORITHMS

DIRECTIONS = 8
# Pixels of the 231 x 282 layout: forehead and inner brows, brows, lower lids, cheeks and nose, mouth, chin.
ROWS = ((12, 38), (38, 62), (92, 124), (124, 160), (164, 204), (204, 264))
COLUMNS = ((19, 51), (51, 83), (83, 115), (115, 147), (147, 179), (179, 211))
REGIONS = tuple((left, top, right, bottom) for top, bottom in ROWS for left, right in COLUMNS)


def main_movement(flow: Float32Array) -> NDArray[np.float64]:
    """The movement (u, v) of a region with flow (H, W, 2): the mean vector in the fullest of 8 direction bins, pixels.

    The first bin starts at the direction to the right, and the next bins follow towards down. If several bins are
    equally full, the first one counts.
    """
    vectors = flow.reshape(-1, 2).astype(np.float64)
    turn = np.arctan2(vectors[:, 1], vectors[:, 0]) / (2 * np.pi) % 1
    bins = (turn * DIRECTIONS).astype(int) % DIRECTIONS
    fullest = np.bincount(bins, minlength=DIRECTIONS).argmax()
    return np.asarray(vectors[bins == fullest].mean(axis=0), np.float64)


def region_movements(flow: Float32Array) -> NDArray[np.float64]:
    """The main movement of each region, (36, 2) pixels, of the flow (H, W, 2) of a face."""
    height, width = flow.shape[:2]
    scale = np.array([width / LAYOUT_WIDTH, height / LAYOUT_HEIGHT] * 2)
    boxes = np.rint(np.array(REGIONS) * scale).astype(int)
    return np.stack(
        [
            main_movement(flow[top : max(bottom, top + 1), left : max(right, left + 1)])
            for left, top, right, bottom in boxes
        ]
    )


def polar(movements: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors (36, 2) as 72 numbers: magnitudes relative to the largest, then angles as multiples of pi (-1..1)."""
    magnitudes = np.hypot(movements[:, 0], movements[:, 1])
    angles = np.arctan2(movements[:, 1], movements[:, 0]) / np.pi
    return np.concatenate([magnitudes / max(magnitudes.max(), 1e-9), angles])


def _chosen(clip: Clip, recipe: Recipe) -> list[int]:
    return onset_to_offset(clip) if recipe["frames"] == "all" else frames_at_equal_times(clip, int(recipe["frames"]))


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    frames = require_frames(clip, frames)
    flows = flows_from_onset(clip, frames, recipe, _chosen(clip, recipe), f"{recipe.width}x{recipe.height}")
    movements = [region_movements(flow) for flow in flows] or [np.zeros((len(REGIONS), 2))]
    return polar(np.mean(movements, axis=0)).astype(np.float32).reshape(-1, 1, 1)


MDMO = InputKind(
    name="mdmo",
    title="main directional mean flow of 36 regions, a vector",
    version=1,
    size=f"{LAYOUT_WIDTH}x{LAYOUT_HEIGHT}",
    choices={"frames": ("all", "10", "16", "32"), "algorithm": tuple(ALGORITHMS), "magnify": tuple(MAGNIFICATIONS)},
    channels=lambda recipe: 2 * len(REGIONS),
    frames_needed=lambda clip, recipe: frames_to_read(clip, recipe, _chosen(clip, recipe)),
    extract=_extract,
    layout="vector",
)
