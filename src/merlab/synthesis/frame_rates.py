"""A recording at a frame rate: the same movements in seconds, whatever the number of frames per second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from merlab.synthesis.canvas_layout import FPS
from merlab.synthesis.poses import FrameSequence, FrameValues
from merlab.synthesis.recording import BLOCK, RecordingPlan

# Less than any fraction of a frame that occurs.
TINY = 1e-6


@dataclass(frozen=True)
class FrameRate:
    """Frames per second of a recording, whose plan is in ticks of 1/200 s; frame 1 is at tick 0."""

    fps: int

    @property
    def step(self) -> float:
        """Ticks from one frame to the next."""
        return FPS / self.fps

    def number(self, tick: float) -> int:
        """The number, from 1, of the frame that is nearest to a tick."""
        return int(np.floor(tick / self.step + 0.5)) + 1

    def first(self, tick: int) -> int:
        """The number of the first frame at or after a tick."""
        return int(np.ceil(tick / self.step - TINY)) + 1

    def last(self, tick: int) -> int:
        """The number of the last frame before a tick."""
        return int(np.ceil(tick / self.step - TINY))

    def exact(self, tick: float) -> float:
        """A tick as a frame number with a fraction, rounded to two decimals."""
        return round(1 + tick / self.step, 2)

    def frames(self, minutes: float) -> int:
        """The number of frames in so many minutes."""
        return round(minutes * 60 * self.fps)

    def blocks(self, plan: RecordingPlan, frames: int) -> Iterator[tuple[FrameValues, FrameSequence]]:
        """The ticks and the states of ``frames`` frames, in blocks of BLOCK frames.

        States between two ticks are interpolated linearly.
        """
        for index in range(-(-frames // BLOCK)):
            numbers = np.arange(index * BLOCK, min((index + 1) * BLOCK, frames))
            ticks = np.asarray(numbers * self.step, np.float64)
            if self.step == 1:
                yield ticks, plan.block(index)
            else:
                first = int(ticks[0])
                states = plan.states(first, int(np.ceil(ticks[-1])) + 1, index)
                yield ticks, _interpolated(states, ticks - first)


def _interpolated(states: FrameSequence, places: FrameValues) -> FrameSequence:
    """The states at fractional ``places`` (n,), counted from the first of ``states``."""
    below = np.minimum(places.astype(int), len(states) - 1)
    above, share = np.minimum(below + 1, len(states) - 1), places - below

    def between(values: FrameValues) -> FrameValues:
        weight = share.reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray(values[below] + weight * (values[above] - values[below]))

    return replace(
        states,
        activity={key: between(values) for key, values in states.activity.items()},
        closure=between(states.closure),
        gaze=between(states.gaze),
        head=between(states.head),
        gain=between(states.gain),
        side_light=between(states.side_light),
        glasses=None if states.glasses is None else between(states.glasses),
    )
