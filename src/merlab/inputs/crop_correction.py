"""Crop correction without labels: the crops of each database are moved and scaled so that their faces coincide.

Databases crop the face differently. The mean map of strain of a database's clips shows where its faces move. The
correction is the shift and the two scales that make this map correlate best with the map of synthetic faces. It uses
the database of a clip and no label; in an evaluation, it is fitted on the training clips of the fold alone.

If a clip has several images, the first is corrected to synthetic faces; each other one, whose crop may be farther away,
to the corrected first one. A database without training clips is not corrected. A local view is cut out of the corrected
global view, whose regions are at the places of the template.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.inputs.crop_reference import mean_strain, strain_of_faces
from merlab.inputs.flow import center
from merlab.inputs.images import resize
from merlab.inputs.local_view import local_view
from merlab.inputs.recipe import Recipe

# Shifts are in pixels of an image of this side, and are scaled to the size of the input.
SIDE = 28
MARGIN = 2  # px at the border that do not count, because a correction repeats it
Grid = tuple[tuple[float, ...], tuple[float, ...]]


def _steps(low: float, high: float, step: float) -> tuple[float, ...]:
    return tuple(float(value) for value in np.round(np.arange(low, high + step / 2, step), 6))


# Shifts down, and scales along either axis: for the first image, and for the others.
NEAR: Grid = (_steps(-3, 3, 0.5), _steps(0.85, 1.25, 0.05))
FAR: Grid = (_steps(-5, 5, 0.5), _steps(0.85, 1.35, 0.05))


@dataclass(frozen=True)
class Placement:
    """A movement of an image about its center: ``down`` in pixels of 28, and the scales of its width and height."""

    down: float = 0.0
    width: float = 1.0
    height: float = 1.0

    def matrix(self, height: int, width: int) -> Float32Array:
        """The affine map (2, 3) from a pixel of the result to one of the image."""
        x, y = (width - 1) / 2, (height - 1) / 2
        down = self.down * height / SIDE
        rows = [[1 / self.width, 0, x - x / self.width], [0, 1 / self.height, y - y / self.height - down / self.height]]
        return np.array(rows, np.float32)

    def applied(self, image: Float32Array) -> Float32Array:
        """An image (H, W) or (H, W, C) after the movement; its border is repeated."""
        height, width = image.shape[:2]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(
            image, self.matrix(height, width), (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(moved, np.float32)

    def __str__(self) -> str:
        return f"{self.down:+g} px down, width x {self.width:g}, height x {self.height:g}"


@dataclass(frozen=True)
class CropCorrection:
    """The placements of each image of a clip (in the order of the recipe), by database."""

    recipe: Recipe
    placements: Mapping[str, tuple[Placement, ...]]

    def applied(self, inputs: Float32Array, databases: Sequence[str]) -> Float32Array:
        """Inputs (N, *recipe.shape) of clips of these databases, corrected and centered again, in the same shape."""
        corrected = self._whole_views(whole_views(self.recipe, inputs), databases)
        if self.recipe.view == "global":
            return corrected
        local = local_view(corrected, self.recipe)
        return local if self.recipe.view == "local" else np.concatenate([corrected, local], axis=-3)

    def _whole_views(self, inputs: Float32Array, databases: Sequence[str]) -> Float32Array:
        corrected = inputs.copy()
        for row, database in enumerate(databases):
            placements = self.placements.get(database)
            if placements is None:
                continue
            images = corrected[row].reshape(len(placements), -1, *inputs.shape[-2:])
            for image, placement in zip(images, placements, strict=True):
                image[:] = center(placement.applied(image.transpose(1, 2, 0)).transpose(2, 0, 1), "")
        return corrected


def fit_correction(recipe: Recipe, inputs: Float32Array, databases: Sequence[str]) -> CropCorrection:
    """The correction of each database, from its inputs (N, *recipe.shape) under the recipe, as ``load_inputs`` gives.

    Raises MerlabError for a recipe without the optical strain.
    """
    if recipe.kind.strain is None:
        raise MerlabError(f"{recipe}: only flow with strain can be corrected; leave crop out")
    positions = recipe.kind.strain(recipe)
    whole = whole_views(recipe, inputs)
    planes = whole.reshape(len(whole), -1, *whole.shape[-2:])
    names = np.asarray(databases)
    found = {
        str(name): tuple(_placements([mean_strain(planes[names == name, position]) for position in positions]))
        for name in np.unique(names)
    }
    return CropCorrection(recipe, found)


def whole_views(recipe: Recipe, inputs: Float32Array) -> Float32Array:
    """The first view (N, [samples,] C, H, W) of inputs (N, *recipe.shape), which is not cut to regions yet."""
    return inputs[..., : recipe.channels, :, :]


def _placements(maps: Sequence[Float32Array]) -> Iterator[Placement]:
    height, width = maps[0].shape
    target, grid = resize(strain_of_faces(), width, height), NEAR
    for strain in maps:
        placement = register(strain, target, grid)
        yield placement
        if grid is NEAR:
            target, grid = placement.applied(strain), FAR


def register(strain: Float32Array, target: Float32Array, grid: Grid = NEAR) -> Placement:
    """The placement on the grid after which the map (H, W) correlates best with ``target``; the first of several."""
    downs, scales = grid
    inside = slice(MARGIN, -MARGIN)
    wanted = target[inside, inside] - target[inside, inside].mean()
    best, found = -np.inf, Placement()
    for down, width, height in itertools.product(downs, scales, scales):
        moved = Placement(down, width, height).applied(strain)[inside, inside]
        moved = moved - moved.mean()
        likeness = float((moved * wanted).sum()) / max(float(np.linalg.norm(moved)), 1e-9)
        if likeness > best:
            best, found = likeness, Placement(down, width, height)
    return found
