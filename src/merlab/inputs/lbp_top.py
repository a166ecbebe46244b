"""LBP-TOP: histograms of local binary patterns on the three orthogonal planes of a clip.

Zhao and Pietikäinen, "Dynamic Texture Recognition Using Local Binary Patterns with an Application to Facial
Expressions", TPAMI 29(6), 2007; the baseline of CASME II (Yan et al., PLoS ONE 9(1), 2014).

Published: 8 neighbors on a circle (an ellipse if the radii of the two axes differ), read by bilinear interpolation. A
neighbor sets its bit if it is not darker than the center. Uniform patterns u2: 58 codes with at most two changes around
the circle have their own bins, all other codes share one bin. One histogram per block and plane (XY, XT, YT),
normalized to the sum 1. Assumed: only centers whose neighbors are inside the clip on all three planes are counted.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from merlab.clips import Clip
from merlab.errors import MerlabError
from merlab.frames import Float32Array, Frames
from merlab.inputs.magnification import MAGNIFICATIONS
from merlab.inputs.recipe import InputKind, Recipe
from merlab.inputs.sequences import interpolated, whole_movement
from merlab.inputs.temporal import INTERPOLATIONS

NEIGHBORS = 8
BINS = 59
# The two axes of each plane in a volume (T, H, W); the sine of the neighbor's angle is along the first axis, the cosine
# along the second.
PLANES = {"XY": (1, 2), "XT": (0, 2), "YT": (0, 1)}
# A neighbor equal to the center sets its bit; interpolation of equal values gives rounding errors of this size.
ROUNDING = 1e-5

Triple = tuple[int, int, int]


@cache
def uniform_bins() -> NDArray[np.uint8]:
    """The bin (0..58) of each of the 256 codes; all codes that are not uniform share bin 58."""
    bits = np.arange(256)[:, None] >> np.arange(NEIGHBORS) & 1
    uniform = (bits != np.roll(bits, 1, axis=1)).sum(axis=1) <= 2
    bins = np.full(256, BINS - 1, np.uint8)
    bins[uniform] = np.arange(uniform.sum())
    return bins


def codes(volume: Float32Array, plane: str, radii: Triple) -> NDArray[np.uint8]:
    """Codes (0..255) of a volume (T, H, W) on a plane, at every center at least ``radii`` (T, H, W) from its ends."""
    first, second = PLANES[plane]
    center = _shifted(volume, radii, (0, 0, 0))
    found = np.zeros(center.shape, np.uint8)
    for neighbor in range(NEIGHBORS):
        angle = 2 * np.pi * neighbor / NEIGHBORS
        offset = [0.0, 0.0, 0.0]
        offset[first] = -round(radii[first] * np.sin(angle), 5)
        offset[second] = round(radii[second] * np.cos(angle), 5)
        found |= (_read(volume, radii, offset) - center >= -ROUNDING).astype(np.uint8) << neighbor
    return found


def histograms(volume: Float32Array, blocks: Triple, radii: Triple) -> NDArray[np.float64]:
    """Normalized histograms (blocks, planes, 59) of a volume (T, H, W) divided into ``blocks`` (T, H, W).

    Raises MerlabError if the volume is so small that a block has no center.
    """
    inside = [side - 2 * radius for side, radius in zip(volume.shape, radii, strict=True)]
    if any(length < count for length, count in zip(inside, blocks, strict=True)):
        raise MerlabError(
            f"LBP-TOP with {blocks} blocks and radii {radii} (time, height, width) needs a larger volume than "
            f"{volume.shape}; choose a larger size, more frames, fewer blocks or smaller radii"
        )
    along = [np.arange(length) * count // length for length, count in zip(inside, blocks, strict=True)]
    block = (along[0][:, None, None] * blocks[1] + along[1][:, None]) * blocks[2] + along[2]
    total = int(np.prod(blocks))
    counts = [
        np.bincount((block * BINS + uniform_bins()[codes(volume, plane, radii)]).ravel(), minlength=total * BINS)
        for plane in PLANES
    ]
    stacked = np.stack(counts).reshape(len(PLANES), total, BINS).transpose(1, 0, 2)
    return np.asarray(stacked / stacked.sum(axis=2, keepdims=True), np.float64)


def _read(volume: Float32Array, margins: Triple, offset: list[float]) -> Float32Array:
    """The values of the volume at every center plus an offset, by linear interpolation along each axis."""
    lower = np.floor(offset).astype(int)
    fraction = np.asarray(offset) - lower
    total = np.zeros((), np.float32)
    for corner in product((0, 1), repeat=3):
        weight = np.prod(np.where(corner, fraction, 1 - fraction))
        if weight > 0:
            shift = (int(lower[0]) + corner[0], int(lower[1]) + corner[1], int(lower[2]) + corner[2])
            total = total + np.float32(weight) * _shifted(volume, margins, shift)
    return np.asarray(total, np.float32)


def _shifted(volume: Float32Array, margins: Triple, shift: Triple) -> Float32Array:
    """The volume without its margins, read at positions moved by ``shift``."""
    return volume[
        tuple(
            slice(margin + by, side - margin + by)
            for side, margin, by in zip(volume.shape, margins, shift, strict=True)
        )
    ]


def grid_of(recipe: Recipe) -> tuple[int, int]:
    """Rows and columns of blocks that a recipe states as ``COLUMNSxROWS``."""
    columns, rows = map(int, recipe["blocks"].split("x"))
    return rows, columns


def _triple(text: str) -> Triple:
    """``WxHxT`` as (T, H, W)."""
    width, height, time = map(int, text.split("x"))
    return time, height, width


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    volume = interpolated(clip, frames, recipe, "gray")[:, 0]
    return histograms(volume, _triple(recipe["blocks"]), _triple(recipe["radii"])).astype(np.float32).reshape(-1, 1, 1)


LBP_TOP = InputKind(
    name="lbp-top",
    title="LBP-TOP: pattern histograms on three planes, a vector",
    version=1,
    size="231x282",
    choices={
        "blocks": ("5x5x1", "8x8x1", "8x8x2"),
        "radii": ("1x1x4", "1x1x2", "2x2x2", "3x3x3"),
        "frames": ("10", "16", "32", "64"),
        "interpolation": tuple(INTERPOLATIONS),
        "magnify": tuple(MAGNIFICATIONS),
    },
    channels=lambda recipe: int(np.prod(_triple(recipe["blocks"]))) * len(PLANES) * BINS,
    frames_needed=whole_movement,
    extract=_extract,
    layout="vector",
)
