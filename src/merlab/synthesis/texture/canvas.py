"""The head canvas at twice its resolution, and the painting functions for all layers."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array, Image
from merlab.synthesis.canvas_layout import CANVAS_HEIGHT, CANVAS_LEFT, CANVAS_TOP, CANVAS_WIDTH, Point, gaussian

SUPERSAMPLING = 2
HEIGHT, WIDTH = CANVAS_HEIGHT * SUPERSAMPLING, CANVAS_WIDTH * SUPERSAMPLING
SUBPIXEL_BITS = 4

# Crop coordinates of the columns (1, WIDTH) and rows (HEIGHT, 1) of the canvas.
COLUMNS: Float32Array = np.asarray((np.arange(WIDTH) + 0.5) / SUPERSAMPLING - 0.5 + CANVAS_LEFT, np.float32)[None, :]
ROWS: Float32Array = np.asarray((np.arange(HEIGHT) + 0.5) / SUPERSAMPLING - 0.5 + CANVAS_TOP, np.float32)[:, None]


def texture_x(x: Float32Array) -> Float32Array:
    """The texture column of a crop x, as cv2.remap counts columns."""
    return SUPERSAMPLING * x + np.float32(SUPERSAMPLING * (0.5 - CANVAS_LEFT) - 0.5)


def texture_y(y: Float32Array) -> Float32Array:
    """The texture row of a crop y, as cv2.remap counts rows."""
    return SUPERSAMPLING * y + np.float32(SUPERSAMPLING * (0.5 - CANVAS_TOP) - 0.5)


def bump(center: Point, sigma: Point, tilt: float = 0.0) -> Float32Array:
    """A Gaussian of height 1 on the canvas; a tilted Gaussian is 0 beyond four sigmas, where it is below 0.0004."""
    if tilt == 0:
        return gaussian(COLUMNS, ROWS, center, sigma)
    canvas = np.zeros((HEIGHT, WIDTH), np.float32)
    rows, columns = box(center, 4 * max(sigma))
    canvas[rows, columns] = gaussian(COLUMNS[:, columns], ROWS[rows], center, sigma, tilt)
    return canvas


def box(center: Point, reach: float) -> tuple[slice, slice]:
    """The rows and columns of the canvas within ``reach`` px of a point."""
    left, right = np.searchsorted(COLUMNS[0], [center[0] - reach, center[0] + reach])
    top, bottom = np.searchsorted(ROWS[:, 0], [center[1] - reach, center[1] + reach])
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def eight_bits(layer: NDArray[np.integer | np.floating]) -> Image:
    """A layer of 0..1 as 0..255."""
    return np.asarray(cv2.convertScaleAbs(layer, alpha=255), np.uint8)


def grain(rng: np.random.Generator, scale: float) -> Float32Array:
    """Smooth noise on the canvas with spots of about ``scale`` texture pixels, mean 0 and variance 1."""
    if scale > 2:
        rows, columns = int(2 * HEIGHT / scale) + 2, int(2 * WIDTH / scale) + 2
        coarse = cv2.GaussianBlur(rng.standard_normal((rows, columns), dtype=np.float32), (0, 0), 1.6)
        noise = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    else:
        noise = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH), dtype=np.float32), (0, 0), scale)
    return np.asarray((noise - noise.mean()) / noise.std(), np.float32)


def grain_line(rng: np.random.Generator, length: int, scale: float) -> Float32Array:
    """Smooth noise along a line of ``length`` samples, mean 0 and variance 1."""
    line = cv2.GaussianBlur(rng.standard_normal((1, length), dtype=np.float32), (0, 0), scale)[0]
    return np.asarray((line - line.mean()) / line.std(), np.float32)


def pen_lines(lines: Iterable[tuple[NDArray[np.floating], float]], width: float) -> Float32Array:
    """Anti-aliased polylines: pairs of points (n, 2) in crop coordinates and an opacity; ``width`` in px."""
    layer = np.zeros((HEIGHT, WIDTH), np.uint8)
    thickness = max(1, round(width * SUPERSAMPLING))
    for points, opacity in lines:
        texture = np.stack([texture_x(points[:, 0]), texture_y(points[:, 1])], axis=1)
        fixed = np.rint(texture * 2**SUBPIXEL_BITS).astype(np.int32)
        cv2.polylines(layer, [fixed[:, None]], False, round(255 * opacity), thickness, cv2.LINE_AA, SUBPIXEL_BITS)
    return np.asarray(layer / np.float32(255), np.float32)


def blurred(layer: Float32Array, sigma: float) -> Float32Array:
    """The layer with a Gaussian blur of ``sigma`` texture pixels."""
    return np.asarray(cv2.GaussianBlur(layer, (0, 0), sigma), np.float32)


def painted(
    image: Float32Array, opacity: Float32Array, color: NDArray[np.floating], shade: Float32Array | None = None
) -> Float32Array:
    """``image`` (H, W, 3) painted with ``color`` (3,) or (H, W, 3) at the opacity ``opacity`` (H, W).

    A ``color`` (3,) is multiplied by ``shade`` (H, W), if it is given.
    """
    # Most of what is painted covers a small area of the canvas.
    area = covered(opacity)
    below = image[area]
    if shade is not None:
        color = np.asarray(color * shade[area][..., None], np.float32)
    elif color.ndim == 3:
        color = color[area]
    result = image.copy()
    result[area] = below + opacity[area][..., None] * (color - below)
    return result


def covered(layer: Float32Array, margin: int = 0) -> tuple[slice, slice]:
    """The rows and columns outside which a layer (H, W) or (H, W, 3) is 0, and ``margin`` more on each side."""
    rows, columns = layer.reshape(HEIGHT, -1).any(axis=1), layer.any(axis=0).reshape(WIDTH, -1).any(axis=1)
    return _around(np.flatnonzero(rows), margin), _around(np.flatnonzero(columns), margin)


def _around(lines: NDArray[np.intp], margin: int) -> slice:
    return slice(max(int(lines[0]) - margin, 0), int(lines[-1]) + margin + 1) if lines.size else slice(0)


def bgr(blue: float, green: float, red: float) -> Float32Array:
    """A color (B, G, R) in linear light, 0..1."""
    return np.array([blue, green, red], np.float32)
