"""Find cuts: places where a video changes to another scene, so that faces before and after cannot be compared."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.faces.geometry import as_gray
from merlab.frames import Image

WIDTH, HEIGHT = 32, 24
SUBSAMPLED = 4
# Two successive frames of one scene correlate by more than this, even if a head turns quickly.
LEAST_CORRELATION = 0.8
# Standard deviation in gray values: a frame below it has a single color (a fade, a covered lens).
FLAT = 2.0


class CutFinder:
    """Finds cuts frame by frame, from a small gray copy of each frame; a change of brightness alone is not a cut."""

    def __init__(self) -> None:
        self._before: _Small | None = None

    def is_cut(self, image: Image) -> bool:
        """Whether there is a cut between the previous frame and this one, ``image`` (H, W, 3) BGR."""
        small = cv2.resize(image[::SUBSAMPLED, ::SUBSAMPLED], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        before, self._before = self._before, _Small.of(as_gray(np.asarray(small, np.uint8)))
        return before is not None and _correlation(before, self._before) < LEAST_CORRELATION


class _Small(NamedTuple):
    """The gray values of a small picture minus their mean, (HEIGHT WIDTH,), and their standard deviation."""

    values: NDArray[np.float32]
    spread: float

    @classmethod
    def of(cls, gray: Image) -> _Small:
        values = gray.ravel().astype(np.float32)
        values -= values.mean()
        return cls(values, math.sqrt(values @ values / values.size))


def _correlation(one: _Small, other: _Small) -> float:
    """The correlation of two pictures, -1 to 1; 1 if both are flat, 0 if only one is flat."""
    if min(one.spread, other.spread) < FLAT:
        return 1.0 if max(one.spread, other.spread) < FLAT else 0.0
    return float(one.values @ other.values) / one.values.size / (one.spread * other.spread)
