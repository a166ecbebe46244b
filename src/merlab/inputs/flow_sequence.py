"""Optical flow from the onset to each of T later frames of a movement, the representation of MDMO and SLSTT."""

from __future__ import annotations

import numpy as np

from merlab.clips import Clip, Frames
from merlab.inputs.flow import ALGORITHMS, MOTION_CHOICES, SCALES, grey_at, mirror_motion, no_motion, planes_of_flow
from merlab.inputs.images import held, read_frames
from merlab.inputs.magnification import needs_every_frame
from merlab.inputs.recipe import FloatArray, InputKind, Recipe
from merlab.inputs.sequences import LENGTHS, onset_to_offset


def frames_at_equal_times(clip: Clip, recipe: Recipe) -> list[int]:
    """Onset, then T frame numbers nearest to equal steps from it to the offset; a shorter movement repeats some."""
    movement = onset_to_offset(clip)
    return [
        movement[position] for position in np.rint(np.linspace(0, len(movement) - 1, recipe.frames + 1)).astype(int)
    ]


def flows_from_onset(clip: Clip, frames: Frames | None, recipe: Recipe) -> FloatArray:
    """Flow from the onset to each of T frames, at the recipe's size, not yet scaled: (T, C, height, width)."""
    frames = held(clip, frames)
    chosen = frames_at_equal_times(clip, recipe)
    needed = _frames_needed(clip, recipe)
    images = dict(zip(needed, read_frames(clip, frames, needed, recipe["magnify"]), strict=True))
    onset, *later = (grey_at(images[number], recipe["at"]) for number in chosen)
    return np.stack([planes_of_flow(ALGORITHMS[recipe["algorithm"]](onset, grey), recipe) for grey in later])


def scale_together(planes: FloatArray, recipe: Recipe) -> FloatArray:
    """Scale (T, C, H, W) as one field: how the movement grows and fades stays in it."""
    length, channels, height, width = planes.shape
    field = planes.transpose(1, 0, 2, 3).reshape(channels, length * height, width)
    scaled = SCALES[recipe["scale"]](field, recipe["channels"])
    return np.ascontiguousarray(scaled.reshape(channels, length, height, width).transpose(1, 0, 2, 3))


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> FloatArray:
    return scale_together(flows_from_onset(clip, frames, recipe), recipe)


def _frames_needed(clip: Clip, recipe: Recipe) -> list[int]:
    if needs_every_frame(recipe["magnify"]):
        return onset_to_offset(clip)
    return sorted(set(frames_at_equal_times(clip, recipe)))


FLOW_SEQUENCE = InputKind(
    name="flow-sequence",
    title="optical flow from the onset to each of so many frames",
    version=1,
    size="28x28",
    choices={"frames": LENGTHS, **MOTION_CHOICES},
    channels=lambda recipe: len(recipe["channels"]),
    frames_needed=_frames_needed,
    extract=_extract,
    neutral=no_motion,
    mirror=mirror_motion,
    layout="sequence",
)
