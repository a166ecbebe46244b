"""Macro-expressions: movements that last longer than a micro-expression, and return.

They are found in the same places of the blocks as micro-expressions, with a score that compares each frame with
earlier and later faces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from merlab.frames import Float32Array
from merlab.given import naming_fields
from merlab.spotting.course import long_movement_at, peak_frames
from merlab.spotting.event import TOO_LARGE, MovementKind, SpottedEvent
from merlab.spotting.motion_score import LARGEST_SETTING, SCORE_RANGES, ScoreSettings, require_in_range, score

MACRO_RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("threshold", "px", "largest", "longest"), (0, LARGEST_SETTING)),
    **dict.fromkeys(("reach", "far_reach"), SCORE_RANGES["reach"]),
    **{name: SCORE_RANGES[name] for name in ("smoothing", "settling")},
}


@naming_fields(module=__name__)
@dataclass(frozen=True)
class MacroSettings:
    """What counts as a macro-expression; times in seconds.

    Raises MerlabError for a value outside of its range, which is 0 to a million unless another one is stated.

    Attributes:
        threshold: the lowest score, in units of noise.
        px: the smallest movement, as in SpottedEvent: slow movements of a resting face are smaller.
        largest: the largest movement, likewise; larger ones are of the kind other.
        longest: the longest duration.
        reach, far_reach: two times to the earlier and the later face, 0.001 to 60; the longer one finds slow movements,
            the shorter one finds movements that follow each other.
        smoothing, settling: as in ScoreSettings, 0 to 60.

    """

    threshold: float = 6.0
    px: float = 1.0
    largest: float = 8.0
    longest: float = 4.2
    reach: float = 1.0
    far_reach: float = 2.5
    smoothing: float = 0.05
    settling: float = 0.2

    def __post_init__(self) -> None:
        require_in_range(self, MACRO_RANGES, "macro.")

    def scores(self, base: ScoreSettings) -> Iterator[ScoreSettings]:
        """How the score is computed for each reach: of pairs alone, large enough to be seen without a filter."""
        for reach in (self.reach, self.far_reach):
            yield replace(base, units=0, reach=reach, smoothing=self.smoothing, settling=self.settling)


def macro_movements(
    places: Float32Array, first: int, fps: float, base: ScoreSettings, settings: MacroSettings, shortest: float
) -> list[SpottedEvent]:
    """The movements in places (n, ROWS, COLUMNS, 2) px that last longer than ``shortest`` s, highest score first."""
    found: list[SpottedEvent] = []
    for how in settings.scores(base):
        scores = score(places, fps, how)
        for peak in peak_frames(scores.total, settings.threshold):
            event = long_movement_at(scores, peak, first, fps, how)
            if shortest < event.duration(fps) <= settings.longest and event.px >= settings.px:
                large = event.px > settings.largest
                kind: MovementKind = "other" if large else "macro"
                found.append(replace(event, kind=kind, why_other=TOO_LARGE if large else "", long=True))
    return apart(sorted(found, key=lambda event: -event.score))


def apart(events: Sequence[SpottedEvent], taken: Sequence[SpottedEvent] = ()) -> list[SpottedEvent]:
    """The events that do not overlap an earlier one of the sequence, nor one of ``taken``."""
    kept: list[SpottedEvent] = []
    for event in events:
        if not any(event.overlaps(other) for other in [*taken, *kept]):
            kept.append(event)
    return kept
