"""Faces in motion, without a face: places of blocks, and textured images of the size of an aligned face."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.spotting.motion import COLUMNS, ROWS, block_centers
from tests.helpers import texture

LEFT_MOUTH_CORNER = (166.0, 190.0)


def bump(
    x: NDArray[np.floating], y: NDArray[np.floating], center: tuple[float, float], sigma: float = 20.0
) -> NDArray[np.float64]:
    """A Gaussian of ``sigma`` px around ``center``."""
    return np.asarray(np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / (2 * sigma**2)))


def there_and_back(frames: int, onset: int, apex: int, offset: int) -> NDArray[np.float64]:
    """sin² from 0 at the onset to 1 at the apex and back to 0 at the offset."""
    time = np.interp(np.arange(frames), [onset, apex, offset], [0, 1, 2], left=0, right=2)
    return np.asarray(np.sin(0.5 * np.pi * time) ** 2)


def still_places(frames: int, deviation: float = 0.05, seed: int = 0) -> NDArray[np.float32]:
    """Block places (frames, ROWS, COLUMNS, 2) px of noise alone."""
    return np.random.default_rng(seed).normal(0, deviation, (frames, ROWS, COLUMNS, 2)).astype(np.float32)


def moving_places(
    course: NDArray[np.float64], center: tuple[float, float] = LEFT_MOUTH_CORNER, size: float = 2.0, seed: int = 0
) -> NDArray[np.float32]:
    """The same, with the blocks around ``center`` rising by ``size`` px along this course."""
    places = still_places(len(course), seed=seed)
    places[..., 1] -= (size * course[:, None, None] * bump(*block_centers(), center)).astype(np.float32)
    return places


def warped(image: NDArray[np.float32], u: NDArray[np.floating], v: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The image (H, W), every point of it moved by about (u, v) px, as a BGR frame."""
    rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]].astype(np.float32)
    columns, rows = (columns - u).astype(np.float32), (rows - v).astype(np.float32)
    moved = cv2.remap(image, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(cv2.cvtColor(np.clip(moved, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR), np.uint8)


def face() -> NDArray[np.float32]:
    """A textured image of an aligned face's size, (282, 231)."""
    return texture(0)
