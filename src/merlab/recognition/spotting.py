"""Spotting: when a face moves out and comes back within half a second, from a stream of aligned frames.

The score of a window of seconds is cut at mean + p (max - mean), as Li et al. (IEEE Trans. Affective Computing, 2017)
cut theirs over a whole video; because that rule finds something in any video, the threshold is never below a fixed
number of times the noise. What is left is refined to onset, apex and offset on the movement's own path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from merlab.clips import Image
from merlab.recognition.motion import FaceMotion, FloatArray
from merlab.recognition.score import Scores, ScoreSettings, part_weights, score


@dataclass(frozen=True)
class SpottingSettings:
    """What counts as a micro-expression; times in seconds.

    Attributes:
        p: where between the mean and the largest score of a window its threshold lies, 0 to 1.
        floor: what the threshold is at least, in units of noise.
        window: how much of a video is looked at together; the last window is up to twice as long.
        shortest, longest: duration from onset to offset; anything else is dropped.
        score: how the score is made.

    """

    p: float = 0.1
    floor: float = 5.0
    window: float = 20.0
    shortest: float = 0.08
    longest: float = 0.65
    score: ScoreSettings = field(default_factory=ScoreSettings)


@dataclass(frozen=True)
class SpottedEvent:
    """A spotted movement: frames numbered from 1, its score in units of noise, and the part of the face (PARTS)."""

    onset: int
    apex: int
    offset: int
    score: float
    part: str


@dataclass(frozen=True)
class Window:
    """What was found in some successive frames; ``first`` is the number of the first, from 1.

    ``total`` (n,) and ``lids`` (n,) are of Scores; ``dropped`` counts movements that were too long or too short.
    """

    first: int
    total: FloatArray
    lids: FloatArray
    threshold: float
    events: tuple[SpottedEvent, ...]
    dropped: int


def spot(frames: Iterable[Image], fps: float, settings: SpottingSettings | None = None) -> Iterator[Window]:
    """Spot movements in aligned faces (H, W, 3) BGR that come at ``fps`` a second, window by window.

    Holds two windows of block displacements and one key frame, however long the video.
    """
    settings = settings or SpottingSettings()
    motion = FaceMotion(fps)
    yield from spot_tracks(map(motion, frames), fps, settings)


def spot_tracks(places: Iterable[FloatArray], fps: float, settings: SpottingSettings) -> Iterator[Window]:
    """The same from the displacement of the blocks (ROWS, COLUMNS, 2) in each frame."""
    length = round(settings.window * fps)
    margin = round((settings.score.reach + settings.longest) * fps)
    held: list[FloatArray] = []
    first, lead = 1, 0
    for place in places:
        held.append(place)
        if len(held) == lead + 2 * length + margin:
            yield _window(np.stack(held[: lead + length + margin]), first, lead, length, fps, settings)
            held = held[lead + length - margin :]
            first, lead = first + length, margin
    if len(held) > lead:
        yield _window(np.stack(held), first, lead, len(held) - lead, fps, settings)


def _window(
    tracks: FloatArray, first: int, lead: int, length: int, fps: float, settings: SpottingSettings
) -> Window:
    """Spot in ``length`` frames that begin after ``lead`` frames of context; ``first`` is the number of the first."""
    scores = score(tracks, fps, settings.score)
    inside = slice(lead, lead + length)
    total = scores.total[inside]
    threshold = max(float(total.mean() + settings.p * (total.max() - total.mean())), settings.floor)
    events: list[SpottedEvent] = []
    dropped = 0
    for peak in _peaks(scores.total, threshold):
        event = _refined(scores, peak, fps, settings, first - lead)
        if not lead <= peak < lead + length or any(_overlap(event, other) for other in events):
            continue
        if settings.shortest <= (event.offset - event.onset) / fps <= settings.longest:
            events.append(event)
        else:
            dropped += 1
    events.sort(key=lambda event: event.onset)
    return Window(first, total, scores.lids[inside], threshold, tuple(events), dropped)


def _peaks(total: FloatArray, threshold: float) -> list[int]:
    """Frames whose score is above the threshold and the largest around, highest first."""
    padded = np.pad(total, 1, constant_values=-np.inf)
    local = (total > threshold) & (total >= padded[:-2]) & (total > padded[2:])
    return sorted(np.flatnonzero(local).tolist(), key=lambda frame: (-total[frame], frame))


def _refined(scores: Scores, peak: int, fps: float, settings: SpottingSettings, first: int) -> SpottedEvent:
    part = int(scores.regions[peak].argmax())
    direction = (scores.before[peak] + scores.after[peak]) / 2
    pattern = direction * (part_weights()[part] / scores.noise**2)[..., None]
    reach = round(settings.score.reach * fps)
    low, high = max(0, peak - reach), min(len(scores.smooth), peak + reach + 1)
    path = np.einsum("nrcd,rcd->n", scores.smooth[low:high], pattern)
    around = round(APEX_SEARCH * fps)
    start = max(0, peak - low - around)
    apex = start + int(path[start : peak - low + around + 1].argmax())
    before = float((scores.smooth[peak] * pattern).sum() - (scores.before[peak] * pattern).sum())
    after = float((scores.smooth[peak] * pattern).sum() - (scores.after[peak] * pattern).sum())
    rise = _to_half(path[apex::-1], before)
    fall = _to_half(path[apex:], after)
    onset = max(0, low + apex - round(STRETCH * rise))
    offset = min(len(scores.smooth) - 1, low + apex + round(STRETCH * fall))
    return SpottedEvent(onset + first, low + apex + first, offset + first, float(scores.total[peak]), PARTS[part])


def _to_half(path: FloatArray, level: float) -> float:
    """How many frames from the start of ``path`` it takes to fall half way to ``level``."""
    half = (path[0] + level) / 2
    below = np.flatnonzero(path < half)
    if not len(below):
        return float(len(path) - 1)
    there = int(below[0])
    return there - 1 + float((path[there - 1] - half) / (path[there - 1] - path[there]))


def _overlap(one: SpottedEvent, other: SpottedEvent) -> bool:
    return one.onset <= other.offset and other.onset <= one.offset


STRETCH = 2.0
APEX_SEARCH = 0.05
PARTS = ("eyes and brows", "nose", "right cheek", "left cheek", "right of the mouth", "left of the mouth", "chin")
