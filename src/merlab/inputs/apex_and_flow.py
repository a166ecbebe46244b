"""Texture and motion in one array: the apex frame, then the flow from onset to apex, as in MSMMT."""

from __future__ import annotations

import numpy as np

from merlab.clips import Clip
from merlab.frames import Float32Array, Frames
from merlab.inputs.flow import MOTION_CHOICES, SCALES, gray_at, mirror_motion, no_motion, planes_of_flow
from merlab.inputs.images import COLORS, frames_to_apex, planes_of, read_key_frames, require_frames
from merlab.inputs.recipe import APEX_CHOICES, InputKind, Recipe
from merlab.optical_flow import ALGORITHMS


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    onset, apex = read_key_frames(clip, require_frames(clip, frames), recipe["magnify"])
    flow = ALGORITHMS[recipe["algorithm"]](gray_at(onset, recipe["at"]), gray_at(apex, recipe["at"]))
    motion = SCALES[recipe["scale"]](planes_of_flow(flow, recipe), recipe["channels"])
    return np.concatenate([planes_of(apex, recipe, recipe["color"]), motion])


def neutral(view: Float32Array, recipe: Recipe) -> Float32Array:
    """Black in the first frame, which is texture, and no motion."""
    texture = COLORS[recipe["color"]]
    return np.concatenate([np.zeros((texture, 1, 1), np.float32), no_motion(view[texture:], recipe)])


def mirror(recipe: Recipe, flows: int = 1) -> tuple[list[float], list[float]]:
    """The signs and offsets of the channels of one texture and of the ``flows`` after it."""
    signs, offsets = mirror_motion(recipe)
    texture = COLORS[recipe["color"]]
    return [1.0] * texture + signs * flows, [0.0] * texture + offsets * flows


APEX_AND_FLOW = InputKind(
    name="apex-and-flow",
    title="the apex frame in [0, 1], then onset-to-apex flow",
    version=1,
    size="224x224",
    choices={"color": tuple(COLORS), **MOTION_CHOICES, **APEX_CHOICES},
    channels=lambda recipe: COLORS[recipe["color"]] + len(recipe["channels"]),
    frames_needed=lambda clip, recipe: frames_to_apex(clip, recipe["magnify"]),
    extract=_extract,
    neutral=neutral,
    mirror=mirror,
)
