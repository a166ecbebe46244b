"""What limits the spotting in a video, in sentences."""

from __future__ import annotations

from merlab.spotting.spot import SpottingSettings

FULL_SPEED = 100.0


def spotting_caveats(fps: float, count: int, promised: int, dropped: int, settings: SpottingSettings) -> list[str]:
    """What limits the spotting in ``count`` frames of ``promised``, of which ``dropped`` movements were left out."""
    warnings = []
    if fps < FULL_SPEED:
        warnings.append(
            f"{fps:g} frames per second: a micro-expression of 0.2 s lasts {0.2 * fps:.1f} frames, so short ones are "
            f"missed and times are accurate to {1000 / fps:.0f} ms only; databases have 100 to 200"
        )
    if count / fps < settings.window:
        warnings.append(
            f"only {count / fps:.1f} s: the usual movement of a face (noise) is estimated on {settings.window:g} s or "
            "more, and in a short clip a movement that fills much of it may be taken for noise"
        )
    if promised > count:
        warnings.append(f"{count} of {promised} frames could be read; the file may be damaged after them")
    if dropped:
        warnings.append(
            f"{dropped} movement(s) left out: shorter than {settings.shortest} s or longer than {settings.longest} s"
        )
    return warnings
