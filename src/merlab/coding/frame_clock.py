"""Between the numbers of a result's frames and the milliseconds at which a player shows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.elan.reading import ROUNDING_MS


@dataclass(frozen=True, eq=False)
class FrameClock:
    """When a player shows each frame.

    Attributes:
        numbers: (N,) the frames as numbered in the source, ascending.
        ms: (N,) the times at which a player shows them, milliseconds since the start of the file, ascending.
        fps: recorded frames per second.
        slowed: how many times slower a player shows the file than it was recorded.

    """

    numbers: NDArray[np.int64]
    ms: NDArray[np.float64]
    fps: float
    slowed: float = 1.0

    @classmethod
    def of_table(cls, frames: pd.DataFrame, fps: float, slowed: float) -> FrameClock:
        """From a table with the columns frame and time_s (real seconds); a frame may have several rows."""
        once = frames.drop_duplicates("frame").sort_values("frame")
        return cls(once["frame"].to_numpy(np.int64), 1000 * slowed * once["time_s"].to_numpy(np.float64), fps, slowed)

    @classmethod
    def constant(cls, fps: float, count: int) -> FrameClock:
        """Of ``count`` frames at equal distances, numbered from 1, the first at 0 ms."""
        return cls(np.arange(1, count + 1), 1000 * np.arange(count) / fps, fps)

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.numbers)

    @property
    def step_ms(self) -> float:
        """How long a player shows a frame."""
        return 1000 * self.slowed / self.fps

    def has(self, frame: int) -> bool:
        """Whether the source has a frame of this number."""
        place = int(np.searchsorted(self.numbers, frame))
        return place < len(self) and self.numbers[place] == frame

    def ms_of(self, frame: int) -> float:
        """When a player shows a frame of the source."""
        return float(self.ms[np.searchsorted(self.numbers, frame)])

    def seconds_of(self, frame: int) -> float:
        """When a frame of the source was recorded, in real seconds since the start of the file."""
        return self.ms_of(frame) / (1000 * self.slowed)

    def frame_at(self, ms: float) -> int | None:
        """The frame that a player shows at this time; None before the first frame and after the end of the last.

        A time up to 1 ms, but less than half a frame, before a frame means that frame, because times in whole
        milliseconds are rounded.
        """
        rounding = min(ROUNDING_MS, self.step_ms / 2)
        place = int(np.searchsorted(self.ms, ms + rounding, side="right")) - 1
        if place < 0 or ms > self.ms[-1] + self.step_ms + rounding:
            return None
        return int(self.numbers[place])
