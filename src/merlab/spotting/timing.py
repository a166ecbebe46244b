"""When the frames of a video were recorded: as the metadata of a result states it, and as warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from merlab.frames import MAX_FRAMES_NAMED, Frames, MediaFacts, Video, describe_numbers
from merlab.frames.clock import Clock
from merlab.json_models import FrozenModel
from merlab.spelling import seconds_text

MOST_GAPS_NAMED = 3

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
        if abs(self.slowed - 1) * self.end_s <= 1 / self.fps:
            return ""
        return f"{self.slowed:.4g} times slower" if self.slowed > 1 else f"{1 / self.slowed:.4g} times faster"


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
                frame=position + first - 1 if numbers is None else numbers[position - 1],
                time_s=round(clock.seconds(position), 6),
                missing_s=round(clock.step_before(position) - step, 6),
            )
            for position in clock.gaps_within(1, frames)
        ),
    )


def file_facts(frames: Frames) -> MediaFacts | None:
    """What a video file says about itself; None for a folder of images."""
    return frames.facts if isinstance(frames, Video) else None


def damage_caveats(damaged: Sequence[int], frames: int, remedy: str) -> list[str]:
    """That some of the frames could not be decoded, by their numbers; none where all could."""
    if not damaged:
        return []
    named = ", ".join(map(str, damaged[:MAX_FRAMES_NAMED])) + (", ..." if len(damaged) > MAX_FRAMES_NAMED else "")
    return [f"{len(damaged)} of {frames} frames are damaged and could not be decoded ({named}): {remedy}"]


def missing_caveats(numbers: Sequence[int] | None) -> list[str]:
    """That numbers are missing among those of the frames; none where ``numbers`` is None."""
    if numbers is None:
        return []
    return [
        f"the folder contains {describe_numbers(numbers)}: times follow the numbers, and movements were spotted in "
        "positions of the face interpolated between the frames that are there; if the camera did not drop the others, "
        "copy them again"
    ]


def source_caveats(timing: Timing, file: MediaFacts | None) -> list[str]:
    """What a user must know about the times and the pixels of a source, in sentences; ``file`` is None for images."""
    return _timing_caveats(timing, file) + (_file_caveats(timing, file) if file else [])


def _file_caveats(timing: Timing, file: MediaFacts) -> list[str]:
    if timing.fps_source != "stamps":
        # The speed is among the caveats of the timing.
        file = replace(file, slowed=1.0, capture_rate=None)
    return list(file.notes())


def _timing_caveats(timing: Timing, file: MediaFacts | None) -> list[str]:
    warnings = []
    if timing.speed:
        said = "as its tag states" if timing.fps_source == "tag" else "as given"
        warnings.append(
            f"the file plays {timing.speed} than it was recorded ({timing.fps:.5g} frames per second, {said}): tables "
            f"hold real seconds; in a player, the overlay and the ELAN file, they are {timing.slowed:.4g} times as many"
        )
    if timing.gaps:
        warnings.append(
            f"time is missing before {_gaps_text(timing.gaps)}: there every face starts anew, and no event spans a gap"
        )
    # Of images, ``missing_caveats`` says it.
    if timing.frame_rate_varies and file:
        warnings.append(
            "the frame rate varies: seconds are those of the time stamps, and movements were spotted in positions of "
            f"the face interpolated to {timing.fps:.5g} even moments per second; a constant rate shows more"
        )
    return warnings


def _gaps_text(gaps: Sequence[Gap]) -> str:
    """``frame 1501 (10 s missing, at 7.50 s)``, for several with their number."""
    named = ", ".join(
        f"frame {gap.frame} ({seconds_text(gap.missing_s)} s missing, at {gap.time_s:.2f} s)"
        for gap in gaps[:MOST_GAPS_NAMED]
    )
    if len(gaps) == 1:
        return named
    more = ", ..." if len(gaps) > MOST_GAPS_NAMED else ""
    return f"{len(gaps)} frames, in all {seconds_text(sum(gap.missing_s for gap in gaps))} s: {named}{more}"
