"""Uneven frames as an even sequence: the filters of spotting need a constant step from frame to frame.

The places of the blocks are interpolated to moments that are 1/fps apart. What is found at these moments is reported
for the nearest frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.frames.clock import MOST_UNEVEN, SLACK, UNEVEN_STEP, Clock
from merlab.spotting.event import SpottedEvent
from merlab.spotting.spotted_window import SpottedWindow

# A step that differs from the usual one by more than this share of it has lost a frame, or has one too many.
LOST_FRAME = 0.5

SecondsArray = NDArray[np.float64]
Positions = NDArray[np.int_]


def is_even(seconds: SecondsArray, fps: float, rounding: float = 0.0) -> bool:
    """Whether frames at ``seconds`` (n,) have the steps of ``fps`` frames per second.

    Steps may be wrong by ``rounding`` s, because time stamps are rounded.
    """
    deviations = np.abs(np.diff(seconds) - 1 / fps)
    if not len(deviations):
        return True
    allowed, lost = max(UNEVEN_STEP / fps, rounding) * SLACK, max(LOST_FRAME / fps, rounding) * SLACK
    return bool((deviations > allowed).mean() <= MOST_UNEVEN and deviations.max() <= lost)


def grid_of(positions: range, clock: Clock) -> EvenGrid | None:
    """The grid for successive frames of a clock, by their positions from 1; None where they are even already."""
    seconds = np.asarray(clock.times[positions.start - 1 : positions.stop - 1] / clock.slowed, np.float64)
    if is_even(seconds, clock.fps, clock.rounding / clock.slowed):
        return None
    return EvenGrid(seconds, clock.fps, positions.start)


@dataclass(frozen=True, eq=False)
class EvenGrid:
    """The even moments of an uneven stretch of frames.

    A moment is a whole number of steps of 1/fps, counted from 0 s, so that the moments of overlapping stretches are
    the same. The first and the last are the nearest to the first and the last frame.

    Attributes:
        seconds: when each frame was recorded, (n,), ascending.
        fps: moments per second.
        first: the number of the first frame.

    """

    seconds: SecondsArray
    fps: float
    first: int = 1

    @cached_property
    def moments(self) -> SecondsArray:
        """The moments, (m,) s."""
        begin, end = np.rint(self.seconds[[0, -1]] * self.fps)
        return np.arange(begin, end + 1) / self.fps

    @cached_property
    def moment_of_frame(self) -> Positions:
        """The nearest moment of each frame, (n,), from 0."""
        steps = np.rint(self.seconds * self.fps)
        return np.asarray(steps - steps[0], np.int_)

    @cached_property
    def frame_of_moment(self) -> Positions:
        """The nearest frame of each moment, (m,), from 0."""
        return np.searchsorted((self.seconds[1:] + self.seconds[:-1]) / 2, self.moments)

    def resampled(self, places: Iterable[Float32Array]) -> Iterator[Float32Array]:
        """The places of the blocks at the moments, from those in the frames; fewer where there are fewer frames."""
        moment, at = 0, -1
        before = place = np.zeros(0, np.float32)
        for at, place in enumerate(places):
            while moment < len(self.moments) and self.moments[moment] <= self.seconds[at]:
                yield self._between(before, place, at, float(self.moments[moment])) if at else place
                moment += 1
            before = place
        if at >= 0 and moment <= self.moment_of_frame[at]:
            yield place

    def _between(self, before: Float32Array, place: Float32Array, at: int, moment: float) -> Float32Array:
        """The place at a moment between the frame before position ``at`` and that frame."""
        begin, end = self.seconds[at - 1 : at + 1]
        return np.asarray(before + np.float32((moment - begin) / (end - begin)) * (place - before), np.float32)

    def in_frames(self, window: SpottedWindow) -> SpottedWindow:
        """A window of moments, counted from 1, as the frames whose nearest moments it contains."""
        begin, end = np.searchsorted(self.moment_of_frame, [window.first - 1, window.first - 1 + len(window.total)])
        nearest = self.moment_of_frame[begin:end] - (window.first - 1)
        return replace(
            window,
            first=self.first + int(begin),
            total=window.total[nearest],
            lids=window.lids[nearest],
            events=tuple(map(self._event, window.events)),
            weak=tuple(map(self._event, window.weak)),
        )

    def _event(self, event: SpottedEvent) -> SpottedEvent:
        onset, apex, offset, peak = (
            self.first + int(self.frame_of_moment[moment - 1])
            for moment in (event.onset, event.apex, event.offset, event.peak)
        )
        return replace(event, onset=onset, apex=apex, offset=offset, peak=peak)
