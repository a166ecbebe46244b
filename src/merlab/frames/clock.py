"""When each frame was recorded: one clock for tables, curves, overlays and pages.

``require_rate`` checks every frame rate that a user gives; ``opening.clock_of`` gives the clock of a source under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from merlab.errors import MerlabError
from merlab.given import is_number

LOWEST_RATE, HIGHEST_RATE = 1.0, 10_000.0
# A step between two frames that is longer than this many median steps is a gap.
GAP_STEPS = 3.0
# The rate varies if more than this share of the steps differ from the median by more than this part of it.
UNEVEN_STEP, MOST_UNEVEN = 0.1, 0.01
# Ticks as long as a step: more steps of one length than this share come from a camera of that rate which drops frames.
MOST_ALIKE = 0.9
# For comparisons of sums of floats.
SLACK = 1 + 1e-6


class ClockError(MerlabError):
    """A frame rate or time stamps that cannot be: no clock can be made from them."""


def is_rate(fps: object) -> bool:
    """Whether a value is a frame rate that a camera may have; NaN is not, nor is a truth value."""
    return is_number(fps) and LOWEST_RATE <= fps <= HIGHEST_RATE


def require_rate(fps: float) -> float:
    """``fps`` if it is a frame rate that a camera may have; raises ClockError outside of 1 to 10,000, and for NaN."""
    if not is_rate(fps):
        given = f"{float(fps):g}" if is_number(fps) else repr(fps)
        raise ClockError(
            f"{given} is not a frame rate: it must be a number from {LOWEST_RATE:g} to {HIGHEST_RATE:g}; "
            "give the frames per second of the camera"
        )
    return fps


@dataclass(frozen=True, eq=False)
class Clock:
    """When each frame of a source was recorded.

    Frames are counted by their position in the source, from 1; numbers of image files are not positions.

    Attributes:
        times: (N,) seconds of each frame since the source began, as a player of the file shows it; strictly ascending.
        fps: recorded frames per second.
        slowed: how many times slower the file plays than it was recorded: 8 for 240 recorded and 30 played.
        rounding: by how many seconds a step in ``times`` may be wrong, because stamps are whole ticks.

    """

    times: NDArray[np.float64]
    fps: float
    slowed: float = 1.0
    rounding: float = 0.0

    def __post_init__(self) -> None:
        self.times.flags.writeable = False

    @classmethod
    def of_stamps(cls, stamps: ArrayLike, tick: float = 0.0, *, stated: Sequence[float] = ()) -> Clock:
        """From the time stamps of all frames.

        The frame rate is 1 / the median step. Stamps are whole ticks, so that a step is up to a tick too long or too
        short (29.97 frames/s in ticks of 1 ms: steps of 33 and 34 ms); all steps within a tick of the median are
        averaged.

        Args:
            stamps: (N,) seconds since the source began, strictly ascending.
            tick: the resolution of the stamps in seconds.
            stated: rates that the file states; the first that differs from the stamps by their rounding only is used,
                and for a single frame the first.

        Raises:
            ClockError: if there is one stamp without a stated rate, if they do not ascend, or if the rate cannot be.

        """
        times = np.array(stamps, np.float64)
        steps = np.diff(times)
        if not (np.isfinite(times).all() and (steps > 0).all()):
            raise ClockError("the time stamps of the frames do not ascend")
        if not len(steps):
            if not len(times) or not stated:
                raise ClockError("a frame rate needs the time stamps of two frames")
            return cls(times, require_rate(stated[0]))
        rounding = _rounding(steps, tick)
        return cls(times, require_rate(_played_rate(steps, rounding, stated)), rounding=rounding)

    @classmethod
    def constant(cls, fps: float, count: int) -> Clock:
        """Of ``count`` frames at equal distances, the first at 0 s: for folders of images."""
        return cls(np.arange(count) / require_rate(fps), fps)

    @classmethod
    def of_numbers(cls, fps: float, numbers: Sequence[int]) -> Clock:
        """Of frames with these ascending numbers, as a camera numbers them that drops some: the first at 0 s.

        Raises ClockError if ``fps`` cannot be a rate.
        """
        return cls((np.asarray(numbers, np.float64) - numbers[0]) / require_rate(fps), fps)

    def at_rate(self, fps: float | None) -> Clock:
        """The same frames, recorded at ``fps``: gaps and jitter keep their proportion, only the speed changes.

        None keeps the rate. Raises ClockError if ``fps`` cannot be a rate.
        """
        if fps is None:
            return self
        return replace(self, fps=require_rate(fps), slowed=self.slowed * fps / self.fps)

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.times)

    def seconds(self, position: int) -> float:
        """When the frame at ``position`` was recorded, in real seconds since the source began."""
        return float(self.times[position - 1]) / self.slowed

    def media_seconds(self, position: int) -> float:
        """When a player of the file shows the frame at ``position``; differs from ``seconds`` in slow motion."""
        return float(self.times[position - 1])

    @cached_property
    def steps(self) -> NDArray[np.float64]:
        """(N - 1,) real seconds from each frame to the next."""
        return np.asarray(np.diff(self.times) / self.slowed, np.float64)

    @cached_property
    def gaps(self) -> tuple[int, ...]:
        """The positions of the frames before which time is missing: a step of more than three median steps."""
        if len(self.times) < 2:
            return ()
        return tuple((np.flatnonzero(self.steps > GAP_STEPS * _median(self.steps) * SLACK) + 2).tolist())

    def step_before(self, position: int) -> float:
        """Real seconds from the frame before ``position``, which is at least 2, to this one."""
        return float(self.steps[position - 2])

    def gaps_within(self, first: int, last: int) -> tuple[int, ...]:
        """The gaps between the frames ``first`` and ``last``, both included."""
        return tuple(position for position in self.gaps if first < position <= last)

    @cached_property
    def varies(self) -> bool:
        """Whether the frame rate varies: more than 1 % of the steps differ from the median by more than a tenth.

        Gaps, and differences by the rounding of the stamps, are left out.
        """
        if len(self.times) < 2:
            return False
        median = _median(self.steps)
        kept = self.steps[self.steps <= GAP_STEPS * median * SLACK]
        allowed = max(UNEVEN_STEP * median, self.rounding / self.slowed) * SLACK
        return bool((np.abs(kept - median) > allowed).mean() > MOST_UNEVEN)

    def rate_within(self, first: int, last: int) -> float:
        """Frames per second from frame ``first`` to ``last``: 1 / the median step, if the rate varies."""
        return 1 / _median(self.steps[first - 1 : last - 1]) if self.varies and first < last else self.fps

    @property
    def duration(self) -> float:
        """Real seconds from the first frame to the end of the last one, gaps included; 0 without frames."""
        return self.seconds(len(self)) - self.seconds(1) + 1 / self.fps if len(self) else 0.0


def _median(steps: NDArray[np.float64]) -> float:
    """The lower median, which is one of the steps; the mean of the two in the middle may not be one."""
    return float(np.quantile(steps, 0.5, method="lower"))


def _rounding(steps: NDArray[np.float64], tick: float) -> float:
    """``tick`` if the steps may differ by it because stamps were rounded, 0 if they differ for another reason.

    Ticks as long as a step (AVI) are another matter: there, a step of two ticks is a dropped frame, unless the stamps
    are the rounded points of a straight line, of which a good part must have the longer step.
    """
    median = _median(steps)
    if tick <= median / 2 * SLACK:
        return tick
    kept = np.where(steps <= GAP_STEPS * median * SLACK, steps, np.nan)
    mean = np.nanmean(kept)
    for track in np.split(kept, np.flatnonzero(np.isnan(kept))):
        off = np.nancumsum(track - mean)
        # A track is empty if the first step is a gap.
        if len(off) and np.ptp(off) > 2 * tick * SLACK:
            return 0.0
    return tick if (np.abs(kept - median) < tick / 2).mean() < MOST_ALIKE else 0.0


def _played_rate(steps: NDArray[np.float64], rounding: float, stated: Sequence[float]) -> float:
    """Frames per second as the file plays; see ``Clock.of_stamps``."""
    median = _median(steps)
    typical = np.abs(steps - median) <= max(rounding, median * (SLACK - 1)) * SLACK
    mean = float(steps[typical].mean())
    # The sum of n steps in a row is wrong by a tick at most.
    uncertain = (rounding * (1 + np.count_nonzero(~typical)) + mean * (SLACK - 1)) / np.count_nonzero(typical)
    return next((rate for rate in stated if abs(1 / rate - mean) <= uncertain), float(f"{1 / mean:.9g}"))
