"""Long-term flow as color images: the flow from the onset to each of T frames, as in SLSTT.

Zhang, Hong, Arandjelovic and Zhao, "Short and Long Range Relation Based Spatio-Temporal Transformer for Micro-
Expression Recognition" (SLSTT), IEEE Transactions on Affective Computing 13(4), 2022. From the authors' released code:
Farneback flow from the onset to each of 11 successive frames, centered on the apex, or from the first frame after the
onset on if the apex is nearer; the direction is the hue, the saturation is full, and the magnitude, stretched to 0..255
in each image separately, is the value.

Differs: the release interpolates what is missing at the end by a neural network (RIFE); here, frames that would lie
after the movement are replaced by its last frame.
"""

from __future__ import annotations

import cv2
import numpy as np

from merlab.clips import Clip
from merlab.frames import Float32Array, Frames, Image
from merlab.inputs.flow_sequence import flows_from_onset, frames_at_equal_times, frames_to_read
from merlab.inputs.images import annotated_frames, require_frames, resize, zeros
from merlab.inputs.magnification import MAGNIFICATIONS
from merlab.inputs.recipe import APEX_CHOICES, InputKind, Recipe
from merlab.optical_flow import ALGORITHMS, HALF_DEGREES

FULL = 255


def frames_around_apex(clip: Clip, count: int) -> list[int]:
    """The onset, and ``count`` successive frames after it, whose middle one is the apex if it is late enough.

    No frame is after the offset, which is repeated instead.
    """
    onset, apex, offset = annotated_frames(clip, "onset", "apex", "offset")
    first = max(apex - (count - 1) // 2, onset + 1)
    return [onset, *np.minimum(range(first, first + count), offset).tolist()]


def hsv_image(flow: Float32Array, low: float, high: float) -> Image:
    """Flow (H, W, 2) as an image (H, W, 3) uint8, red first; black is the magnitude ``low``, full color is ``high``.

    The hue makes one full turn: red is a movement to the right of the image, then follow down, left and up.
    """
    magnitude = np.hypot(flow[..., 0], flow[..., 1])
    turn = np.arctan2(flow[..., 1], flow[..., 0]) / (2 * np.pi) % 1
    value = (magnitude - low) / (high - low) if high > low else np.zeros_like(magnitude)
    hsv = np.stack([HALF_DEGREES * turn % HALF_DEGREES, np.full_like(turn, FULL), FULL * value], axis=-1)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def _chosen(clip: Clip, recipe: Recipe) -> list[int]:
    return (frames_around_apex if recipe["span"] == "apex" else frames_at_equal_times)(clip, recipe.frames)


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    frames = require_frames(clip, frames)
    flows = list(flows_from_onset(clip, frames, recipe, _chosen(clip, recipe), recipe["at"]))
    lengths = np.stack([np.hypot(flow[..., 0], flow[..., 1]) for flow in flows])
    if recipe["stretch"] == "clip":
        lengths = lengths.reshape(1, -1).repeat(len(flows), axis=0)
    images = [hsv_image(flow, float(each.min()), float(each.max())) for flow, each in zip(flows, lengths, strict=True)]
    planes = [resize(np.divide(image, FULL, dtype=np.float32), recipe.width, recipe.height) for image in images]
    return np.ascontiguousarray(np.stack(planes).transpose(0, 3, 1, 2))


HSV_FLOW = InputKind(
    name="hsv-flow",
    title="flow from the onset to each of T frames as color images, [0, 1]",
    version=2,
    size="384x384",
    choices={
        "frames": ("11", "5", "3"),
        "span": ("apex", "movement"),
        "stretch": ("image", "clip"),
        "algorithm": ("farneback", *(name for name in ALGORITHMS if name != "farneback")),
        "at": ("231x282", "native"),
        "magnify": tuple(MAGNIFICATIONS),
        **APEX_CHOICES,
    },
    channels=lambda recipe: 3,
    frames_needed=lambda clip, recipe: frames_to_read(clip, recipe, _chosen(clip, recipe)),
    extract=_extract,
    neutral=zeros,
    layout="sequence",
)
