"""What limits a result, in sentences: how the frames were recorded, and what spotting needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from merlab.alignment_record import RECORD, recorded_rate
from merlab.frames import MAX_FRAMES_NAMED, MediaFacts, describe_numbers
from merlab.frames.clock import Clock
from merlab.spelling import counted, seconds_text, tenths_of_seconds
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.stretches import stretches
from merlab.spotting.timing import Gap, Timing

FULL_SPEED = 100.0
# Of a frame rate, relative to it: less may be rounding.
LEAST_DIFFERENCE = 1e-3
MOST_GAPS_NAMED = 3


def spotting_caveats(clock: Clock, dropped: int, settings: SpottingSettings, lost: Sequence[range] = ()) -> list[str]:
    """What limits the spotting in the frames of a clock, where ``dropped`` movements were left out.

    ``lost`` are the positions of damaged frames that are a gap.
    """
    warnings, fps = [], clock.fps
    if fps < FULL_SPEED:
        warnings.append(
            f"{fps:g} frames per second: a micro-expression of 0.2 s lasts {0.2 * fps:.1f} frames, so short ones are "
            f"missed and times are accurate to {1000 / fps:.0f} ms only; databases have 100 to 200"
        )
    unbroken = stretches(clock, lost)
    longest = max(clock.seconds(stretch[-1]) - clock.seconds(stretch[0]) + 1 / fps for stretch in unbroken)
    if longest < settings.window:
        gap = " without a gap" if len(unbroken) > 1 else ""
        warnings.append(
            f"only {tenths_of_seconds(longest)} s{gap}: the usual movement of a face (noise) is estimated on "
            f"{settings.window:g} s or more; in a short clip weak movements are missed, and a long movement may be "
            "taken for noise"
        )
    if dropped:
        warnings.append(
            f"{counted(dropped, 'movement')} left out: shorter than {settings.shortest} s, or longer than "
            f"{settings.longest} s and no macro-expression"
        )
    return warnings


def unspotted_caveats(frames: int, clock: Clock, settings: SpottingSettings) -> list[str]:
    """That nothing was spotted in so many ``frames``, see ``stretches.is_too_short``; none where there are none."""
    if not frames:
        return []
    return [
        f"in {tenths_of_seconds(frames / clock.fps)} s movements were not spotted: a face was seen there for less than "
        f"{2 * settings.score.reach:g} s without a break"
    ]


def damage_caveats(damaged: Sequence[int], frames: int, remedy: str) -> list[str]:
    """That some of the frames could not be decoded or are blank, by their numbers; none where all are sound."""
    if not damaged:
        return []
    named = ", ".join(map(str, damaged[:MAX_FRAMES_NAMED])) + (", ..." if len(damaged) > MAX_FRAMES_NAMED else "")
    return [f"{len(damaged)} of {frames} frames are damaged, or blank such as all black ({named}): {remedy}"]


def missing_caveats(numbers: Sequence[int] | None) -> list[str]:
    """That numbers are missing among those of the frames; none where ``numbers`` is None."""
    if numbers is None:
        return []
    return [
        f"the folder contains {describe_numbers(numbers)}: times follow the numbers, and movements were spotted in "
        "positions of the face interpolated between the frames that are there; if the camera did not drop the others, "
        "copy them again"
    ]


def rate_caveats(source: Path, fps: float | None) -> list[str]:
    """That ``fps``, which the user gave, is not the rate that `merlab align` recorded beside the frames of a folder."""
    rate = recorded_rate(source)
    if fps is None or rate is None or math.isclose(fps, rate, rel_tol=LEAST_DIFFERENCE):
        return []
    return [
        f"--fps (in Python, fps) is {fps:g}, but {RECORD} beside the frames states {rate:.5g} frames per second: if "
        "that is right, all seconds here are wrong, and so is what counts as brief"
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
