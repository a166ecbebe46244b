"""The pixel layout of a synthetic face, and the random streams of the generator.

Coordinates are pixels of CASME II's crop, 231 wide and 282 high, with (0, 0) at the center of its top-left pixel, x to
the right and y down. The head canvas around the crop is 640 x 480 px, the size of CASME II's camera frames, so its
coordinates start below 0 and end beyond the crop.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array

CROP_WIDTH, CROP_HEIGHT = 231, 282
CANVAS_WIDTH, CANVAS_HEIGHT = 640, 480
CANVAS_LEFT, CANVAS_TOP = -205, -140
MIDLINE = 115.0
FPS = 200.0

Point = tuple[float, float]
Edge = float | NDArray[np.floating]

SIDES = ("r", "l")


def outward(side: str) -> int:
    """The sign of x away from the midline, 1 or -1; the subject's left is on the right of the image."""
    return 1 if side == "l" else -1


@dataclass(frozen=True)
class Window:
    """The area of the head canvas that a frame shows: left and top in crop coordinates, width and height in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def x(self) -> Float32Array:
        """Column coordinates, (1, width)."""
        return np.arange(self.left, self.left + self.width, dtype=np.float32)[None, :]

    @property
    def y(self) -> Float32Array:
        """Row coordinates, (height, 1)."""
        return np.arange(self.top, self.top + self.height, dtype=np.float32)[:, None]


CROP = Window(0, 0, CROP_WIDTH, CROP_HEIGHT)
CAMERA = Window(CANVAS_LEFT, CANVAS_TOP, CANVAS_WIDTH, CANVAS_HEIGHT)


class Stream(IntEnum):
    """The purpose of a random stream; each purpose has its own stream."""

    IDENTITY = 101
    TEXTURE = 102
    LABELS = 103
    CLIP = 202
    NUMBERING = 404
    RECORDING = 501
    RECORDED_EVENT = 502
    RECORDED_CURVE = 503
    RECORDED_NOISE = 504
    TIMETABLE = 505
    MACRO = 509
    GLASSES = 510
    DISTRACTION = 506
    DISTRACTION_TEXTURE = 507
    COMPRESSION = 508
    VARIED_SUBJECT = 601
    VARIED_CLIP = 602
    VARIED_CROP = 603


def random_stream(*key: int) -> np.random.Generator:
    """A separate PCG64 generator for every key, e.g. (seed, stream, subject, clip)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([int(part) for part in key])))


def smoothstep(value: NDArray[np.floating], low: Edge, high: Edge) -> Float32Array:
    """0 below ``low``, 1 above ``high``, and the cubic 3t² - 2t³ between."""
    t = np.asarray((value - low) / (np.asarray(high) - low))
    np.clip(t, 0, 1, out=t)
    # In place, as canvases are large.
    cubic = 3 - 2 * t
    t *= t
    t *= cubic
    return np.asarray(t, np.float32)


def gaussian(x: Float32Array, y: Float32Array, center: Point, sigma: Point, tilt: float = 0.0) -> Float32Array:
    """An anisotropic Gaussian of height 1 on the grid of columns ``x`` (1, W) and rows ``y`` (H, 1).

    ``tilt`` rotates its axes, in radians from x towards y.
    """
    across, down = x - np.float32(center[0]), y - np.float32(center[1])
    if tilt == 0:
        columns = np.exp(-0.5 * (across / np.float32(sigma[0])) ** 2)
        return np.asarray(columns * np.exp(-0.5 * (down / np.float32(sigma[1])) ** 2), np.float32)
    cosine, sine = np.float32(np.cos(tilt)), np.float32(np.sin(tilt))
    first = (cosine * across + sine * down) / np.float32(sigma[0])
    second = (cosine * down - sine * across) / np.float32(sigma[1])
    return np.asarray(np.exp(-0.5 * (first * first + second * second)), np.float32)
