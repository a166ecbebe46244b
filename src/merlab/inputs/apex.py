"""The apex of a clip whose annotators gave none: spotted in its frames, or its middle frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.clips import Clip
from merlab.faces.regions import LAYOUT_HEIGHT, face_mask
from merlab.frames import Float32Array, Frames
from merlab.inputs.recipe import APEX_CHOICES, Recipe
from merlab.optical_flow import Gray, dis

# Half of CASME II's crops: a quarter of the work, and DIS still sees a tenth of a pixel.
WIDTH, HEIGHT = 116, 141
EYE_BAND = (58, 92)  # rows of the 231 x 282 layout in which lids blink
PERCENTILE = 95
SMOOTHING = 1.5  # frames
FIT_ROUNDS = 4


def with_apex(clip: Clip, frames: Frames, recipe: Recipe) -> Clip:
    """The clip with the apex that the recipe chooses, where it has none and the input needs one; else as it is."""
    if not _is_open(clip, recipe):
        return clip
    assert clip.onset is not None
    assert clip.offset is not None
    (option,) = APEX_CHOICES
    rule = recipe[option]
    return replace(clip, apex=RULES[rule](frames, clip.onset, clip.offset), apex_source=rule)


def frames_that_decide(clip: Clip, recipe: Recipe) -> list[int]:
    """The numbers of all frames that an input depends on: those it reads, and those among which its apex is chosen."""
    if _is_open(clip, recipe):
        assert clip.onset is not None
        assert clip.offset is not None
        return list(range(clip.onset, clip.offset + 1))
    return [] if clip.holds_flow else recipe.kind.frames_needed(clip, recipe)


def _is_open(clip: Clip, recipe: Recipe) -> bool:
    """Whether the recipe has to choose an apex, and onset and offset say where."""
    needs_one = APEX_CHOICES.keys() <= recipe.kind.choices.keys()
    return needs_one and not clip.holds_flow and clip.apex is None and None not in {clip.onset, clip.offset}


def spot_apex(frames: Frames, onset: int, offset: int) -> int:
    """The frame in which the face has moved most from the onset; the first of several.

    How far it has moved is the 95th percentile of the DIS flow's magnitude from the onset, at 116 x 141 pixels, inside
    the paper's five facial regions without the eyes (lids blink), after the head's movement, a robust affine fit, is
    taken off; smoothed over time (Gaussian, sd 1.5 frames, no movement beyond the ends). The regions fit crops like
    CASME II's. Where onset and offset are one frame it is that. Raises ClipError for a frame that is absent or damaged.
    """
    if onset == offset:
        return onset
    reference = _small(frames, onset)
    movement = np.array([_movement(dis(reference, _small(frames, number))) for number in range(onset + 1, offset + 1)])
    smooth = cv2.GaussianBlur(movement[None], (0, 0), SMOOTHING, borderType=cv2.BORDER_CONSTANT)
    return onset + 1 + int(np.argmax(smooth))


def middle(frames: Frames, onset: int, offset: int) -> int:
    """The frame halfway, rounded down: onset + (offset - onset) / 2, as MEB takes it for SMIC."""
    return onset + (offset - onset) // 2


RULES: dict[str, Callable[[Frames, int, int], int]] = {"spotted": spot_apex, "middle": middle}


@lru_cache(maxsize=1)
def _watched() -> NDArray[np.bool_]:
    """The five regions without the eyes, (H, W)."""
    mask = face_mask(WIDTH, HEIGHT)
    top, bottom = (round(row * HEIGHT / LAYOUT_HEIGHT) for row in EYE_BAND)
    mask[top:bottom] = False
    return mask


def _small(frames: Frames, number: int) -> Gray:
    gray = cv2.cvtColor(frames.read(number), cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(gray, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _movement(flow: Float32Array) -> float:
    """How far the watched parts of a face have moved without the head, px."""
    rows, columns = np.nonzero(_watched())
    places = np.stack([np.ones_like(rows), columns, rows], axis=1).astype(np.float64)
    displacement = flow[rows, columns].astype(np.float64)
    weights = np.ones(len(places))
    for _ in range(FIT_ROUNDS):
        weighted = places * weights[:, None]
        head = np.linalg.solve(weighted.T @ places, weighted.T @ displacement)
        own = np.linalg.norm(displacement - places @ head, axis=1)
        # Cauchy's weights: what moves unlike the rest of the head hardly counts in the next fit.
        weights = 1 / (1 + (own / (np.median(own) + 1e-3)) ** 2)
    return float(np.percentile(own, PERCENTILE))
