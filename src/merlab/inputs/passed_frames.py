"""The frames of a clip as another reader of them passes them on; subclasses refuse some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from merlab.frames import Clock, Frames


@dataclass(frozen=True, eq=False)
class PassedFrames:
    """What is known of ``frames`` without reading one, as in ``Frames``."""

    frames: Frames

    @property
    def fps(self) -> float | None:
        """As in ``Frames``."""
        return self.frames.fps

    @property
    def clock(self) -> Clock | None:
        """As in ``Frames``."""
        return self.frames.clock

    @property
    def numbers(self) -> Sequence[int]:
        """As in ``Frames``: the frames that exist, also those that are refused."""
        return self.frames.numbers

    @property
    def promised(self) -> int:
        """As in ``Frames``."""
        return self.frames.promised
