"""Cuts: where a video jumps from one scene to another, so that faces before and after cannot be compared."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.frames import Image

WIDTH, HEIGHT = 32, 24
SUBSAMPLED = 4
# Two views of one scene correlate by more than this from frame to frame, also where a head turns quickly.
LEAST_CORRELATION = 0.8
# Gray values: what varies by less over a frame is one color (a fade, a cap on the lens).
FLAT = 2.0


class CutFinder:
    """Says of each next frame whether a cut lies before it, from a small gray copy; brightness alone is no cut."""

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None

    def is_cut(self, image: Image) -> bool:
        """Whether a cut lies between the frame before and this one, (H, W, 3) BGR."""
        small = cv2.resize(image[::SUBSAMPLED, ::SUBSAMPLED], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
        before, self._before = self._before, gray
        return before is not None and _correlation(before, gray) < LEAST_CORRELATION


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Of the gray values of two frames, -1 to 1; 1 where both are flat, 0 where one is."""
    a, b = one - one.mean(), other - other.mean()
    spread_a, spread_b = float(a.std()), float(b.std())
    if min(spread_a, spread_b) < FLAT:
        return 1.0 if max(spread_a, spread_b) < FLAT else 0.0
    return float((a * b).mean()) / (spread_a * spread_b)
