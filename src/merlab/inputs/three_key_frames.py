"""Appearance and motion of three key frames: the middle frame, and the flow from onset to it and from it to offset.

The input of MADTN (Xia, Zheng, Zong, Jiang and Tang, "Motion Attention Deep Transfer Network for Cross-database
Micro-expression Recognition", ICPR Workshops 2021). Published: the flow between the onset, the middle and the offset
frame, and the appearance of the middle frame. Assumed: the middle is halfway between onset and offset, rounded down;
both flows are scaled by common factors, so that rise and fall of a movement can be compared.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from merlab.clips import Clip
from merlab.frames import Float32Array, Frames
from merlab.inputs.apex_and_flow import mirror, neutral
from merlab.inputs.flow import MOTION_CHOICES, gray_at, planes_of_flow
from merlab.inputs.flow_sequence import frames_to_read, scale_together
from merlab.inputs.images import COLORS, annotated_frames, planes_of, read_frames, require_frames
from merlab.inputs.recipe import InputKind, Recipe
from merlab.optical_flow import ALGORITHMS

FLOWS = 2


def three_frames(clip: Clip) -> list[int]:
    """The numbers of the onset, the middle and the offset frame; raises ClipError if onset or offset is unknown."""
    onset, offset = annotated_frames(clip, "onset", "offset")
    return [onset, onset + (offset - onset) // 2, offset]


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    frames = require_frames(clip, frames)
    needed, three = _frames_needed(clip, recipe), three_frames(clip)
    images = zip(needed, read_frames(clip, frames, needed, recipe["magnify"]), strict=True)
    by_number = {number: image for number, image in images if number in three}
    onset, middle, offset = (by_number[number] for number in three)
    grays = [gray_at(image, recipe["at"]) for image in (onset, middle, offset)]
    flows = [ALGORITHMS[recipe["algorithm"]](one, other) for one, other in zip(grays[:-1], grays[1:], strict=True)]
    motion = scale_together(np.stack([planes_of_flow(flow, recipe) for flow in flows]), recipe)
    return np.concatenate([planes_of(middle, recipe, recipe["color"]), *motion])


def _frames_needed(clip: Clip, recipe: Recipe) -> list[int]:
    return frames_to_read(clip, recipe, three_frames(clip))


THREE_KEY_FRAMES = InputKind(
    name="three-key-frames",
    title="the middle frame in [0, 1], then the flow from onset to it and from it to offset",
    version=1,
    size="224x224",
    choices={"color": tuple(COLORS), **MOTION_CHOICES},
    channels=lambda recipe: COLORS[recipe["color"]] + FLOWS * len(recipe["channels"]),
    frames_needed=_frames_needed,
    extract=_extract,
    neutral=neutral,
    mirror=partial(mirror, flows=FLOWS),
)
