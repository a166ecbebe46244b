"""Optical flow from the onset to each of T later frames of a movement, as in MDMO and SLSTT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from merlab.clips import Clip
from merlab.frames import Float32Array, Frames
from merlab.inputs.flow import MOTION_CHOICES, SCALES, gray_at, mirror_motion, no_motion, planes_of_flow
from merlab.inputs.images import read_frames, require_frames
from merlab.inputs.magnification import needs_every_frame
from merlab.inputs.recipe import InputKind, Recipe
from merlab.inputs.sequences import LENGTHS, onset_to_offset
from merlab.optical_flow import ALGORITHMS


def frames_at_equal_times(clip: Clip, count: int) -> list[int]:
    """The onset, and the ``count`` frames nearest to equal time steps up to the offset.

    A short movement has fewer frames than steps, so some frames are repeated.
    """
    movement = onset_to_offset(clip)
    return [movement[position] for position in np.rint(np.linspace(0, len(movement) - 1, count + 1)).astype(int)]


def frames_to_read(clip: Clip, recipe: Recipe, chosen: Sequence[int]) -> list[int]:
    """The frames to read, ascending: the ``chosen`` ones, or the whole movement if magnification filters over time."""
    return onset_to_offset(clip) if needs_every_frame(recipe["magnify"]) else sorted(set(chosen))


def flows_from_onset(
    clip: Clip, frames: Frames, recipe: Recipe, chosen: Sequence[int], at: str
) -> Iterator[Float32Array]:
    """Flow (H, W, 2) from the first chosen frame to each other one, computed at the size ``at`` (WxH or native)."""
    needed = frames_to_read(clip, recipe, chosen)
    images = zip(needed, read_frames(clip, frames, needed, recipe["magnify"]), strict=True)
    grays = {number: gray_at(image, at) for number, image in images if number in chosen}
    onset, *later = (grays[number] for number in chosen)
    return (ALGORITHMS[recipe["algorithm"]](onset, gray) for gray in later)


def scale_together(planes: Float32Array, recipe: Recipe) -> Float32Array:
    """Scale (T, C, H, W) with common factors for all T fields, so that the growth of the movement remains visible."""
    length, channels, height, width = planes.shape
    field = planes.transpose(1, 0, 2, 3).reshape(channels, length * height, width)
    scaled = SCALES[recipe["scale"]](field, recipe["channels"])
    return np.ascontiguousarray(scaled.reshape(channels, length, height, width).transpose(1, 0, 2, 3))


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    frames = require_frames(clip, frames)
    chosen = frames_at_equal_times(clip, recipe.frames)
    flows = flows_from_onset(clip, frames, recipe, chosen, recipe["at"])
    return scale_together(np.stack([planes_of_flow(flow, recipe) for flow in flows]), recipe)


def _frames_needed(clip: Clip, recipe: Recipe) -> list[int]:
    return frames_to_read(clip, recipe, frames_at_equal_times(clip, recipe.frames))


FLOW_SEQUENCE = InputKind(
    name="flow-sequence",
    title="optical flow from the onset to each of T later frames",
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
