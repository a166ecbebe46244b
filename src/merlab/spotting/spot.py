"""Spotting: when a face moves and returns within half a second, from how it moves in frames at equal distances.

In windows of some seconds the threshold of the score is mean + p (max - mean), the rule that Li et al. (IEEE Trans.
Affective Computing, 2017) apply to a whole video. Because that rule finds something in any video, the threshold is
never below a fixed number of times the noise. Onset, apex and offset are then refined on the movement's own path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.registry import look_up
from merlab.spotting.motion_score import PARTS, Scores, ScoreSettings, part_weights, score

# The distance of onset and offset from the apex, relative to that of the half-way points.
FROM_HALF_TO_WHOLE = 2.0
APEX_SEARCH = 0.05


@dataclass(frozen=True)
class SpottingSettings:
    """What counts as a micro-expression; times in seconds. Raises MerlabError for values out of range.

    Attributes:
        p: where the threshold lies between the mean and the largest score of a window, 0 to 1.
        floor: the lowest threshold, in units of noise.
        window: the length of video over which noise and threshold are computed; the last window is up to twice as long.
        shortest, longest: limits of the duration from onset to offset; other movements are dropped.
        score: how the score is computed.

    """

    p: float = 0.1
    floor: float = 5.5
    window: float = 20.0
    shortest: float = 0.08
    longest: float = 0.65
    score: ScoreSettings = field(default_factory=ScoreSettings)

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1:
            raise MerlabError(f"p of spotting must be between 0 and 1, got {self.p}")
        if not self.floor >= 0:
            raise MerlabError(f"floor of spotting must be 0 or more, got {self.floor}")
        if not self.window > 0:
            raise MerlabError(f"window of spotting must be longer than 0 s, got {self.window}")
        if not 0 <= self.shortest <= self.longest:
            raise MerlabError(f"shortest of spotting must be from 0 to longest, got {self.shortest}, {self.longest}")

    def margin(self, fps: float) -> int:
        """How many frames before and after a chunk of a video influence what is spotted in it."""
        return round((self.score.reach + self.longest) * fps)


def spotting_settings(changed: Mapping[str, float]) -> SpottingSettings:
    """The default settings with some changed, such as ``{"longest": 0.5, "score.reach": 0.4}``.

    Raises MerlabError for a setting that does not exist, or a value out of range.
    """
    values = asdict(SpottingSettings())
    score = values.pop("score")
    known = {**values, **{f"score.{name}": value for name, value in score.items()}}
    for name, value in changed.items():
        look_up(name, known, "setting")
        group, _, own = name.rpartition(".")
        (score if group else values)[own] = value
    return SpottingSettings(**values, score=ScoreSettings(**score))


@dataclass(frozen=True)
class SpottedEvent:
    """A spotted movement; frames are numbered from 1.

    ``peak`` is the frame of the highest score, ``score`` its height in units of noise, ``part`` the part of the face
    (of PARTS) that moves most.
    """

    onset: int
    apex: int
    offset: int
    peak: int
    score: float
    part: str

    def duration(self, fps: float) -> float:
        """Seconds from onset to offset."""
        return (self.offset - self.onset) / fps


@dataclass(frozen=True)
class Window:
    """What was found in n successive frames; ``first`` is the number of the first, from 1.

    ``total`` (n,) and ``lids`` (n,) are those of Scores; ``dropped`` counts movements that were too long or too short.
    """

    first: int
    total: Float32Array
    lids: Float32Array
    threshold: float
    events: tuple[SpottedEvent, ...]
    dropped: int

    def only(self, frames: range) -> Window:
        """The window with the frames that are among ``frames``, and the events whose peak is."""
        inside = slice(max(0, frames.start - self.first), max(0, frames.stop - self.first))
        return replace(
            self,
            first=max(self.first, frames.start),
            total=self.total[inside],
            lids=self.lids[inside],
            events=tuple(event for event in self.events if event.peak in frames),
        )


def spot_places(
    places: Iterable[Float32Array], fps: float, settings: SpottingSettings, first: int = 1
) -> Iterator[Window]:
    """Spot window by window, from the places of the blocks (ROWS, COLUMNS, 2) in each frame, px.

    Frames are at equal distances, ``fps`` per second; ``first`` is the number of the first. Holds two windows of places
    in memory, however many there are.
    """
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
) -> Window:
    """Spot in ``length`` frames, from the block places (n, ROWS, COLUMNS, 2) of n successive frames.

    The ``length`` frames follow ``lead`` frames of context, and more may follow them; ``first`` is the number of the
    first of them.
    """
    scores = score(places, fps, settings.score)
    inside = slice(lead, lead + length)
    total = scores.total[inside]
    threshold = max(float(total.mean() + settings.p * (total.max() - total.mean())), settings.floor)
    found: list[SpottedEvent] = []
    for peak in _peaks(scores.total, threshold):
        event = _refined(scores, peak, first - lead, fps, settings.score)
        if not any(_overlap(event, other) for other in found):
            found.append(event)
    found = [event for event in found if first <= event.peak < first + length]
    kept = [event for event in found if settings.shortest <= event.duration(fps) <= settings.longest]
    kept.sort(key=lambda event: event.onset)
    return Window(first, total, scores.lids[inside], threshold, tuple(kept), len(found) - len(kept))


def _peaks(total: Float32Array, threshold: float) -> list[int]:
    """Frames whose score is above the threshold and a local maximum, highest first."""
    padded = np.pad(total, 1, constant_values=-np.inf)
    local = (total > threshold) & (total >= padded[:-2]) & (total > padded[2:])
    return sorted(np.flatnonzero(local).tolist(), key=lambda frame: (-total[frame], frame))


def _refined(scores: Scores, peak: int, first: int, fps: float, settings: ScoreSettings) -> SpottedEvent:
    """The event around a peak. Its path is the displacement along the direction of movement at the peak, by frame.

    The apex is the farthest point of the path. Onset and offset lie FROM_HALF_TO_WHOLE times as far from it as the
    points where the path is half way: the beginning of a movement is hidden by noise, its middle is the fastest part.
    """
    part = int(scores.parts[peak].argmax())
    middle = (scores.before[peak] + scores.after[peak]) / 2
    pattern = middle * (part_weights()[part] / scores.noise**2)[..., None]
    reach, search = round(settings.reach * fps), round(APEX_SEARCH * fps)
    low = max(0, peak - reach)
    path = np.einsum("nrcd,rcd->n", scores.smooth[low : peak + reach + 1], pattern)
    begin, end = (float(((scores.smooth[peak] - side[peak]) * pattern).sum()) for side in (scores.before, scores.after))
    nearest = max(0, peak - low - search)
    apex = nearest + int(path[nearest : peak - low + search + 1].argmax())
    onset = low + apex - round(FROM_HALF_TO_WHOLE * _to_half(path[apex::-1], begin))
    offset = low + apex + round(FROM_HALF_TO_WHOLE * _to_half(path[apex:], end))
    return SpottedEvent(
        onset=first + max(0, onset),
        apex=first + low + apex,
        offset=first + min(len(scores.smooth) - 1, offset),
        peak=first + peak,
        score=float(scores.total[peak]),
        part=PARTS[part],
    )


def _to_half(path: Float32Array, level: float) -> float:
    """How many frames from the start of ``path`` it takes to fall half way to ``level``."""
    half = (path[0] + level) / 2
    below = np.flatnonzero(path < half)
    if not len(below):
        return float(len(path) - 1)
    there = int(below[0])
    return there - 1 + float((path[there - 1] - half) / (path[there - 1] - path[there]))


def _overlap(one: SpottedEvent, other: SpottedEvent) -> bool:
    return one.onset <= other.offset and other.onset <= one.offset
