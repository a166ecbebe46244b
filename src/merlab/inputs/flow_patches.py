"""Four patches of the onset-to-apex flow, at the eyes and the corners of the mouth, as one image (HTNet's input).

Wang et al., "HTNet for micro-expression recognition", Neurocomputing 602, 2024, arXiv:2307.14637. From the authors'
released code: patches of 14 x 14 pixels of the 28 x 28 flow, centered at the eyes and the corners of the mouth, which
MTCNN finds on the apex frame; centers are moved to 7..21, so that a patch lies within the image. The eyes are above,
the corners of the mouth below.

Differs: the release uses x for the row and y for the column; here x is the column. Without landmarks, the centers are
those of merlab's layout of the face, the same for all clips.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from merlab.alignment_record import RECORD
from merlab.clips import Clip
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import ClipError, Float32Array, Frames
from merlab.inputs.flow import FLOW
from merlab.inputs.recipe import InputKind, Recipe
from merlab.preparation.record import landmarks_of

# Eyes (left and right in the image), then corners of the mouth: (x, y) in pixels of the 231 x 282 layout.
TEMPLATE = ((53.5, 73.0), (176.5, 73.0), (66.0, 190.0), (164.0, 190.0))
# The same places on MediaPipe's face mesh: the mean of the outer and inner corner of an eye, a corner of the mouth.
MESH = ((33, 133), (362, 263), (61,), (291,))


def centers(points: NDArray[np.float64], width: int, height: int) -> NDArray[np.int64]:
    """Centers (4, 2) of the patches in an image of this size, x first, from places (4, 2) in pixels of the layout.

    A center is the edge between two pixels, so that a patch of an even side extends equally far to both sides.
    """
    size = np.array([width, height])
    edges = np.rint((points + 0.5) * size / [LAYOUT_WIDTH, LAYOUT_HEIGHT]).astype(np.int64)
    return np.asarray(np.clip(edges, size // 4, size - size // 4), np.int64)


def four_patches(planes: Float32Array, middles: NDArray[np.int64]) -> Float32Array:
    """The patches of (C, H, W) around these centers (4, 2), two above two, as an image (C, H, W)."""
    _, height, width = planes.shape
    rows, columns = height // 4, width // 4
    cut = [planes[:, y - rows : y + rows, x - columns : x + columns] for x, y in middles]
    return np.concatenate([np.concatenate(cut[:2], axis=2), np.concatenate(cut[2:], axis=2)], axis=1)


def _places(clip: Clip, recipe: Recipe) -> NDArray[np.float64]:
    if recipe["places"] == "template":
        return np.array(TEMPLATE)
    if clip.holds_flow:
        raise ClipError(
            f"{clip.subject} {clip.name} ({clip.database}) is stored as flow, without landmarks of the face; "
            "use places=template"
        )
    mesh = landmarks_of(clip)
    return np.array([mesh[list(points)].mean(axis=0) for points in MESH])


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    if recipe.width % 4 or recipe.height % 4:
        raise ClipError(f"{recipe} cannot be divided into patches; use a size that is a multiple of 4, such as 28x28")
    planes = FLOW.extract(clip, frames, _as_flow(recipe))
    return four_patches(planes, centers(_places(clip, recipe), recipe.width, recipe.height))


def _as_flow(recipe: Recipe) -> Recipe:
    """The recipe of the flow from which the patches are cut."""
    options = tuple((key, value) for key, value in recipe.options if key in FLOW.choices)
    return replace(recipe, kind=FLOW, options=options)


def _files(clip: Clip, recipe: Recipe) -> list[Path]:
    record = clip.source / RECORD
    return [record] if recipe["places"] == "landmarks" and record.exists() else []


FLOW_PATCHES = InputKind(
    name="flow-patches",
    title="onset-to-apex flow at the eyes and the corners of the mouth: four patches as one image",
    version=1,
    size="28x28",
    choices={**FLOW.choices, "places": ("template", "landmarks")},
    channels=FLOW.channels,
    frames_needed=FLOW.frames_needed,
    extract=_extract,
    mirror=FLOW.mirror,
    files=_files,
)
