"""Frames that repeat the one before: the recorder is faster than the camera, or the picture stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from merlab.frames import Float32Array
from merlab.frames.clock import Clock
from merlab.json_models import FrozenModel
from merlab.spelling import counted, first_of, percent, seconds_text
from merlab.spotting.numbering import number_at

# In a repeated frame the face moves by less than this share of its largest step both shortly before and shortly after:
# at key frames of compression, and where a movement begins, one of the two is large. Cameras have 15 frames a second.
STILL, AROUND = 0.25, 1 / 15
# The share of repeated frames from which on they are believed. Of 50 frames a second made 60, a sixth is repeated;
# of whole ones, strong compression leaves 10 % hardly changed.
LEAST_SHARE = 0.15
# In a stall, the median of so many steps in a row is less than this share of the usual step: a copy of the picture is
# refined in single frames. Shorter stalls are as long as what is spotted.
QUIET, IN_A_ROW, LEAST_SECONDS = 0.5, 5, 0.5
# A face at rest moves as far as that of someone who speaks does where the jaw turns round, which is the noise of the
# camera; in a stall that noise is missing too. The lowest steps outside of stalls, as a quantile, and a share of them.
# Where a hand hides the face as long as it is followed otherwise, they do not show the noise: at rest it is .09 px or
# more in synthetic recordings, so a stall has less than this, px.
LOWEST, NOISELESS, LEAST_NOISE = 0.05, 0.5, 0.06
MOST_NAMED = 3


class Stall(FrozenModel):
    """The ``first`` and the ``last`` frame, by position from 1, that show the same picture."""

    first: int
    last: int


class Repeats(FrozenModel):
    """In how many frames a face was followed, in how many of them it is where it was in the frame before, and stalls.

    A recorder of the screen repeats the frames of a call, and a program that converts to a higher rate those of the
    camera. They are seen where compression is light: after strong one (H.264 of standard quality), the copy differs
    from its original as much as other frames do. A stall is often seen after that too: the picture stands still for
    half a second or more, as where a camera, a call or a program that copies a video hangs. Its frames are not counted.
    """

    frames: int = 0
    repeated: int = 0
    stalls: tuple[Stall, ...] = ()

    @classmethod
    def of(cls, steps: ArrayLike, clock: Clock, first: int = 1) -> Repeats:
        """Of the ``steps`` (n,) of a face from frame to frame, px, NaN across a gap; they begin at the frame ``first``.

        At a varying rate, where steps differ, only stalls are found.
        """
        way = np.asarray(steps, np.float64)
        runs = _stalls(way, clock, first)
        stalls = tuple(Stall(first=first + run.start, last=first + run.stop) for run in runs)
        if clock.varies or not len(way):
            return cls(stalls=stalls)
        is_counted = _outside(way, runs)
        is_repeated = is_counted & (way < STILL * _usual_around(way, max(1, round(AROUND * clock.fps))))
        return cls(frames=int(is_counted.sum()), repeated=int(is_repeated.sum()), stalls=stalls)

    def __add__(self, other: Repeats) -> Repeats:
        return Repeats(
            frames=self.frames + other.frames,
            repeated=self.repeated + other.repeated,
            stalls=(*self.stalls, *other.stalls),
        )

    def within(self, frames: range) -> Repeats:
        """The same without the stalls of which no frame is one of these."""
        stalls = [each for each in self.stalls if each.first < frames.stop and each.last >= frames.start]
        return self.model_copy(update={"stalls": tuple(stalls)})

    @property
    def share(self) -> float:
        """The share of repeated frames; 0 where it is too small to be believed."""
        share = self.repeated / max(1, self.frames)
        return share if share >= LEAST_SHARE else 0.0

    def seen_rate(self, fps: float) -> float:
        """How often a second the picture changes, in a video of ``fps``."""
        return (1 - self.share) * fps

    def caveats(self, clock: Clock, first: int = 1, numbers: Sequence[int] | None = None) -> list[str]:
        """What limits the spotting, in sentences; ``first`` and ``numbers`` are those of ``numbering``."""
        said = []
        if self.share:
            said.append(
                f"{percent(self.share)} % of the frames repeat the one before: the picture changes only about "
                f"{self.seen_rate(clock.fps):.0f} times a second, as where the screen was recorded or the video "
                "converted to a higher rate; brief movements are missed, and times are less accurate; use the file of "
                "the camera itself"
            )
        return said + _stall_caveats(_merged(self.stalls), clock, lambda position: number_at(position, first, numbers))


def steps_of(places: Float32Array) -> NDArray[np.float64]:
    """How far the blocks move from frame to frame, root mean square, (n - 1,) px; ``places`` (n, ROWS, COLUMNS, 2)."""
    squares = np.square(np.diff(places, axis=0)).sum(axis=-1, dtype=np.float64)
    return np.asarray(np.sqrt(squares.mean(axis=(1, 2))), np.float64)


class PassingSteps:
    """Measures the steps of places that pass by, in ``steps``: as ``steps_of``, without holding the places.

    ``gaps`` are the frames, by position, before which time is missing: there a face starts anew, and the step is NaN.
    """

    def __init__(self, gaps: Iterable[int] = ()) -> None:
        self.steps: list[float] = []
        self._gaps = frozenset(gaps)

    def of(self, places: Iterable[Float32Array]) -> Iterator[Float32Array]:
        """The same places, (ROWS, COLUMNS, 2) in each frame."""
        before: Float32Array | None = None
        for position, place in enumerate(places, start=1):
            if before is not None:
                is_gap = position in self._gaps
                self.steps.append(float("nan") if is_gap else float(steps_of(np.stack([before, place]))[0]))
            before = place
            yield place


def _usual_around(way: NDArray[np.float64], around: int) -> NDArray[np.float64]:
    """The smaller one of the largest steps up to each one and from it on, over ``around`` more, (n,) px.

    Next to an end or a gap, it is that of the other side; 0 where that ends as well.
    """
    padded = np.pad(np.where(np.isfinite(way), way, np.inf), around, constant_values=np.inf)
    largest = sliding_window_view(padded, around + 1).max(axis=1)
    usual = np.minimum(largest[: len(way)], largest[around:])
    return np.where(np.isfinite(usual), usual, 0.0)


def _outside(way: NDArray[np.float64], runs: Iterable[slice]) -> NDArray[np.bool_]:
    """Which steps are known and in no run, (n,)."""
    outside = np.isfinite(way)
    for run in runs:
        outside[run] = False
    return outside


def _stalls(way: NDArray[np.float64], clock: Clock, first: int) -> list[slice]:
    """The steps of each stall.

    None where the face is still in most frames, as after compression that leaves no noise: that would tell nothing.
    """
    known = np.isfinite(way)
    if not known.any():
        return []
    # A gap ends a run.
    padded = np.pad(np.where(known, way, np.inf), IN_A_ROW // 2, mode="edge")
    smooth = np.median(sliding_window_view(padded, IN_A_ROW), axis=1)
    is_quiet = known & (smooth < QUIET * np.median(way[known]))
    ends = np.flatnonzero(np.diff(is_quiet, prepend=False, append=False)).tolist()
    runs = [
        slice(begin, end)
        for begin, end in zip(ends[::2], ends[1::2], strict=True)
        if clock.seconds(first + end) - clock.seconds(first + begin) >= LEAST_SECONDS
    ]
    others = way[_outside(way, runs)]
    noise = min(NOISELESS * np.quantile(others, LOWEST), LEAST_NOISE) if len(others) else 0.0
    return [run for run in runs if np.median(way[run]) < noise]


def _merged(stalls: Iterable[Stall]) -> list[Stall]:
    """The stalls in their order, those that overlap as one: several faces, or chunks of a video, show the same."""
    joined: list[Stall] = []
    for each in sorted(stalls, key=lambda stall: stall.first):
        if joined and each.first <= joined[-1].last:
            joined[-1] = Stall(first=joined[-1].first, last=max(joined[-1].last, each.last))
        else:
            joined.append(each)
    return joined


def _stall_caveats(stalls: list[Stall], clock: Clock, number: Callable[[int], int]) -> list[str]:
    if not stalls:
        return []
    named = first_of((_stall_text(each, clock, number) for each in stalls), MOST_NAMED)
    total = sum(clock.seconds(each.last) - clock.seconds(each.first) for each in stalls)
    times = "" if len(stalls) == 1 else f"{counted(len(stalls), 'time')}, in all for {seconds_text(total)} s: "
    return [
        f"the picture stands still {times}{named}: the recording stalled, or compression left nothing of what moved; "
        "movements there are missed, and the jump at its end may be spotted as one; copy the video again from the "
        "original, and check what is spotted next to it"
    ]


def _stall_text(stall: Stall, clock: Clock, number: Callable[[int], int]) -> str:
    begin, end = clock.seconds(stall.first), clock.seconds(stall.last)
    return f"for {seconds_text(end - begin)} s from frame {number(stall.first)} ({begin:.2f} s) on"
