"""Choose the apex of a clip without an annotated apex: spotted in its frames, or its middle frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.clips import Clip
from merlab.faces.regions import LAYOUT_HEIGHT, face_mask
from merlab.frames import Float32Array, Frames
from merlab.inputs.recipe import APEX_CHOICES, Recipe
from merlab.optical_flow import Gray, dis

# Half the size of CASME II's crops: a quarter of the time, and DIS can still measure a tenth of a pixel.
WIDTH, HEIGHT = 116, 141
EYE_BAND = (58, 92)  # rows of the 231 x 282 layout with the eyelids, which blink
PERCENTILE = 95
SMOOTHING = 1.5  # frames
FIT_ROUNDS = 4


def with_apex(clip: Clip, frames: Frames, recipe: Recipe) -> Clip:
    """The clip with the apex that the recipe chooses, if it has none and the input needs one; else the same clip."""
    if not _must_choose(clip, recipe):
        return clip
    assert clip.onset is not None
    assert clip.offset is not None
    (option,) = APEX_CHOICES
    rule = recipe[option]
    return replace(clip, apex=RULES[rule](frames, clip.onset, clip.offset), apex_source=rule)


def frames_that_decide(clip: Clip, recipe: Recipe) -> list[int]:
    """The numbers of all frames that an input depends on: those that it reads, and those that decide its apex."""
    if _must_choose(clip, recipe):
        assert clip.onset is not None
        assert clip.offset is not None
        between = range(clip.onset, clip.offset + 1)
        if recipe.kind.is_built_in:
            return list(between)
        # Your own kind may read others, by where the apex is.
        needed = (recipe.kind.frames_needed(replace(clip, apex=apex), recipe) for apex in between)
        return sorted({*between, *chain.from_iterable(needed)})
    return [] if clip.holds_flow else recipe.kind.frames_needed(clip, recipe)


def _must_choose(clip: Clip, recipe: Recipe) -> bool:
    """Whether the recipe must choose an apex; onset and offset must be known."""
    needs_one = APEX_CHOICES.keys() <= recipe.kind.choices.keys()
    return needs_one and not clip.holds_flow and clip.apex is None and None not in {clip.onset, clip.offset}


def spot_apex(frames: Frames, onset: int, offset: int) -> int:
    """The frame with the largest movement of the face since the onset; the first one if several are equal.

    The movement of a frame is the 95th percentile of the magnitude of the DIS flow from the onset, at 116 x 141 pixels,
    inside the paper's five facial regions without the eyes (lids blink). The movement of the head, a robust affine fit
    to the flow, is subtracted first. The movements are smoothed over time (Gaussian, sd 1.5 frames, no movement beyond
    the ends). The regions fit crops like those of CASME II. If onset and offset are the same frame, the result is this
    frame. Frames that the camera dropped between them are passed over. Raises ClipError if the onset or the offset is
    absent, or a frame is damaged.
    """
    if onset == offset:
        return onset
    reference = _small(frames, onset)
    numbers = [*_between(frames, onset, offset), offset]
    movement = np.array([_movement(dis(reference, _small(frames, number))) for number in numbers])
    smooth = cv2.GaussianBlur(movement[None], (0, 0), SMOOTHING, borderType=cv2.BORDER_CONSTANT)
    return numbers[int(np.argmax(smooth))]


def middle(frames: Frames, onset: int, offset: int) -> int:
    """The middle frame, onset + (offset - onset) / 2 rounded down, as in MEB for SMIC; the nearest one if it is absent.

    If the onset and the offset are all that is left between them, it is the offset.
    """
    number = onset + (offset - onset) // 2
    if number == onset:
        return onset
    return min((*_between(frames, onset, offset), offset), key=lambda other: abs(other - number))


def _between(frames: Frames, onset: int, offset: int) -> list[int]:
    """The existing frames after the onset and before the offset: the camera of CAS(ME)^3 dropped some."""
    return [number for number in frames.numbers if onset < number < offset]


RULES: dict[str, Callable[[Frames, int, int], int]] = {"spotted": spot_apex, "middle": middle}


@lru_cache(maxsize=1)
def _mask() -> NDArray[np.bool_]:
    """The five regions without the eyes, (H, W)."""
    mask = face_mask(WIDTH, HEIGHT)
    top, bottom = (round(row * HEIGHT / LAYOUT_HEIGHT) for row in EYE_BAND)
    mask[top:bottom] = False
    return mask


def _small(frames: Frames, number: int) -> Gray:
    gray = cv2.cvtColor(frames.read(number), cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(gray, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _movement(flow: Float32Array) -> float:
    """How far the face has moved in the regions, without the movement of the head, px."""
    rows, columns = np.nonzero(_mask())
    places = np.stack([np.ones_like(rows), columns, rows], axis=1).astype(np.float64)
    displacement = flow[rows, columns].astype(np.float64)
    weights = np.ones(len(places))
    for _ in range(FIT_ROUNDS):
        weighted = places * weights[:, None]
        head = np.linalg.solve(weighted.T @ places, weighted.T @ displacement)
        own = np.linalg.norm(displacement - places @ head, axis=1)
        # Cauchy weights: pixels that move differently from the rest of the head have little weight in the next fit.
        weights = 1 / (1 + (own / (np.median(own) + 1e-3)) ** 2)
    return float(np.percentile(own, PERCENTILE))
