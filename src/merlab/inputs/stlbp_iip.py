"""STLBP-IIP: local binary patterns of the integral projections of what moves, as shape and as motion texture.

Huang, Wang, Liu, Zhao, Feng and Pietikäinen, "Discriminative Spatiotemporal Local Binary Pattern with Revisited
Integral Projection for Spontaneous Facial Micro-Expression Recognition", IEEE Transactions on Affective Computing
10(1), 2019, arXiv:1608.02255 (there "with an Improved Integral Projection"). This is its descriptor; the selection of
groups and the classifier are the method ``distlbp-iip``.

Published: robust PCA divides the clip, one column per frame, into a part of low rank and a sparse one; the sparse part
keeps the movement. In each block of the face, the sparse frames are summed along rows and along columns (integral
projections). A one-dimensional local binary pattern with a mask of W = 9 gives a histogram of 256 bins for either
projection: the shape. The projections of all frames, one above the other, are an XT and a YT image, with a histogram of
59 uniform patterns for either: the motion texture. Assumed: 5 x 5 blocks and 10 interpolated frames; means instead of
sums, so that the numbers do not depend on the size; the weight of robust PCA, 1 / sqrt(larger side), as in its own
paper; the histograms of all frames of a block are added; a radius of 1 for the uniform patterns; each histogram is
normalized to the sum 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from merlab.clips import Clip
from merlab.errors import MerlabError
from merlab.frames import Float32Array, Frames
from merlab.inputs.lbp_top import BINS as TEXTURE_BINS
from merlab.inputs.lbp_top import codes, grid_of, uniform_bins
from merlab.inputs.magnification import MAGNIFICATIONS
from merlab.inputs.recipe import InputKind, Recipe
from merlab.inputs.robust_pca import robust_pca
from merlab.inputs.sequences import interpolated, whole_movement
from merlab.inputs.temporal import INTERPOLATIONS

# A neighbor equal to the center sets its bit; sums of equal values give rounding errors of this size.
ROUNDING = 1e-6


def histogram_sizes(mask: int) -> tuple[int, int, int, int]:
    """The bins of the four histograms of a block: shape along y and along x, motion texture YT and XT."""
    shape: int = 2 ** (mask - 1)
    return shape, shape, TEXTURE_BINS, TEXTURE_BINS


def projections(images: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The integral projections of images (T, H, W): means over rows' pixels (T, H) and over columns' pixels (T, W)."""
    return np.asarray(images.mean(axis=2), np.float64), np.asarray(images.mean(axis=1), np.float64)


def line_codes(lines: NDArray[np.float64], mask: int) -> NDArray[np.int64]:
    """One-dimensional local binary patterns of lines (T, n): codes (T, n - mask + 1) from 0 to 2^(mask - 1) - 1.

    The bits are the mask - 1 neighbors from left to right, set where a neighbor is not below the center.
    """
    half, length = mask // 2, lines.shape[1]
    center = lines[:, half : length - half]
    found = np.zeros(center.shape, np.int64)
    offsets = [offset for offset in range(-half, half + 1) if offset]
    for bit, offset in enumerate(offsets):
        neighbor = lines[:, half + offset : length - half + offset]
        found |= (neighbor - center >= -ROUNDING).astype(np.int64) << bit
    return found


def block_histograms(block: NDArray[np.floating], mask: int) -> NDArray[np.float64]:
    """The four histograms of one block (T, h, w) of the sparse frames, one after another; each sums to 1."""
    lines = projections(block)
    shape = [np.bincount(line_codes(each, mask).ravel(), minlength=2 ** (mask - 1)) for each in lines]
    texture = [
        np.bincount(uniform_bins()[_texture_codes(each)].ravel(), minlength=TEXTURE_BINS).astype(np.int64)
        for each in lines
    ]
    return np.concatenate([counts / counts.sum() for counts in (*shape, *texture)])


def _texture_codes(image: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The codes of an image (T, n) of one projection over time, at a radius of 1."""
    return codes(image.astype(np.float32)[None], "XY", (0, 1, 1))


def stlbp_iip(volume: Float32Array, blocks: tuple[int, int], mask: int) -> NDArray[np.float64]:
    """The descriptor (blocks, numbers) of a clip (T, H, W), divided into ``blocks`` (rows, columns), row by row.

    Raises MerlabError if a block is smaller than the mask.
    """
    _, height, width = volume.shape
    if height // blocks[0] < mask or width // blocks[1] < mask:
        raise MerlabError(
            f"stlbp-iip with {blocks[1]}x{blocks[0]} blocks needs blocks of at least {mask} pixels, and frames of "
            f"{width}x{height} give smaller ones; choose a larger size, fewer blocks or a smaller mask"
        )
    columns = volume.reshape(len(volume), -1).T.astype(np.float64)
    moving = robust_pca(columns)[1].T.reshape(volume.shape)
    return np.stack(
        [
            block_histograms(block, mask)
            for row in np.array_split(moving, blocks[0], axis=1)
            for block in np.array_split(row, blocks[1], axis=2)
        ]
    )


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    volume = interpolated(clip, frames, recipe, "gray")[:, 0]
    return stlbp_iip(volume, grid_of(recipe), int(recipe["mask"])).astype(np.float32).reshape(-1, 1, 1)


STLBP_IIP = InputKind(
    name="stlbp-iip",
    title="STLBP-IIP: patterns of integral projections of what moves, a vector",
    version=1,
    size="231x282",
    choices={
        "blocks": ("5x5", "4x4", "8x8"),
        "mask": ("9", "7", "5"),
        "frames": ("10", "16", "32"),
        "interpolation": tuple(INTERPOLATIONS),
        "magnify": tuple(MAGNIFICATIONS),
    },
    channels=lambda recipe: int(np.prod(grid_of(recipe))) * sum(histogram_sizes(int(recipe["mask"]))),
    frames_needed=whole_movement,
    extract=_extract,
    layout="vector",
)
