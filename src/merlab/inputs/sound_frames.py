"""The frames of a clip, of which none may be blank: the step from one to a face is no movement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from merlab.frames import DamagedFrameError, Image, WalkedFrame, is_blank
from merlab.inputs.passed_frames import PassedFrames


class BlankFrameError(DamagedFrameError):
    """Frame ``number`` of a folder or video is of nearly one color, such as all black."""

    def __init__(self, number: int, source: Path) -> None:
        super().__init__(number, source)
        self.number, self.source = number, source

    def __str__(self) -> str:
        return f"frame {self.number} of {self.source} is of nearly one color, such as all black"


@dataclass(frozen=True, eq=False)
class SoundFrames(PassedFrames):
    """Frames of ``source``, of which a blank one raises BlankFrameError where it is read."""

    source: Path

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        return ((number, self._sound(number, image)) for number, image in self.frames)

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[WalkedFrame]:
        """As in ``Frames``; raises BlankFrameError for a blank frame."""
        for frame in self.frames.walk(wanted):
            if frame.image is not None:
                self._sound(frame.number, frame.image)
            yield frame

    def read(self, number: int) -> Image:
        """As in ``Frames``; raises BlankFrameError for a blank frame."""
        return self._sound(number, self.frames.read(number))

    def _sound(self, number: int, image: Image) -> Image:
        if is_blank(image):
            raise BlankFrameError(number, self.source)
        return image
