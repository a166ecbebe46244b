"""Which spotted intervals hit which true ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEAST_IOU = 0.5

Hit = tuple[int, int]


def iou(truth: ArrayLike, spotted: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union, in frames, of intervals (n, 2) and (m, 2), first and last frame included: (n, m)."""
    one = np.asarray(truth, float).reshape(-1, 1, 2)
    other = np.asarray(spotted, float).reshape(1, -1, 2)
    shared = np.minimum(one[..., 1], other[..., 1]) - np.maximum(one[..., 0], other[..., 0]) + 1
    shared = np.maximum(shared, 0)
    lengths = (one[..., 1] - one[..., 0] + 1) + (other[..., 1] - other[..., 0] + 1)
    return np.asarray(shared / (lengths - shared))


def match(truth: ArrayLike, spotted: ArrayLike) -> list[Hit]:
    """Pairs (row of truth, row of spotted) of intervals (n, 2) that hit each other, the best overlaps first.

    No row is used twice. If neither table overlaps itself, the order makes no difference at 0.5: an interval covers at
    least half of two others only if they are its two halves.
    """
    return match_overlaps(iou(truth, spotted), LEAST_IOU)


def match_overlaps(overlaps: NDArray[np.float64], least: float) -> list[Hit]:
    """The pairs of ``match`` from the intersections over union of all pairs, (n, m)."""
    rows, columns = np.nonzero(overlaps >= least)
    order = np.lexsort((columns, rows, -overlaps[rows, columns]))
    hits: dict[int, int] = {}
    taken: set[int] = set()
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in hits and column not in taken:
            hits[row] = column
            taken.add(column)
    return list(hits.items())
