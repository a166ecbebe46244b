"""Inputs from a whole movement, onset to offset: T frames of it, and a dynamic image that pools all its frames."""

from __future__ import annotations

import numpy as np

from merlab.clips import Clip
from merlab.frames import Float32Array, Frames
from merlab.inputs.images import (
    COLORS,
    PAPER_SIZE,
    annotated_frames,
    medians,
    plain_mirror,
    planes_of,
    read_frames,
    require_frames,
    zeros,
)
from merlab.inputs.magnification import MAGNIFICATIONS
from merlab.inputs.recipe import InputKind, Recipe
from merlab.inputs.temporal import INTERPOLATIONS, RANK_POOLINGS

LENGTHS = ("10", "11", "16", "32", "64", "128")
FLAT = 1e-6


def onset_to_offset(clip: Clip) -> list[int]:
    """All frame numbers of the movement; raises ClipError if its onset or offset is unknown."""
    onset, offset = annotated_frames(clip, "onset", "offset")
    return list(range(onset, offset + 1))


def read_movement(clip: Clip, frames: Frames | None, recipe: Recipe, color: str) -> Float32Array:
    """All frames of the movement at the size and with the magnification of the recipe: (n, C, H, W) in [0, 1]."""
    frames = require_frames(clip, frames)
    images = read_frames(clip, frames, onset_to_offset(clip), recipe["magnify"])
    return np.stack([planes_of(image, recipe, color) for image in images])


def interpolated(clip: Clip, frames: Frames | None, recipe: Recipe, color: str) -> Float32Array:
    """The movement interpolated to the T frames of the recipe, (T, C, H, W), clipped to [0, 1]."""
    movement = read_movement(clip, frames, recipe, color)
    weights = INTERPOLATIONS[recipe["interpolation"]](len(movement), int(recipe["frames"])).astype(np.float32)
    return np.clip(np.tensordot(weights, movement, axes=1), 0, 1)


def _sequence(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    return interpolated(clip, frames, recipe, recipe["color"])


def _dynamic_image(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    movement = read_movement(clip, frames, recipe, recipe["color"])
    # In double precision: weights of some hundreds cancel, and rounding errors of a still face must not be stretched.
    pooled = np.tensordot(RANK_POOLINGS[recipe["weights"]](len(movement)), movement, axes=1)
    low, high = pooled.min(), pooled.max()
    if high - low < FLAT:
        return np.zeros(pooled.shape, np.float32)
    return np.asarray((pooled - low) / (high - low), np.float32)


def whole_movement(clip: Clip, recipe: Recipe) -> list[int]:
    """The frame numbers that an input of the whole movement needs: onset to offset."""
    return onset_to_offset(clip)


SEQUENCE = InputKind(
    name="sequence",
    title="onset to offset interpolated to T frames, [0, 1]",
    version=1,
    size=PAPER_SIZE,
    choices={
        "frames": LENGTHS,
        "interpolation": tuple(INTERPOLATIONS),
        "color": ("gray", "bgr"),
        "magnify": tuple(MAGNIFICATIONS),
    },
    channels=lambda recipe: COLORS[recipe["color"]],
    frames_needed=whole_movement,
    extract=_sequence,
    neutral=zeros,
    mirror=plain_mirror,
    layout="sequence",
)
DYNAMIC_IMAGE = InputKind(
    name="dynamic-image",
    title="onset to offset rank-pooled into one image, [0, 1]",
    version=1,
    size="112x112",
    choices={"weights": tuple(RANK_POOLINGS), "color": tuple(COLORS), "magnify": tuple(MAGNIFICATIONS)},
    channels=lambda recipe: COLORS[recipe["color"]],
    frames_needed=whole_movement,
    extract=_dynamic_image,
    neutral=medians,
    mirror=plain_mirror,
)
