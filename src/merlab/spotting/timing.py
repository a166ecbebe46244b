"""When the frames of a video were recorded, as the metadata of a result states it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from merlab.frames import Frames, MediaFacts, Video
from merlab.frames.clock import Clock
from merlab.frames.facts import pace
from merlab.json_models import FrozenModel
from merlab.spotting.numbering import number_at

RateSource = Literal["stamps", "tag", "given"]


class Gap(FrozenModel):
    """Missing time: the frame after it, by its number in the source, when that was recorded, and what is missing, s."""

    frame: int
    time_s: float
    missing_s: float


class Timing(FrozenModel):
    """When the frames of a source were recorded. Seconds are real ones, counted from the start of the file.

    Attributes:
        fps: recorded frames per second.
        fps_source: where the rate comes from: the time stamps, a tag of the recorder, or given by the user.
        frame_rate_varies: whether the steps from frame to frame differ, gaps aside.
        slowed: how many times slower a player shows the file than it was recorded; seconds in a player are that many
            times as long.
        start_s: when the first frame was recorded; above 0 where the sound of a file starts before its picture.
        frames: how many frames were read.
        seconds: from the first frame to the end of the last one, gaps included.
        gaps: where time is missing; every face starts anew there.

    """

    fps: float
    fps_source: RateSource
    frame_rate_varies: bool
    slowed: float
    start_s: float
    frames: int
    seconds: float
    gaps: tuple[Gap, ...]

    @property
    def end_s(self) -> float:
        """The end of the last frame."""
        return self.start_s + self.seconds

    @property
    def speed(self) -> str:
        """How a player shows the file: ``8 times slower``; empty where that makes less than a frame at the end."""
        return "" if abs(self.slowed - 1) * self.end_s <= 1 / self.fps else pace(self.slowed)


def timing_of(clock: Clock, frames: int, first: int, fps: float | None, numbers: Sequence[int] | None = None) -> Timing:
    """The timing of a source from which ``frames`` frames were read, at least one; they are numbered from ``first``.

    ``fps`` is the rate that the user gave. ``numbers`` are those of all frames, None where none is missing.
    """
    step = 1 / clock.fps
    return Timing(
        fps=clock.fps,
        fps_source="given" if fps else "stamps" if clock.slowed == 1 else "tag",
        frame_rate_varies=clock.varies,
        slowed=clock.slowed,
        start_s=round(clock.seconds(1), 6),
        frames=frames,
        seconds=round(clock.seconds(frames) - clock.seconds(1) + step, 6),
        gaps=tuple(
            Gap(
                frame=number_at(position, first, numbers),
                time_s=round(clock.seconds(position), 6),
                missing_s=round(clock.step_before(position) - step, 6),
            )
            for position in clock.gaps_within(1, frames)
        ),
    )


def file_facts(frames: Frames) -> MediaFacts | None:
    """What a video file says about itself; None for a folder of images."""
    return frames.facts if isinstance(frames, Video) else None
