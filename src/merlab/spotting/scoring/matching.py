"""Which spotted intervals hit which true ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEAST_IOU = 0.5
BLOCK = 256

Hit = tuple[int, int]


def iou(truth: ArrayLike, spotted: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union, in frames, of intervals (n, 2) and (m, 2), first and last frame included: (n, m)."""
    one = np.asarray(truth, float).reshape(-1, 1, 2)
    other = np.asarray(spotted, float).reshape(1, -1, 2)
    shared = np.minimum(one[..., 1], other[..., 1]) - np.maximum(one[..., 0], other[..., 0]) + 1
    shared = np.maximum(shared, 0)
    lengths = (one[..., 1] - one[..., 0] + 1) + (other[..., 1] - other[..., 0] + 1)
    return np.asarray(shared / (lengths - shared))


class Overlaps(NamedTuple):
    """Pairs of intervals that have a frame in common: the row of each in its table, and the IoU; (pairs,) each.

    They are in the order of time, first that of the true intervals, then that of the spotted ones.
    """

    truth: NDArray[np.int64]
    spotted: NDArray[np.int64]
    iou: NDArray[np.float64]

    def of(self, least: float) -> Overlaps:
        """Those with an IoU of ``least`` or more."""
        kept = self.iou >= least
        return Overlaps(self.truth[kept], self.spotted[kept], self.iou[kept])


def overlapping(truth: ArrayLike, spotted: ArrayLike) -> Overlaps:
    """The pairs of intervals (n, 2) and (m, 2) with a frame in common.

    Rows of truth are compared in blocks, in the order of time: all pairs of large tables would not fit in memory.
    """
    true, found = (np.asarray(each, float).reshape(-1, 2) for each in (truth, spotted))
    in_time, order = (np.lexsort((each[:, 1], each[:, 0])) for each in (true, found))
    onsets, longest = found[order, 0], np.ptp(found, axis=1).max(initial=0)
    pairs = [Overlaps(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for begin in range(0, len(true), BLOCK):
        rows = in_time[begin : begin + BLOCK]
        first, last = np.searchsorted(onsets, [true[rows, 0].min() - longest - 1, true[rows, 1].max() + 1])
        columns = order[first:last]
        overlaps = iou(true[rows], found[columns])
        row, column = np.nonzero(overlaps)
        pairs.append(Overlaps(rows[row], columns[column], overlaps[row, column]))
    true_rows, found_rows, values = zip(*pairs, strict=True)
    return Overlaps(np.concatenate(true_rows), np.concatenate(found_rows), np.concatenate(values))


def match(truth: ArrayLike, spotted: ArrayLike) -> list[Hit]:
    """Pairs (row of truth, row of spotted) of intervals (n, 2) that hit each other, the best overlaps first.

    Of equal overlaps, the earlier is taken, whatever the order of the rows. No row is used twice. If neither table
    overlaps itself, the order makes no difference to the number of hits at 0.5: an interval covers at least half of two
    others only if they are its two halves.
    """
    return match_overlaps(overlapping(truth, spotted), LEAST_IOU)


def match_overlaps(overlaps: Overlaps, least: float) -> list[Hit]:
    """The pairs of ``match`` from all pairs that overlap."""
    rows, columns, values = overlaps.of(least)
    order = np.argsort(-values, kind="stable")
    hits: dict[int, int] = {}
    taken: set[int] = set()
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in hits and column not in taken:
            hits[row] = column
            taken.add(column)
    return list(hits.items())
