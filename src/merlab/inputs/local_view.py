"""The local input of the paper: the five facial regions are kept, the rest is suppressed.

The paper does not state in which form its local branch gets the regions. merlab offers two forms; the recipe states
which one is used. ``mask`` keeps the regions at their place and replaces the rest by the neutral value of the input.
``mosaic`` cuts the regions out and places them side by side, so that the branch gets nothing else. Another sentence of
the paper says that the input image goes through both branches: with ``whole``, the local view is the global one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.faces.geometry import bounding_box
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH, REGIONS, Region, face_mask
from merlab.frames import Float32Array
from merlab.inputs.images import resize
from merlab.inputs.recipe import Recipe

Box = tuple[slice, slice]

# Tiles of the mosaic as fractions of its width and height (left, top, right, bottom), arranged like a face. They are
# symmetric, so that a mirrored mosaic is the mosaic of the mirrored face.
TILES: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "eyes and brows": ((0.0, 0.0, 1.0, 0.35),),
    "nose": ((0.3, 0.35, 0.7, 0.62),),
    "cheeks": ((0.0, 0.35, 0.3, 0.62), (0.7, 0.35, 1.0, 0.62)),
    "mouth": ((0.0, 0.62, 1.0, 0.85),),
    "chin": ((0.0, 0.85, 1.0, 1.0),),
}


@lru_cache(maxsize=8)
def _mask(width: int, height: int, regions: tuple[Region, ...]) -> NDArray[np.bool_]:
    return face_mask(width, height, regions)


def mask(view: Float32Array, neutral: Float32Array, regions: Mapping[str, Region] = REGIONS) -> Float32Array:
    """Keep the five regions of (C, H, W), and write ``neutral`` (C, 1, 1) elsewhere.

    ``regions`` are those of the template, or of the clip's own face (``faces.regions.regions_from_landmarks``).
    """
    inside = _mask(view.shape[2], view.shape[1], tuple(regions.values()))
    return np.where(inside, view, neutral).astype(np.float32)


def mosaic(view: Float32Array, neutral: Float32Array, regions: Mapping[str, Region] = REGIONS) -> Float32Array:
    """The bounding boxes of the regions of (C, H, W), resized into the tiles of an image of the same size."""
    height, width = view.shape[1:]
    canvas = np.broadcast_to(neutral, view.shape).astype(np.float32)
    for (rows, columns), (to_rows, to_columns) in _places(width, height, regions):
        cut = np.ascontiguousarray(view[:, rows, columns].transpose(1, 2, 0))
        canvas[:, to_rows, to_columns] = np.atleast_3d(_fitted(cut, to_rows, to_columns)).transpose(2, 0, 1)
    return canvas


def from_mosaic(canvas: Float32Array) -> Float32Array:
    """The tiles of a mosaic (H, W), moved back to the positions of the template's regions on the face; 0 elsewhere.

    If bounding boxes overlap, the larger value is used.
    """
    face = np.zeros_like(canvas)
    for (rows, columns), (from_rows, from_columns) in _places(canvas.shape[1], canvas.shape[0], REGIONS):
        cut = np.ascontiguousarray(canvas[from_rows, from_columns])
        face[rows, columns] = np.maximum(face[rows, columns], _fitted(cut, rows, columns))
    return face


def _places(width: int, height: int, regions: Mapping[str, Region]) -> Iterator[tuple[Box, Box]]:
    """For each outline: rows and columns of its bounding box on the face, and those of its tile in the mosaic."""
    for region in regions.values():
        for polygon, tile in zip(region.polygons, TILES[region.name], strict=True):
            left, top, right, bottom = bounding_box(polygon)
            yield (
                (
                    _span(top / LAYOUT_HEIGHT, bottom / LAYOUT_HEIGHT, height),
                    _span(left / LAYOUT_WIDTH, right / LAYOUT_WIDTH, width),
                ),
                (_span(tile[1], tile[3], height), _span(tile[0], tile[2], width)),
            )


def _fitted(cut: Float32Array, rows: slice, columns: slice) -> Float32Array:
    """The cut (h, w) or (h, w, C), resized to fill these rows and columns."""
    return resize(cut, columns.stop - columns.start, rows.stop - rows.start)


def _span(start: float, stop: float, length: int) -> slice:
    """A span given in fractions of an axis, in pixels; at least one pixel wide."""
    first = min(round(start * length), length - 1)
    return slice(first, max(first + 1, round(stop * length)))


def local_view(view: Float32Array, recipe: Recipe, regions: Mapping[str, Region] = REGIONS) -> Float32Array:
    """The local view of images (..., C, H, W), in the form that the recipe states.

    Raises MerlabError for an input without a neutral value.
    """
    if recipe.regions == "whole":
        return view
    if view.ndim > 3:
        return np.stack([local_view(image, recipe, regions) for image in view])
    if recipe.kind.neutral is None:
        raise MerlabError(f"{recipe.kind.name} has no neutral value, so it has no regions; choose another input")
    return FORMS[recipe.regions](view, recipe.kind.neutral(view, recipe), regions)


class Form(Protocol):
    """A form of the local view: a function that keeps only the regions of a view."""

    def __call__(self, view: Float32Array, neutral: Float32Array, regions: Mapping[str, Region] = ...) -> Float32Array:
        """The regions of a view (C, H, W), with ``neutral`` (C, 1, 1) outside them."""


FORMS: dict[str, Form] = {"mask": mask, "mosaic": mosaic}
