"""How much a movement is like that of a face, beside how far it goes.

The score of a movement says how far something moves away and returns. Slow noise in a few blocks does so too, by
chance. But it seldom follows the pattern of an action unit, returns the way it came, and rises and falls smoothly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.spotting.course import MovementPath
from merlab.spotting.event import SpottedEvent
from merlab.spotting.motion import usable_blocks
from merlab.spotting.motion_score import Scores

# What a logistic regression gives the three facts and a constant, relative to the logarithm of the score. It was fitted
# to 1168 right and wrong candidates in synthetic recordings (docs/spotting-experiments.md, "Likeness").
AS_UNIT, RETURNS, ROUGH, CONSTANT = 0.28, 0.22, -0.25, -0.92
# How much too high the logarithm of a score is, on average, near the first and the last moment of a face: the rest
# beside the movement, and the face that it is compared with, are seen for less time than elsewhere (same page, "The
# first half second").
PARTLY_SEEN = 0.1
# A smooth movement is no proof of an expression: faces that are restless move smoothly, too.
MOST = 1.1
# No path is known to less than this share of its height.
LEAST_ROUGHNESS = 0.02


def likeness(scores: Scores, event: SpottedEvent, first: int, fps: float) -> float:
    """The factor for the score of a brief movement, at most MOST: mostly 1 or more for a face, 0.7 to 0.9 for noise.

    ``scores`` are those of frames from number ``first`` on. It is larger where a filter for an action unit has the
    score of the movement (or filters are left out), where the displacements from the earlier and from the later face
    are alike, and where the path of the movement is smooth. It is smaller where the face is seen for too short a time
    before or after the movement.
    """
    peak = event.peak - first
    by_filter = not scores.settings.units or bool(scores.units[peak].max() > scores.pairs[peak].max())
    rough = np.log(max(_roughness(scores, event, first, fps), LEAST_ROUGHNESS))
    alike = AS_UNIT * by_filter + RETURNS * _return(scores, peak) + ROUGH * rough + CONSTANT
    alike -= PARTLY_SEEN * (not _is_wholly_seen(scores, peak, fps))
    return min(MOST, float(np.exp(alike)))


def _is_wholly_seen(scores: Scores, peak: int, fps: float) -> bool:
    """Whether the frames that the earlier and the later face are averaged over are all there."""
    needed = round((scores.settings.reach + scores.settings.settling / 2) * fps)
    return needed <= peak < len(scores.smooth) - needed


def _return(scores: Scores, peak: int) -> float:
    """The cosine of the displacements of all blocks from the earlier and the later face, in units of noise, 0 to 1."""
    usable = usable_blocks()
    before, after = (change[peak, usable] / scores.noise[usable, None] for change in (scores.before, scores.after))
    lengths = np.linalg.norm(before) * np.linalg.norm(after)
    return max(0.0, float((before * after).sum() / lengths)) if lengths else 0.0


def _roughness(scores: Scores, event: SpottedEvent, first: int, fps: float) -> float:
    """How far the path is from a rise and fall along sin² on a straight line: deviation relative to its height."""
    path = MovementPath.of(scores, event.peak - first, round(scores.settings.reach * fps))
    frames = np.arange(len(path.places)) + path.low + first
    course = np.stack([_rise_and_fall(frames, event), np.ones(len(frames)), frames - event.apex], axis=1)
    fitted = course @ np.linalg.lstsq(course, path.places, rcond=None)[0]
    height = path.places[path.peak] - (path.begin + path.end) / 2
    return float(np.std(path.places - fitted) / abs(height)) if height else np.inf


def _rise_and_fall(frames: NDArray[np.int_], event: SpottedEvent) -> Float32Array:
    """A movement along sin² from the onset to the apex, and from there to the offset, by frame: 0 to 1."""
    rise = (frames - event.onset) / max(1, event.apex - event.onset)
    fall = (event.offset - frames) / max(1, event.offset - event.apex)
    return np.asarray(np.sin(np.pi / 2 * np.clip(np.minimum(rise, fall), 0, 1)) ** 2, np.float32)
