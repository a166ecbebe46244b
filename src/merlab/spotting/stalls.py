"""Stalls: for a while the picture stands still, as where a camera, a call or a program that copies a video hangs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict

from merlab.frames.clock import Clock
from merlab.spelling import counted, first_of, seconds_text

# In a stall, a face moves from frame to frame by less than this share of its usual step: where it is followed, its
# place settles for some frames. Shorter stalls are as long as what is spotted.
STILL, LEAST_SECONDS = 0.25, 0.5
MOST_NAMED = 3


class Stall(BaseModel):
    """The ``first`` and the ``last`` frame, by position from 1, that show the same picture."""

    model_config = ConfigDict(frozen=True)

    first: int
    last: int


def stalls_of(steps: ArrayLike, positions: ArrayLike, clock: Clock) -> tuple[Stall, ...]:
    """The stalls in the ``steps`` (n,) of a face, px; each leads to the frame at its one of the ``positions`` (n,).

    Empty where the face is still in most frames, as after compression that leaves no noise: that would tell nothing.
    """
    way, to = np.asarray(steps, np.float64), np.asarray(positions, np.int64)
    if not len(way):
        return ()
    moves = way >= STILL * np.median(way)
    # A run ends before a step that moves, and before a gap.
    ends = np.flatnonzero(moves | (np.diff(to, prepend=to[0] - 1) > 1))
    runs = [range(begin + moves[begin], end) for begin, end in pairwise([*sorted({0, *ends.tolist()}), len(way)])]
    found = [Stall(first=int(to[run[0]]) - 1, last=int(to[run[-1]])) for run in runs if run]
    return tuple(each for each in found if clock.seconds(each.last) - clock.seconds(each.first) >= LEAST_SECONDS)


def merged(stalls: Iterable[Stall]) -> list[Stall]:
    """The stalls in their order, those that overlap as one: several faces, or chunks of a video, show the same."""
    joined: list[Stall] = []
    for each in sorted(stalls, key=lambda stall: stall.first):
        if joined and each.first <= joined[-1].last:
            joined[-1] = Stall(first=joined[-1].first, last=max(joined[-1].last, each.last))
        else:
            joined.append(each)
    return joined


def stall_caveats(stalls: Iterable[Stall], clock: Clock, first: int = 1) -> list[str]:
    """What limits the spotting where the picture stands still, in a sentence; ``first`` is the number of frame 1."""
    known = merged(stalls)
    if not known:
        return []
    named = first_of((_text(each, clock, first) for each in known), MOST_NAMED)
    total = sum(clock.seconds(each.last) - clock.seconds(each.first) for each in known)
    times = "" if len(known) == 1 else f"{counted(len(known), 'time')}, in all for {seconds_text(total)} s: "
    return [
        f"the picture stands still {times}{named}: the recording stalled, or compression left nothing of what moved; "
        "movements there are missed, and the jump at its end may be spotted as one; copy the video again from the "
        "original, and check what is spotted next to it"
    ]


def _text(stall: Stall, clock: Clock, first: int) -> str:
    begin, end = clock.seconds(stall.first), clock.seconds(stall.last)
    return f"for {seconds_text(end - begin)} s from frame {stall.first + first - 1} ({begin:.2f} s) on"
