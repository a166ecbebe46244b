"""Where a recording is broken: nothing that a method spots may span it, or follow from it.

A break is a range of frames that show nothing, by position from 0; it is empty where time is missing before a frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from merlab.spotting.aligned_frames import damaged_runs


def breaks_of(lost: Iterable[int], step: int, gaps: Iterable[int]) -> tuple[range, ...]:
    """The breaks, from ``lost`` samples, each ``step`` frames after the one before, and ``gaps``."""
    runs = damaged_runs(lost, first=0)
    frames = [range((run.start - 1) * step, (run.stop - 2) * step + 1) for run in runs]
    inside = [range(gap, gap) for gap in gaps if not any(gap in run or gap == run.stop for run in frames)]
    return tuple(sorted([*frames, *inside], key=lambda each: each.start))


def in_samples(breaks: Iterable[range], step: int) -> list[range]:
    """The breaks by the positions of samples, each ``step`` frames after the one before."""
    return [range(-(-each.start // step), -(-each.stop // step)) for each in breaks]


def touches(begin: int, end: int, breaks: Iterable[range]) -> bool:
    """Whether the frames from position ``begin`` to ``end``, both included, have a part in a break or span one."""
    return any(begin < each.stop and end >= each.start for each in breaks)


def broken_values(count: int, reach: int, breaks: Sequence[range]) -> NDArray[np.bool_]:
    """Which of ``count`` values touch a break (count,): each depends on the sample of its position and ``reach`` more.

    ``breaks`` are those of samples.
    """
    broken = np.zeros(count, bool)
    for each in breaks:
        broken[max(0, each.start - reach) : max(0, each.stop)] = True
    return broken
