"""The blocks of a face that Li et al. (2017) and He et al. (2020) use: 6 x 6, the third that moves most counts."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from merlab.evaluation.metrics import Float64Array

SIDE = 6
LARGEST = SIDE * SIDE // 3


@cache
def block_of_pixels(height: int, width: int) -> NDArray[np.int_]:
    """The number of the block of each pixel, (height, width), row by row from 0; cannot be written to."""
    rows, columns = (np.arange(length) * SIDE // length for length in (height, width))
    blocks = np.asarray(rows[:, None] * SIDE + columns)
    blocks.flags.writeable = False
    return blocks


@cache
def pixels_of_blocks(height: int, width: int) -> tuple[NDArray[np.intp], ...]:
    """The positions of the pixels of each block in an image (height, width) that is flattened: 36 arrays."""
    blocks = block_of_pixels(height, width).ravel()
    return tuple(np.flatnonzero(blocks == number) for number in range(SIDE * SIDE))


def histograms(bins: NDArray[np.integer], count: int) -> Float64Array:
    """The histograms (36, count) of bins (H, W), 0..count-1, in each block, normalized to sum 1; empty ones are 0."""
    places = block_of_pixels(*bins.shape) * count + bins
    sums = np.bincount(places.ravel(), minlength=SIDE * SIDE * count).reshape(-1, count).astype(float)
    total = sums.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(sums, total, out=np.zeros_like(sums), where=total > 0))


def chi_square(one: NDArray[np.floating], other: NDArray[np.floating]) -> Float64Array:
    """The chi-square distance of histograms (..., bins): the sum of (a - b)² / (a + b) over bins that are not empty."""
    a, b = np.asarray(one, float), np.asarray(other, float)
    both = a + b
    terms = np.divide((a - b) ** 2, both, out=np.zeros_like(both), where=both > 0)
    return np.asarray(terms.sum(axis=-1))


def mean_of_largest(of_blocks: NDArray[np.floating]) -> Float64Array:
    """The mean of the largest third of the blocks, of values (n, 36): (n,)."""
    return np.asarray(np.sort(of_blocks, axis=-1)[..., -LARGEST:].mean(axis=-1))
