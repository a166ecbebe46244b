"""Synthetic flow as inputs: cropped like a database, with small random movements, and scaled as a recipe states."""

from __future__ import annotations

from zlib import crc32

import cv2
import numpy as np

from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.inputs.flow import FLOW, RELEASED_CHANNELS, SCALES
from merlab.inputs.images import resize
from merlab.inputs.local_view import local_view
from merlab.inputs.recipe import Recipe
from merlab.inputs.released_flow import RELEASED_FLOW, images_in
from merlab.synthesis import CROP, FlowClips
from merlab.synthesis.canvas_layout import Stream, random_stream
from merlab.synthesis.varied_flow import REDUCTION, WINDOW

# Standard deviations of the variation of a crop: shift in px of 231x282, logarithm of either scale, turn in degrees.
SHIFT, SCALE, TURN = 4.0, 0.04, 2.0
# Pixels are read at least at this many places along either side, and then averaged.
LEAST_PLACES = 56
# Released images of the flow from onset to apex; the others show a direction, or the way back.
ONSET_TO_APEX = {"ststnet", "out"}


def synthetic_inputs(flow: FlowClips, recipe: Recipe, *, seed: int = 0, vary: bool = True) -> Float32Array:
    """The inputs of synthetic clips under the recipe of a real clip, float32 (N, *recipe.sample_shape).

    They are cropped where ``merlab make-faces`` crops. With ``vary``, each crop is moved (standard deviation 4 px of
    231x282), scaled (4 %) and turned (2 degrees); the numbers of a clip depend only on ``seed`` and its name. Channels,
    scale, size and regions are those of the recipe; the algorithm of the flow differs from clip to clip.

    Raises MerlabError for a recipe that no synthetic flow has, with the possible ones.
    """
    _require_possible(recipe)
    inputs = np.empty((len(flow), *recipe.sample_shape), np.float32)
    for row, key in enumerate(zip(flow.subjects, flow.names, strict=True)):
        rng = random_stream(seed, Stream.VARIED_CROP, crc32("/".join(key).encode())) if vary else None
        inputs[row] = _input_of(flow.planes[row].astype(np.float32), recipe, rng)
    return inputs


def _require_possible(recipe: Recipe) -> None:
    kind = recipe.kind.name
    if kind == FLOW.name:
        fault = "" if recipe["magnify"] == "none" else "synthetic flow cannot be magnified; use magnify=none"
        if recipe.outlines != "template":
            fault = "synthetic flow has no landmarks; use outlines=template"
    elif kind == RELEASED_FLOW.name:
        images = set(images_in(recipe))
        fault = "" if images & ONSET_TO_APEX else "synthetic flow is from onset to apex; add ststnet=yes or out=yes"
        if any(image.endswith("-direction") for image in images):
            fault = "synthetic flow has no direction images; leave them out"
        elif recipe.samples < len(images):
            fault = "synthetic flow has one image per clip; use as=views"
    else:
        fault = f"synthetic flow gives only the inputs {FLOW.name} and {RELEASED_FLOW.name}"
    if fault:
        raise MerlabError(f"{recipe}: {fault}")


def _input_of(planes: Float32Array, recipe: Recipe, rng: np.random.Generator | None) -> Float32Array:
    """The input of one clip from its kept planes (3, H, W): u, v, strain."""
    u, v, strain = cropped(planes, recipe.width, recipe.height, rng)
    channels = {"u": u, "v": v, "m": np.hypot(u, v), "s": strain}
    letters = recipe["channels"] if recipe.kind.name == FLOW.name else RELEASED_CHANNELS
    whole = SCALES[recipe["scale"]](np.stack([channels[letter] for letter in letters]), letters)
    if recipe.view == "global" or recipe.kind.neutral is None:
        return whole
    local = local_view(whole, recipe)
    return local if recipe.view == "local" else np.concatenate([whole, local])


def cropped(planes: Float32Array, width: int, height: int, rng: np.random.Generator | None = None) -> Float32Array:
    """The crop of the kept planes (C, H, W) of a window, resized to (C, height, width); varied with ``rng``.

    Flow vectors are neither scaled nor turned with the crop: inputs are scaled afterwards, and 2 degrees are less than
    the noise of flow.
    """
    times_x, times_y = (max(1, -(-LEAST_PLACES // side)) for side in (width, height))
    columns, rows = width * times_x, height * times_y
    sampled = cv2.warpAffine(
        np.ascontiguousarray(planes.transpose(1, 2, 0)),
        _crop_matrix(columns, rows, rng),
        (columns, rows),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return resize(np.asarray(sampled, np.float32), width, height).transpose(2, 0, 1)


def _crop_matrix(columns: int, rows: int, rng: np.random.Generator | None) -> Float32Array:
    """The affine map (2, 3) from a pixel of the result to one of the kept planes."""
    size = np.array([CROP.width, CROP.height]) / REDUCTION
    center = (np.array([CROP.left - WINDOW.left, CROP.top - WINDOW.top])) / REDUCTION + size / 2 - 0.5
    angle = 0.0
    if rng is not None:
        size = size * np.exp(rng.normal(0, SCALE, 2))
        center = center + rng.normal(0, SHIFT / REDUCTION, 2)
        angle = np.deg2rad(rng.normal(0, TURN))
    step_x, step_y = size / (columns, rows)
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = np.array([[cosine * step_x, -sine * step_y], [sine * step_x, cosine * step_y]])
    start = center - turned @ np.array([(columns - 1) / 2, (rows - 1) / 2])
    return np.column_stack([turned, start]).astype(np.float32)
