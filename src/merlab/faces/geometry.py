"""Similarity transforms between pixels of a frame and pixels of the layout, applied to points and images.

Pixel coordinates are (x to the right, y down) with (0, 0) at the center of the top-left pixel.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from merlab.errors import MerlabError
from merlab.frames import Image

# (x, y) pixels, (N, 2), or one point (2,).
Points = NDArray[np.float64]

# Above this factor, an image is first reduced by area averages: cubic interpolation reads only 4 x 4 pixels, so fine
# texture between them would flicker from frame to frame.
LARGEST_PLAIN_REDUCTION = 2
# Cubic interpolation reads two pixels on each side, and a point between pixels may be rounded to the next one.
NEIGHBORS = 3


@dataclass(frozen=True)
class Transform:
    """An affine map of points. It is stored as the rows of its 2 x 3 matrix, so that it is immutable and comparable."""

    rows: tuple[tuple[float, float, float], tuple[float, float, float]]

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> Transform:
        """The transform of a (2, 3) matrix of finite numbers; raises MerlabError for anything else."""
        array = np.asarray(matrix, np.float64)
        if array.shape != (2, 3) or not np.isfinite(array).all():
            raise MerlabError(f"a transform is a 2 x 3 matrix of finite numbers, got {array.tolist()}")
        return cls(tuple(tuple(row) for row in array.tolist()))  # type: ignore[arg-type]

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The matrix, (2, 3) float64."""
        return np.array(self.rows, np.float64)

    @property
    def scale(self) -> float:
        """Scale factor: pixels of the target per pixel of the source."""
        (a, b, _), (c, d, _) = self.rows
        return math.sqrt(abs(a * d - b * c))

    @property
    def inverse(self) -> Transform:
        """The inverse map."""
        (a, b, x), (c, d, y) = self.rows
        size = a * d - b * c
        a, b, c, d = (value / size for value in (d, -b, -c, a))
        return Transform(((a, b, -(a * x + b * y)), (c, d, -(c * x + d * y))))

    def __call__(self, points: ArrayLike) -> Points:
        """Map points (N, 2) to points (N, 2)."""
        matrix = self.matrix
        return np.asarray(np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2])

    def after(self, first: Transform) -> Transform:
        """The map that applies ``first``, and then this transform."""
        (a, b, x), (c, d, y) = self.rows
        (e, f, u), (g, h, v) = first.rows
        return Transform(
            (
                (a * e + b * g, a * f + b * h, a * u + b * v + x),
                (c * e + d * g, c * f + d * h, c * u + d * v + y),
            )
        )

    def to_json(self) -> list[list[float]]:
        """The matrix as nested lists; ``from_matrix`` gives exactly the same transform."""
        return [list(row) for row in self.rows]


def translation(x: float, y: float) -> Transform:
    """The map that moves points by (x, y)."""
    return Transform(((1.0, 0.0, float(x)), (0.0, 1.0, float(y))))


def fit_similarity(source: ArrayLike, target: ArrayLike) -> Transform:
    """The rotation, scale and shift that map ``source`` (N, 2) to ``target`` (N, 2) with the least squares.

    This is the closed form of Umeyama 1991 in two dimensions, without reflection. Raises MerlabError for fewer than two
    distinct points.
    """
    a, b = _complex(source), _complex(target)
    if len(a) != len(b) or not len(a):
        raise MerlabError(f"a similarity needs as many target points as source points, got {len(a)} and {len(b)}")
    # The mean as a dot product: numpy's own differs in the last bit, and so would every aligned face.
    ones = np.ones(len(a))
    center_a, center_b = complex(ones @ a / len(a)), complex(ones @ b / len(b))
    a, b = a - center_a, b - center_b
    spread = (a.conj() @ a).real
    if spread <= 0:
        raise MerlabError("a similarity needs at least two distinct points")
    return turned_about(complex(a.conj() @ b / spread), center_a, center_b)


def turned_about(turn: complex, source: complex, target: complex) -> Transform:
    """The similarity with this turn and scale that maps the point ``source`` to ``target``; x + iy for a point.

    Raises MerlabError for numbers that are not finite.
    """
    shift = target - turn * source
    if not cmath.isfinite(shift):
        raise MerlabError(f"a similarity is of finite numbers, got {turn} and {shift}")
    return Transform(((turn.real, -turn.imag, shift.real), (turn.imag, turn.real, shift.imag)))


def _complex(points: ArrayLike) -> NDArray[np.complex128]:
    """Points (N, 2) as x + iy, (N,)."""
    return np.ascontiguousarray(points, np.float64).view(np.complex128)[:, 0]


def as_gray(image: Image) -> NDArray[np.uint8]:
    """An image (H, W, 3) BGR in gray, (H, W); one that is gray as it is."""
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def moved_image(
    image: Image, transform: Transform, size: tuple[int, int], interpolation: int = cv2.INTER_CUBIC
) -> Image:
    """Apply ``transform`` to an image; the result has ``size`` (width, height); edge pixels are repeated outside."""
    reduction = int(1 / transform.scale)
    if reduction > LARGEST_PLAIN_REDUCTION:
        corners = transform.inverse([(x, y) for x in (0, size[0] - 1) for y in (0, size[1] - 1)])
        image, to_reduced = _reduced(image, reduction, corners)
        transform = transform.after(to_reduced.inverse)
    moved = cv2.warpAffine(image, transform.matrix, size, flags=interpolation, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _reduced(image: Image, factor: int, shown: Points) -> tuple[Image, Transform]:
    """The image with every ``factor`` x ``factor`` pixels averaged into one, and the map of points into it.

    Only the part around the points ``shown`` (N, 2) is made, with the neighbors that interpolation reads.
    """
    left, top, right, bottom = (value / factor for value in bounding_box(shown))
    columns, rows = _around(left, right, image.shape[1] // factor), _around(top, bottom, image.shape[0] // factor)
    part = image[rows.start * factor : rows.stop * factor, columns.start * factor : columns.stop * factor]
    small = cv2.resize(part, (len(columns), len(rows)), interpolation=cv2.INTER_AREA)
    shift = -(factor - 1) / 2 / factor
    to_part = ((1 / factor, 0.0, shift - columns.start), (0.0, 1 / factor, shift - rows.start))
    return np.asarray(small, np.uint8), Transform(to_part)


def _around(first: float, last: float, length: int) -> range:
    """The pixels of a row of ``length`` from ``first`` to ``last`` with their neighbors, at least the nearest one."""
    start = min(max(math.floor(first) - NEIGHBORS, 0), max(length - 1, 0))
    return range(start, min(max(math.ceil(last) + NEIGHBORS + 1, start + 1), max(length, 1)))


def bounding_box(points: ArrayLike) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of points (N, 2)."""
    array = np.asarray(points, np.float64)
    (left, top), (right, bottom) = array.min(axis=0), array.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
