"""The course of a movement around a peak of the score: when it begins, is largest, and has returned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from merlab.frames import Float32Array
from merlab.spotting.event import SpottedEvent
from merlab.spotting.motion_score import PARTS, Scores, ScoreSettings, pair_parts, pair_weights

# The distance of onset and offset from the apex, relative to that of the half-way points.
HALF, FROM_HALF_TO_WHOLE = 0.5, 2.0
# Seconds around the peak of the score in which the farthest point of the path is, and around that the apex.
APEX_SEARCH = 0.05
# The shares of its height at which rise and fall are timed, and how much of a rise along sin² is left there.
TIMED = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
LEFT = 2 / np.pi * np.arccos(np.sqrt(TIMED))
# Of a movement that may stay at its apex: the shares of its height, and how far its ends lie beyond the second, in
# relation to the time between the two. A movement along sin² then begins 0.09 of its rise too late.
HIGH, LOW, BEYOND_LOW = 0.8, 0.2, 0.5


def peak_frames(total: Float32Array, threshold: float) -> list[int]:
    """Frames whose score (n,) is above the threshold and a local maximum, highest first."""
    padded = np.pad(total, 1, constant_values=-np.inf)
    local = (total > threshold) & (total >= padded[:-2]) & (total > padded[2:])
    return sorted(np.flatnonzero(local).tolist(), key=lambda frame: (-total[frame], frame))


def movement_at(scores: Scores, peak: int, first: int, fps: float, settings: ScoreSettings) -> SpottedEvent:
    """The movement around a peak, in frames of which ``first`` is the number of the first one.

    Its path is the displacement of the blocks along the movement that scores at the peak, by frame. The farthest point
    of the path is too late where the fall is slower than the rise, as the path is smoothed, and noise moves it about.
    So the apex is where both lead to: each is timed at several shares of its height, and continued to its end. Onset
    and offset lie FROM_HALF_TO_WHOLE times as far from the apex as the points where the path is half way: the beginning
    of a movement is hidden by noise, its middle is the fastest part.
    """
    path = MovementPath.of(scores, peak, round(settings.reach * fps))
    search = round(APEX_SEARCH * fps)
    nearest = max(0, path.peak - search)
    top = nearest + int(path.places[nearest : path.peak + search + 1].argmax())
    before, after = path.places[top::-1], path.places[top:]
    half_before, half_after = _frames_to(before, path.begin, HALF), _frames_to(after, path.end, HALF)
    late = (_start_of_fall(after, path.end) - _start_of_fall(before, path.begin)) / 2
    late = max(-search, -half_before / 2, min(search, half_after / 2, late))
    return path.movement(
        scores,
        first,
        top + late - FROM_HALF_TO_WHOLE * (half_before + late),
        top + round(late),
        top + late + FROM_HALF_TO_WHOLE * (half_after - late),
    )


def long_movement_at(scores: Scores, peak: int, first: int, fps: float, settings: ScoreSettings) -> SpottedEvent:
    """The same for a movement that may stay at its apex for a while.

    From the peak to both sides, the path falls below most of its height (HIGH), then below little of it (LOW). Onset
    and offset lie beyond the second point, by a share of the time between the two.
    """
    path = MovementPath.of(scores, peak, round(settings.reach * fps))
    before, after = path.places[path.peak :: -1], path.places[path.peak :]
    (high, onset), (late, offset) = (
        (_frames_to(side, level, HIGH), _frames_to(side, level, LOW))
        for side, level in ((before, path.begin), (after, path.end))
    )
    onset, offset = onset + BEYOND_LOW * (onset - high), offset + BEYOND_LOW * (offset - late)
    nearest = path.peak - round(high)
    apex = nearest + int(path.places[nearest : path.peak + round(late) + 1].argmax())
    return path.movement(scores, first, path.peak - onset, apex, path.peak + offset)


@dataclass(frozen=True, eq=False)
class MovementPath:
    """The displacement of the blocks along the movement that scores at a peak: of a pair of blocks, or as of a unit.

    ``places`` (n,) are those in the frames from ``low`` on, ``peak`` is the position of the peak among them, ``begin``
    and ``end`` are the places that it is compared with.
    """

    places: Float32Array
    low: int
    peak: int
    begin: float
    end: float

    @classmethod
    def of(cls, scores: Scores, peak: int, reach: int) -> MovementPath:
        """The path in the ``reach`` frames before and after a peak."""
        _, pattern = scores.strongest(peak)
        low = max(0, peak - reach)
        places = np.einsum("nrcd,rcd->n", scores.smooth[low : peak + reach + 1], pattern)
        begin, end = (
            float(((scores.smooth[peak] - side[peak]) * pattern).sum()) for side in (scores.before, scores.after)
        )
        return cls(np.asarray(places, np.float32), low, peak - low, begin, end)

    def movement(self, scores: Scores, first: int, onset: float, apex: int, offset: float) -> SpottedEvent:
        """The movement with these moments, positions on the path."""
        peak = self.low + self.peak
        (pair, _), moved = scores.strongest(peak), scores.middle(peak)
        return SpottedEvent(
            onset=first + max(0, self.low + round(onset)),
            apex=first + self.low + apex,
            offset=first + min(len(scores.smooth) - 1, self.low + round(offset)),
            peak=first + peak,
            score=float(scores.total[peak]),
            part=PARTS[pair_parts()[pair]],
            px=float((np.hypot(moved[..., 0], moved[..., 1]) * pair_weights()[pair]).sum()),
        )


def _frames_to(path: Float32Array, level: float, share: float) -> float:
    """How many frames from the start of ``path`` until it has ``share`` of its height above ``level``."""
    height = level + share * (path[0] - level)
    below = np.flatnonzero(path < height)
    if not len(below):
        return float(len(path) - 1)
    there = int(below[0])
    return there - 1 + float((path[there - 1] - height) / (path[there - 1] - path[there]))


def _start_of_fall(path: Float32Array, level: float) -> float:
    """How many frames from the start of ``path`` until its fall to ``level``, continued backward along sin², begins.

    0 if the path ends before it has fallen to the lowest of the shares TIMED.
    """
    times = [_frames_to(path, level, share) for share in TIMED]
    if times[0] == len(path) - 1:
        return 0.0
    _, start = np.polyfit(LEFT, times, 1)
    return float(start)
