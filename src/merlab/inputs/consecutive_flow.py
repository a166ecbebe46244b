"""Flow between successive frames: a movement is interpolated to T + 1 frames, which give T flow fields.

Used by Later (Hong, Lee and Jung, "Late Fusion-Based Video Transformer for Facial Micro-Expression Recognition",
Applied Sciences 12, 2022): 17 gray frames by linear interpolation, 16 Farneback flows as magnitude, u and v, and gray
frames in [0, 1] beside them. The gray frame of a flow is its first one, as in the released code.
"""

from __future__ import annotations

import numpy as np

from merlab.clips import Clip
from merlab.frames import Float32Array, Frames
from merlab.inputs.flow import SCALES, gray_at, mirror_motion, no_motion, planes_of_flow
from merlab.inputs.flow_sequence import scale_together
from merlab.inputs.images import read_frames, require_frames, resize
from merlab.inputs.magnification import MAGNIFICATIONS
from merlab.inputs.recipe import InputKind, Recipe
from merlab.inputs.sequences import onset_to_offset, whole_movement
from merlab.inputs.temporal import INTERPOLATIONS
from merlab.optical_flow import ALGORITHMS, Gray


def gray_movement(clip: Clip, frames: Frames, recipe: Recipe, count: int) -> list[Gray]:
    """The movement interpolated to ``count`` gray frames (H, W) uint8 at the size ``at``."""
    images = read_frames(clip, frames, onset_to_offset(clip), recipe["magnify"])
    grays = np.stack([gray_at(image, recipe["at"]) for image in images]).astype(np.float32)
    weights = INTERPOLATIONS[recipe["interpolation"]](len(grays), count).astype(np.float32)
    return list(np.rint(np.clip(np.tensordot(weights, grays, axes=1), 0, 255)).astype(np.uint8))


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    frames = require_frames(clip, frames)
    grays = gray_movement(clip, frames, recipe, recipe.frames + 1)
    between = [ALGORITHMS[recipe["algorithm"]](one, other) for one, other in zip(grays, grays[1:], strict=False)]
    flows = scale_together(np.stack([planes_of_flow(flow, recipe) for flow in between]), recipe)
    if recipe["gray"] == "no":
        return flows
    scaled = [resize(np.divide(gray, 255, dtype=np.float32), recipe.width, recipe.height) for gray in grays[:-1]]
    return np.concatenate([flows, np.stack(scaled)[:, None]], axis=1)


def _mirror(recipe: Recipe) -> tuple[list[float], list[float]]:
    signs, offsets = mirror_motion(recipe)
    return (signs, offsets) if recipe["gray"] == "no" else ([*signs, 1.0], [*offsets, 0.0])


def _neutral(view: Float32Array, recipe: Recipe) -> Float32Array:
    """No motion, and black in the gray frame."""
    value = no_motion(view, recipe)
    if recipe["gray"] == "yes":
        value[-1] = 0
    return value


CONSECUTIVE_FLOW = InputKind(
    name="consecutive-flow",
    title="optical flow between successive ones of T + 1 frames",
    version=2,
    size="224x224",
    choices={
        "frames": ("16", "4", "8", "9", "32", "64", "128"),
        "channels": ("muv", "uv", "uvs", "uvm"),
        "gray": ("no", "yes"),
        "interpolation": ("linear", "tim"),
        "algorithm": ("farneback", *(name for name in ALGORITHMS if name != "farneback")),
        "scale": ("raw", *(name for name in SCALES if name != "raw")),
        "at": ("231x282", "native"),
        "magnify": tuple(MAGNIFICATIONS),
    },
    channels=lambda recipe: len(recipe["channels"]) + (recipe["gray"] == "yes"),
    frames_needed=whole_movement,
    extract=_extract,
    neutral=_neutral,
    mirror=_mirror,
    layout="sequence",
)
