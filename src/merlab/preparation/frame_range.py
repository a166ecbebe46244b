"""The frames of a video, or of a folder of images, that are used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from merlab.errors import MerlabError
from merlab.frames import Frames, describe_numbers
from merlab.given import as_whole, naming_fields, require_number


@naming_fields(module=__name__)
@dataclass(frozen=True)
class FrameRange:
    """A range of frames, by their numbers or by seconds; None means no limit.

    ``first`` and ``last`` are included. ``start`` is included, ``end`` is not; they count from the beginning of the
    source, in seconds of the recording, and replace the numbers. Raises MerlabError for anything but whole numbers and
    seconds from 0 up.
    """

    first: int | None = None
    last: int | None = None
    start: float | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        for name in ("first", "last"):
            if (number := getattr(self, name)) is not None:
                # A whole number of numpy is not written to JSON.
                object.__setattr__(self, name, as_whole(number, name, 0))
        for name in ("start", "end"):
            if (seconds := getattr(self, name)) is not None:
                require_number(seconds, name, 0)
                object.__setattr__(self, name, float(seconds))

    def of(self, frames: Frames, fps: float | None) -> list[int] | range:
        """The frame numbers; raises MerlabError if there are none, or if seconds are given without a frame rate."""
        numbers = frames.numbers
        if self.start is not None or self.end is not None:
            low, high = self.start or 0.0, self.end if self.end is not None else float("inf")
            chosen = [number for number, time in zip(numbers, _times(frames, fps), strict=True) if low <= time < high]
        else:
            low, high = self.first or 0, self.last if self.last is not None else float("inf")
            chosen = [number for number in numbers if low <= number <= high]
        if not chosen:
            raise MerlabError(f"there is no frame in the requested range; there are {describe_numbers(numbers)}")
        return range(chosen[0], chosen[-1] + 1) if len(chosen) == chosen[-1] - chosen[0] + 1 else chosen


def _times(frames: Frames, fps: float | None) -> Sequence[float]:
    """When each frame was recorded, in seconds from the beginning of the source."""
    if frames.clock is not None:
        clock = frames.clock.at_rate(fps)
        return [clock.seconds(number) for number in frames.numbers]
    if fps is None:
        raise MerlabError(
            "the source has no time stamps; give its frame rate with --fps, or the range with --frames A:B"
        )
    return [(number - frames.numbers[0]) / fps for number in frames.numbers]
