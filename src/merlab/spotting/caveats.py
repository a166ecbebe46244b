"""What limits the spotting in a video, in sentences."""

from __future__ import annotations

from merlab.frames.clock import Clock
from merlab.spelling import counted
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.stretches import stretches

FULL_SPEED = 100.0


def spotting_caveats(clock: Clock, dropped: int, settings: SpottingSettings) -> list[str]:
    """What limits the spotting in the frames of a clock, where ``dropped`` movements were left out."""
    warnings, fps = [], clock.fps
    if fps < FULL_SPEED:
        warnings.append(
            f"{fps:g} frames per second: a micro-expression of 0.2 s lasts {0.2 * fps:.1f} frames, so short ones are "
            f"missed and times are accurate to {1000 / fps:.0f} ms only; databases have 100 to 200"
        )
    longest = max(clock.seconds(stretch[-1]) - clock.seconds(stretch[0]) + 1 / fps for stretch in stretches(clock))
    if longest < settings.window:
        unbroken = " without a gap" if clock.gaps else ""
        warnings.append(
            f"only {longest:.1f} s{unbroken}: the usual movement of a face (noise) is estimated on {settings.window:g} "
            "s or more; in a short clip weak movements are missed, and a long movement may be taken for noise"
        )
    if dropped:
        warnings.append(
            f"{counted(dropped, 'movement')} left out: shorter than {settings.shortest} s, or longer than "
            f"{settings.longest} s and no macro-expression"
        )
    return warnings
