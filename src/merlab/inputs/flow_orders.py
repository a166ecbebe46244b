"""First- and second-order motion from onset to apex, and soft masks of the parts of the face, as in KFC-MER.

Su et al., "Key Facial Components Guided Micro-Expression Recognition Based on First & Second-Order Motion" (KFC-MER),
ICME 2021. From the authors' released code: u, v and magnitude are the first-order motion; the derivatives exx, eyy and
exy are the second-order motion; all are images of 224 x 224 with 8 bits, so each is stretched to its own range.

exx = du/dx, eyy = dv/dy, exy = (du/dy + dv/dx) / 2, by central differences at the size ``at``. Differs: the masks
(``inputs.soft_masks``) replace those of a network that labels each pixel.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from merlab.alignment_record import RECORD
from merlab.clips import Clip
from merlab.frames import Float32Array, Frames
from merlab.inputs.flow import SCALES, gray_at
from merlab.inputs.images import frames_to_apex, read_key_frames, require_frames, resize
from merlab.inputs.magnification import MAGNIFICATIONS
from merlab.inputs.recipe import APEX_CHOICES, InputKind, Recipe
from merlab.inputs.soft_masks import PARTS, masks_from_landmarks, template_masks
from merlab.optical_flow import ALGORITHMS
from merlab.preparation.record import landmarks_of

# Strain is scaled by itself, so the scales treat the derivatives as they treat "s".
LETTERS = "uvmsss"
# The channels that change their sign in a mirrored face: u and exy.
MIRRORED = (True, False, False, False, False, True)


def orders_of(flow: Float32Array) -> list[Float32Array]:
    """u, v, magnitude, exx, eyy and exy, each (H, W), of a flow (H, W, 2): pixels, and pixels per pixel."""
    u, v = flow[..., 0], flow[..., 1]
    (u_y, u_x), (v_y, v_x) = np.gradient(u), np.gradient(v)
    return [np.asarray(plane, np.float32) for plane in (u, v, np.hypot(u, v), u_x, v_y, (u_y + v_x) / 2)]


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    frames = require_frames(clip, frames)
    onset, apex = (gray_at(image, recipe["at"]) for image in read_key_frames(clip, frames, recipe["magnify"]))
    orders = orders_of(ALGORITHMS[recipe["algorithm"]](onset, apex))
    planes = SCALES[recipe["scale"]](
        np.stack([resize(plane, recipe.width, recipe.height) for plane in orders]), LETTERS
    )
    if recipe["masks"] == "none":
        return planes
    if recipe["masks"] == "template":
        return np.concatenate([planes, template_masks(recipe.width, recipe.height)])
    return np.concatenate([planes, masks_from_landmarks(landmarks_of(clip), recipe.width, recipe.height)])


def _channels(recipe: Recipe) -> int:
    return len(LETTERS) + (0 if recipe["masks"] == "none" else len(PARTS))


def _mirror(recipe: Recipe) -> tuple[list[float], list[float]] | None:
    """The signs and offsets of the six planes; None with masks, because left and right parts change places."""
    if recipe["masks"] != "none":
        return None
    offset = 1.0 if recipe["scale"] == "minmax" else 0.0
    return [-1.0 if changes else 1.0 for changes in MIRRORED], [offset if changes else 0.0 for changes in MIRRORED]


def _files(clip: Clip, recipe: Recipe) -> list[Path]:
    record = clip.source / RECORD
    return [record] if recipe["masks"] == "landmarks" and record.exists() else []


FLOW_ORDERS = InputKind(
    name="flow-orders",
    title="flow u, v, m and its derivatives exx, eyy, exy, with soft masks of ten parts",
    version=1,
    size="224x224",
    choices={
        "masks": ("template", "landmarks", "none"),
        "algorithm": tuple(ALGORITHMS),
        "scale": tuple(SCALES),
        "at": ("231x282", "native"),
        "magnify": tuple(MAGNIFICATIONS),
        **APEX_CHOICES,
    },
    channels=_channels,
    frames_needed=lambda clip, recipe: frames_to_apex(clip, recipe["magnify"]),
    extract=_extract,
    mirror=_mirror,
    files=_files,
)
