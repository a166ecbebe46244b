"""How alike two pictures of faces are: enough to tell which of two people a face is, not who it is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.faces.alignment import layout_transform
from merlab.faces.geometry import Transform, as_gray
from merlab.faces.landmarks import Landmarks
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Image

Look = NDArray[np.float32]

WIDTH, HEIGHT = 24, 28
# The face is sampled at this many times that size, which is enough for a mean: averaging all of its pixels takes 1 ms.
FINER = 3
# The landmarks of a face that begins to move are off by up to this, px of the small layout.
SHIFT = 2
_REDUCED = Transform.from_matrix(
    np.array([[FINER * WIDTH / LAYOUT_WIDTH, 0, 0], [0, FINER * HEIGHT / LAYOUT_HEIGHT, 0]])
)


def look_of(image: Image, landmarks: Landmarks) -> Look:
    """The face on a small layout in gray, (HEIGHT, WIDTH), with a mean of 0 and a length of 1, whatever its light."""
    into = _REDUCED.after(layout_transform(landmarks))
    finer = FINER * WIDTH, FINER * HEIGHT
    face = cv2.warpAffine(image, into.matrix, finer, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(as_gray(np.asarray(face, np.uint8)), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return _normalized(small.astype(np.float32))


def look_correlation(one: Look, other: Look) -> float:
    """The correlation of two looks where they fit best, -1 to 1."""
    inside = one[SHIFT:-SHIFT, SHIFT:-SHIFT]
    return float(cv2.matchTemplate(other, inside, cv2.TM_CCOEFF_NORMED).max())


def blended(one: Look, other: Look, share: float) -> Look:
    """The look between two, with this share of the second, 0..1."""
    return _normalized((1 - share) * one + share * other)


def _normalized(values: Look) -> Look:
    values = values - values.mean()
    length = float(np.linalg.norm(values))
    return np.asarray(values / length if length > 0 else values, np.float32)
