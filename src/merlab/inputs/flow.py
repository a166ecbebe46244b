"""Onset-to-apex optical flow: u (to the right of the image), v (down), magnitude and optical strain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from merlab.clips import Clip
from merlab.frames import ClipError, Float32Array, Frames, Image, read_image
from merlab.inputs.images import frames_to_apex, medians, read_key_frames, resize, zeros
from merlab.inputs.magnification import MAGNIFICATIONS
from merlab.inputs.recipe import APEX_CHOICES, InputKind, Recipe, parse_size
from merlab.optical_flow import ALGORITHMS, Gray, strain

SMALLEST_SCALE = 1e-6
RELEASED_CHANNELS = "uvs"


CHANNELS: dict[str, Callable[[Float32Array], Float32Array]] = {
    "u": lambda flow: flow[..., 0],
    "v": lambda flow: flow[..., 1],
    "m": lambda flow: np.hypot(flow[..., 0], flow[..., 1]),
    "s": strain,
}


def stretch_each(planes: Float32Array, letters: str) -> Float32Array:
    """Stretch each channel of (C, H, W) separately to [0, 1], like the STSTNet release; a constant one becomes 0."""
    low = planes.min(axis=(1, 2), keepdims=True)
    span = planes.max(axis=(1, 2), keepdims=True) - low
    stretched = np.zeros_like(planes)
    np.divide(planes - low, span, out=stretched, where=span > 0)
    return stretched


def scale_signed(planes: Float32Array, letters: str) -> Float32Array:
    """Scale (C, H, W) to [-1, 1]; zero and the direction of the flow are kept.

    u, v and magnitude are divided by the 99th percentile of the largest of their absolute values at each pixel; strain
    is divided by its own 99th percentile. Values outside [-1, 1] are clipped.
    """
    scaled = np.empty_like(planes)
    for strain_only in (False, True):
        chosen = [position for position, letter in enumerate(letters) if (letter == "s") is strain_only]
        if chosen:
            span = np.percentile(np.abs(planes[chosen]).max(axis=0), 99)
            scaled[chosen] = planes[chosen] / max(float(span), SMALLEST_SCALE)
    return np.clip(scaled, -1, 1)


def center(planes: Float32Array, letters: str) -> Float32Array:
    """Every channel of (C, H, W) minus its median, divided by its standard deviation; a constant one becomes 0.

    Stretching a channel changes neither, so that stored images and new flow become the same input. Most of a face does
    not move, so 0 is close to no motion.
    """
    planes = np.ascontiguousarray(planes)  # the last digit of a sum depends on the order in memory
    centered = planes - np.median(planes, axis=(1, 2), keepdims=True)
    spread = planes.std(axis=(1, 2), keepdims=True)
    scaled = np.zeros_like(planes)
    np.divide(centered, spread, out=scaled, where=spread > SMALLEST_SCALE)
    return scaled


def keep_pixels(planes: Float32Array, letters: str) -> Float32Array:
    """u, v and magnitude in pixels at the size at which the flow was computed; strain in pixels per pixel."""
    return planes


SCALES: dict[str, Callable[[Float32Array, str], Float32Array]] = {
    "minmax": stretch_each,
    "signed": scale_signed,
    "raw": keep_pixels,
    "centered": center,
}
# The scales that a stored image, each channel of which is stretched separately, still determines.
STORED_SCALES = ("minmax", "centered")


def gray_at(image: Image, at: str) -> Gray:
    """A BGR frame in gray levels, resized to ``at`` (WxH, or ``native`` for the size of the frame)."""
    gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    if at == "native":
        return gray
    return np.rint(resize(gray.astype(np.float32), *parse_size(at))).astype(np.uint8)


def planes_of_flow(flow: Float32Array, recipe: Recipe) -> Float32Array:
    """The channels of the recipe from a flow field (H, W, 2), at the recipe's size, unscaled: (C, height, width)."""
    letters = recipe["channels"]
    return np.stack([resize(CHANNELS[letter](flow), recipe.width, recipe.height) for letter in letters])


def read_flow_image(path: Path) -> Float32Array:
    """A released flow image as (3, H, W) in [0, 1]: u, v, strain.

    The files contain R = u, G = v, B = strain, each stretched separately to 0..255. OpenCV decodes them as BGR, so the
    order is reversed here. (With the wrong order, the UF1 of a linear SVM falls from .72 to .40.)
    """
    return np.divide(read_image(path)[..., ::-1].transpose(2, 0, 1), 255, dtype=np.float32)


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    if frames is None:
        return _stored_flow(clip, recipe)
    onset, apex = (gray_at(image, recipe["at"]) for image in read_key_frames(clip, frames, recipe["magnify"]))
    planes = planes_of_flow(ALGORITHMS[recipe["algorithm"]](onset, apex), recipe)
    return SCALES[recipe["scale"]](planes, recipe["channels"])


def _stored_flow(clip: Clip, recipe: Recipe) -> Float32Array:
    """The stored flow image, if it fits the recipe; its algorithm is that of the release (TV-L1)."""
    letters = recipe["channels"]
    planes = read_flow_image(clip.source)
    stored = f"{planes.shape[2]}x{planes.shape[1]}"
    if (
        recipe["scale"] not in STORED_SCALES
        or recipe["magnify"] != "none"
        or not set(letters) <= set(RELEASED_CHANNELS)
        or stored != f"{recipe.width}x{recipe.height}"
    ):
        raise ClipError(
            f"{clip.subject} {clip.name} ({clip.database}) is stored as flow of {stored} pixels with the channels "
            f"{RELEASED_CHANNELS}, each stretched separately, so that the zero level and the true scale are lost; "
            f"{recipe} cannot be computed from it: use channels=uvs, uv or s, scale=minmax or centered, size={stored}, "
            "no magnify"
        )
    chosen = planes[[RELEASED_CHANNELS.index(letter) for letter in letters]]
    return chosen if recipe["scale"] == "minmax" else SCALES[recipe["scale"]](chosen, letters)


def no_motion(view: Float32Array, recipe: Recipe) -> Float32Array:
    """The value of no motion: 0, but the median under ``minmax``, which loses the zero level."""
    return medians(view, recipe) if recipe["scale"] == "minmax" else zeros(view, recipe)


def mirror_motion(recipe: Recipe) -> tuple[list[float], list[float]]:
    """A mirrored face moves to the other side, so u changes its sign (under ``minmax``: 1 - u)."""
    offset = 1.0 if recipe["scale"] == "minmax" else 0.0
    is_u = [letter == "u" for letter in recipe["channels"]]
    return [-1.0 if horizontal else 1.0 for horizontal in is_u], [offset if horizontal else 0.0 for horizontal in is_u]


MOTION_CHOICES = {
    "algorithm": tuple(ALGORITHMS),
    "channels": ("uvs", "uv", "uvm", "ms", "m", "s"),
    "scale": tuple(SCALES),
    "at": ("231x282", "native"),
    "magnify": tuple(MAGNIFICATIONS),
}

FLOW = InputKind(
    name="flow",
    title="onset-to-apex optical flow: u, v, magnitude m, strain s",
    version=1,
    size="28x28",
    choices={**MOTION_CHOICES, **APEX_CHOICES},
    channels=lambda recipe: len(recipe["channels"]),
    frames_needed=lambda clip, recipe: frames_to_apex(clip, recipe["magnify"]),
    extract=_extract,
    neutral=no_motion,
    mirror=mirror_motion,
    strain=lambda recipe: [recipe["channels"].index("s")] if "s" in recipe["channels"] else [],
)
