"""Spotting: when a face moves and returns, from how it moves in frames at equal distances.

In windows of some seconds, a movement is an event if its score exceeds a threshold that follows from this person's
background in this window: what the face does all the time. Movements somewhat below it are weak candidates, which are
listed apart. Onset, apex and offset are refined on the movement's own path (see ``course``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.given import naming_fields, require_instance
from merlab.registry import look_up
from merlab.spotting.course import movement_at, peak_frames
from merlab.spotting.event import TOO_LARGE, SpottedEvent, without_parts, without_repeated
from merlab.spotting.likeness import likeness
from merlab.spotting.macro import MacroSettings, apart, macro_movements
from merlab.spotting.motion_score import (
    LARGEST_SETTING,
    PARTS,
    SIGMAS,
    Scores,
    ScoreSettings,
    require_in_range,
    score,
)
from merlab.spotting.spotted_window import SpottedWindow, each_once
from merlab.spotting.unit_filters import ENOUGH

# The share of the frames in which a face is taken to be calm, however restless it is.
CALM = 0.25
# By how much the threshold is higher where nearly nothing of a face was seen; it falls to 0 at ENOUGH seconds.
RAISED = 0.2
UPPER_PART = PARTS[0]
LARGEST_LIKENESS = 10.0
MADE_BY = "merlab.spotting.spot.spotting_settings makes one from a dictionary"
RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("p", "weak"), (0, 1)),
    **dict.fromkeys(("floor", "background", "pause", "repeats", "largest", "largest_brows"), (0, LARGEST_SETTING)),
    "likeness": (0, LARGEST_LIKENESS),
    **dict.fromkeys(("shortest", "longest"), (0, 3600)),
    "window": (1, LARGEST_SETTING),
}


@naming_fields(module=__name__)
@dataclass(frozen=True)
class SpottingSettings:
    """What counts as a movement; times in seconds.

    Raises MerlabError for a value outside of its range, which is 0 to a million unless another one is stated.

    Attributes:
        p: where the threshold lies at least between the mean and the largest score of a window, 0 to 1: the rule that
            Li et al. (IEEE Trans. Affective Computing, 2017) apply to a whole video. 0 leaves it out.
        floor: the lowest threshold, in units of noise; all thresholds are up to 1 + RAISED times as high where less
            than ENOUGH seconds of a face are seen.
        background: the threshold relative to the background: the CALM quantile of the score, which movements in less
            than most of the window hardly change.
        weak: the lowest score of a weak candidate, relative to the threshold, 0 to 1.
        window: the length of video over which noise and threshold are computed, 1 to a million, and at least
            ``score.reach`` + ``longest``, or + ``score.settling`` / 2 + 4 ``score.smoothing`` where that is longer; the
            last window is up to twice as long.
        shortest, longest: limits of the duration of a micro-expression, from onset to offset, 0 to 3600; ``shortest``
            is at most ``longest``. Of the 216 that are annotated in CAS(ME)^2 and SAMM long videos, the shortest has
            0.145 s.
        pause, repeats: ``repeats`` or more movements of the upper, or of the lower face with at most ``pause`` seconds
            between them are no micro-expressions: speech, chewing. One that is too large counts twice.
        largest: the largest movement that is a micro-expression, as ``px`` of SpottedEvent; in speech, the mouth often
            moves farther.
        largest_brows: the same for the eyes and brows, which speech hardly moves.
        likeness: weight of what the course and the pattern of a movement tell beside its height, 0 to 10; 0 leaves it
            out (see ``likeness``).
        score: how the score is computed.
        macro: what counts as a macro-expression.

    """

    p: float = 0.0
    floor: float = 5.0
    background: float = 3.0
    weak: float = 0.7
    window: float = 20.0
    shortest: float = 0.15
    longest: float = 0.55
    pause: float = 0.5
    repeats: float = 3
    largest: float = 3.3
    largest_brows: float = 8.0
    likeness: float = 1.0
    score: ScoreSettings = field(default_factory=ScoreSettings)
    macro: MacroSettings = field(default_factory=MacroSettings)

    def __post_init__(self) -> None:
        require_in_range(self, RANGES)
        require_instance(self.score, ScoreSettings, "score of spotting", "settings of the score")
        require_instance(self.macro, MacroSettings, "macro of spotting", "settings of macro-expressions")
        if self.shortest > self.longest:
            raise MerlabError(
                f"shortest of spotting must be from 0 to longest, got shortest {self.shortest}, longest {self.longest}"
            )
        if self.window < self.around:
            longer = max(self.longest, self._averaged)
            which = "longest" if longer == self.longest else f"score.settling / 2 + {SIGMAS} score.smoothing"
            raise MerlabError(
                f"window of spotting must be at least score.reach + {which} "
                f"({self.score.reach:g} s + {longer:g} s), got {self.window}"
            )

    @property
    def around(self) -> float:
        """How long before and after a moment a face influences what is spotted there, s."""
        return self.score.reach + max(self.longest, self._averaged)

    @property
    def _averaged(self) -> float:
        """How far the averages over time, of which a score consists, reach in each direction, s."""
        return self.score.settling / 2 + SIGMAS * self.score.smoothing

    def margin(self, fps: float) -> int:
        """How many frames before and after a chunk of a video influence what is spotted in it."""
        return round(self.around * fps)

    def threshold(self, total: Float32Array) -> float:
        """The threshold for the scores (n,) of a window, where ENOUGH seconds of the face are seen."""
        by_rule = float(total.mean() + self.p * (total.max() - total.mean())) if self.p else 0.0
        return max(self.floor, by_rule, self.background * float(np.quantile(total, CALM)))


def spotting_settings(changed: Mapping[str, float]) -> SpottingSettings:
    """The default settings with some changed, such as ``{"longest": 0.5, "score.reach": 0.4, "macro.px": 1}``.

    Raises MerlabError for a setting that does not exist, or a value out of range.
    """
    values = asdict(SpottingSettings())
    groups = {"": values, "score": values.pop("score"), "macro": values.pop("macro")}
    known = {f"{group}.{name}".lstrip("."): value for group, own in groups.items() for name, value in own.items()}
    for name, value in changed.items():
        look_up(name, known, "setting")
        group, _, own = name.rpartition(".")
        groups[group][own] = value
    return SpottingSettings(**values, score=ScoreSettings(**groups["score"]), macro=MacroSettings(**groups["macro"]))


def spot_places(
    places: Iterable[Float32Array], fps: float, settings: SpottingSettings, first: int = 1
) -> Iterator[SpottedWindow]:
    """Spot window by window, from the places of the blocks (ROWS, COLUMNS, 2) in each frame, px.

    Frames are at equal distances, ``fps`` per second; ``first`` is the number of the first. Holds two windows of places
    in memory, however many there are.
    """
    return each_once(_windows(places, fps, settings, first))


def _windows(
    places: Iterable[Float32Array], fps: float, settings: SpottingSettings, first: int
) -> Iterator[SpottedWindow]:
    length = round(settings.window * fps)
    margin = settings.margin(fps)
    held: list[Float32Array] = []
    lead = 0
    for place in places:
        held.append(place)
        if len(held) == lead + 2 * length + margin:
            yield spot_window(np.stack(held[: lead + length + margin]), first, lead, length, fps, settings)
            held = held[lead + length - margin :]
            first, lead = first + length, margin
    if len(held) > lead:
        yield spot_window(np.stack(held), first, lead, len(held) - lead, fps, settings)


def spot_window(
    places: Float32Array, first: int, lead: int, length: int, fps: float, settings: SpottingSettings
) -> SpottedWindow:
    """Spot in ``length`` frames, from the block places (n, ROWS, COLUMNS, 2) of n successive frames.

    The ``length`` frames follow ``lead`` frames of context, and more may follow them; ``first`` is the number of the
    first of them.
    """
    scores = score(places, fps, settings.score)
    inside = slice(lead, lead + length)
    threshold = settings.threshold(scores.total[inside]) * (1 + RAISED * max(0.0, 1 - scores.seconds / ENOUGH))
    brief, long, short = _by_duration(scores, threshold, first - lead, fps, settings)
    macro = macro_movements(places, first - lead, fps, settings.score, settings.macro, settings.longest)
    macro = [event for event in macro if not any(_explains(other, event, threshold) for other in brief)]
    clear = [event for event in [*brief, *long, *short] if event.score > threshold]
    brief, macro = _without_speech(brief, macro, clear, round(settings.pause * fps), settings.repeats)
    dropped = [event for event in [*apart(long, macro), *short] if event.score > threshold]
    own, weak = range(first, first + length), [event for event in brief if event.score <= threshold]
    found = sorted((event for event in [*brief, *macro] if event.peak in own), key=lambda event: event.onset)
    return SpottedWindow(
        first,
        scores.total[inside],
        scores.lids[inside],
        threshold,
        events=tuple(event for event in found if event not in weak),
        dropped=sum(event.peak in own for event in dropped),
        weak=tuple(event for event in found if event in weak),
    )


def _without_speech(
    brief: list[SpottedEvent], macro: list[SpottedEvent], clear: list[SpottedEvent], pause: int, repeats: float
) -> tuple[list[SpottedEvent], list[SpottedEvent]]:
    """The brief and the long movements; those of a row, and the brief ones that are part of a long one, become other.

    Speech and chewing move the lower face. The brows have rows of their own: a micro-expression there does not belong
    to speech, even while somebody talks.
    """
    macro = without_repeated(macro, clear, pause, repeats, macro)
    halves = [(_of_half(brief, upper), _of_half(clear, upper), _of_half(macro, upper)) for upper in (True, False)]
    brief = [
        event
        for own, in_rows, longer in halves
        for event in without_parts(without_repeated(own, in_rows, pause, repeats), longer)
    ]
    return brief, macro


def _of_half(events: Iterable[SpottedEvent], upper: bool) -> list[SpottedEvent]:
    """The movements of the eyes and brows, or those of the rest of the face."""
    return [event for event in events if (event.part == UPPER_PART) == upper]


def _explains(brief: SpottedEvent, long: SpottedEvent, threshold: float) -> bool:
    """Whether a brief movement is all there is to a long one: the same movement, or one that does not return wholly."""
    same_apex = brief.onset <= long.apex <= brief.offset and brief.score > threshold
    return same_apex or brief.is_same(long)


def _by_duration(
    scores: Scores, threshold: float, first: int, fps: float, settings: SpottingSettings
) -> tuple[list[SpottedEvent], list[SpottedEvent], list[SpottedEvent]]:
    """The movements that are as long as a micro-expression, those that are longer, and those that are shorter."""
    brief: list[SpottedEvent] = []
    long: list[SpottedEvent] = []
    short: list[SpottedEvent] = []
    for peak in peak_frames(scores.total, settings.weak * threshold):
        event = movement_at(scores, peak, first, fps, settings.score)
        if any(event.peak in other.middle for other in long) or any(map(event.overlaps, brief)):
            continue
        if event.duration(fps) > settings.longest:
            long.append(event)
        elif event.duration(fps) < settings.shortest:
            short.append(event)
        elif event.px > (settings.largest_brows if event.part == UPPER_PART else settings.largest):
            brief.append(replace(event, kind="other", why_other=TOO_LARGE))
        else:
            weighed = event.score * likeness(scores, event, first, fps) ** settings.likeness
            brief += [replace(event, score=weighed)] if weighed > settings.weak * threshold else []
    return brief, apart(long), apart(short)
