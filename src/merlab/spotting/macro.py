"""Macro-expressions: movements that last longer than a micro-expression, and return.

They are found in the same places of the blocks as micro-expressions, with a score that compares each frame with
earlier and later faces.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.spotting.course import long_movement_at, peaks
from merlab.spotting.event import TOO_LARGE, SpottedEvent
from merlab.spotting.motion_score import ScoreSettings, score


@dataclass(frozen=True)
class MacroSettings:
    """What counts as a macro-expression; times in seconds. Raises MerlabError below 0, or if not finite.

    Attributes:
        threshold: the lowest score, in units of noise.
        px: the smallest movement, as in SpottedEvent: slow movements of a resting face are smaller.
        largest: the largest movement, likewise; larger ones are of the kind other.
        longest: the longest duration.
        reach, far_reach: two times to the earlier and the later face; the longer one finds slow movements, the shorter
            one finds movements that follow each other.
        smoothing, settling: as in ScoreSettings.

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
        for field in fields(self):
            if not 0 <= getattr(self, field.name) < math.inf:
                raise MerlabError(
                    f"macro.{field.name} of spotting must be 0 or more and finite, got {getattr(self, field.name)}"
                )

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
        for peak in peaks(scores.total, settings.threshold):
            event = long_movement_at(scores, peak, first, fps, how)
            if shortest < event.duration(fps) <= settings.longest and event.px >= settings.px:
                large = event.px > settings.largest
                found.append(replace(event, kind="other" if large else "macro", why_other=TOO_LARGE if large else ""))
    return apart(sorted(found, key=lambda event: -event.score))


def apart(events: Sequence[SpottedEvent], taken: Sequence[SpottedEvent] = ()) -> list[SpottedEvent]:
    """The events that do not overlap an earlier one of the sequence, nor one of ``taken``."""
    kept: list[SpottedEvent] = []
    for event in events:
        if not any(event.overlaps(other) for other in [*taken, *kept]):
            kept.append(event)
    return kept
