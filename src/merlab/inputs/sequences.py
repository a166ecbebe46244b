"""Inputs made of a whole movement, onset to offset: T frames of it, and the dynamic image that pools all of them."""

from __future__ import annotations

import numpy as np

from merlab.clips import Clip
from merlab.frames import Float32Array, Frames
from merlab.inputs.images import (
    COLORS,
    PAPER_SIZE,
    annotated,
    black,
    held,
    middle,
    plain_mirror,
    planes_of,
    read_frames,
)
from merlab.inputs.magnification import MAGNIFICATIONS
from merlab.inputs.recipe import InputKind, Recipe
from merlab.inputs.temporal import INTERPOLATIONS, RANK_POOLINGS

LENGTHS = ("10", "11", "16", "32", "64", "128")
FLAT = 1e-6


def onset_to_offset(clip: Clip) -> list[int]:
    """Every frame number of the movement; raises ClipError where its onset or offset is unknown."""
    onset, offset = annotated(clip, "onset", "offset")
    return list(range(onset, offset + 1))


def read_movement(clip: Clip, frames: Frames | None, recipe: Recipe, color: str) -> Float32Array:
    """All frames of the movement at the recipe's size, magnified if it says so: (n, C, H, W) in [0, 1]."""
    frames = held(clip, frames)
    images = read_frames(clip, frames, onset_to_offset(clip), recipe["magnify"])
    return np.stack([planes_of(image, recipe, color) for image in images])


def interpolated(clip: Clip, frames: Frames | None, recipe: Recipe, color: str) -> Float32Array:
    """The movement brought to the recipe's T frames, (T, C, H, W) in [0, 1]; what lies beyond is clipped."""
    movement = read_movement(clip, frames, recipe, color)
    weights = INTERPOLATIONS[recipe["interpolation"]](len(movement), int(recipe["frames"])).astype(np.float32)
    return np.clip(np.tensordot(weights, movement, axes=1), 0, 1)


def _sequence(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    return interpolated(clip, frames, recipe, recipe["color"])


def _dynamic_image(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    movement = read_movement(clip, frames, recipe, recipe["color"])
    # In double precision: weights of some hundreds cancel, and a still face must not turn into stretched rounding.
    pooled = np.tensordot(RANK_POOLINGS[recipe["weights"]](len(movement)), movement, axes=1)
    low, high = pooled.min(), pooled.max()
    if high - low < FLAT:
        return np.zeros(pooled.shape, np.float32)
    return np.asarray((pooled - low) / (high - low), np.float32)


def whole_movement(clip: Clip, recipe: Recipe) -> list[int]:
    """What an input that reads the whole movement needs."""
    return onset_to_offset(clip)


SEQUENCE = InputKind(
    name="sequence",
    title="onset to offset brought to so many frames, [0, 1]",
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
    neutral=black,
    mirror=plain_mirror,
    layout="sequence",
)
DYNAMIC_IMAGE = InputKind(
    name="dynamic-image",
    title="onset to offset pooled into one image by rank, [0, 1]",
    version=1,
    size="112x112",
    choices={"weights": tuple(RANK_POOLINGS), "color": tuple(COLORS), "magnify": tuple(MAGNIFICATIONS)},
    channels=lambda recipe: COLORS[recipe["color"]],
    frames_needed=whole_movement,
    extract=_dynamic_image,
    neutral=middle,
    mirror=plain_mirror,
)
