"""Find cuts: places where a video changes to another scene, so that faces before and after cannot be compared."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

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
        self._before: NDArray[np.float32] | None = None

    def is_cut(self, image: Image) -> bool:
        """Whether there is a cut between the previous frame and this one, ``image`` (H, W, 3) BGR."""
        small = cv2.resize(image[::SUBSAMPLED, ::SUBSAMPLED], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
        before, self._before = self._before, gray
        return before is not None and _correlation(before, gray) < LEAST_CORRELATION


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The correlation of the gray values of two frames, -1 to 1; 1 if both frames are flat, 0 if only one is flat."""
    a, b = one - one.mean(), other - other.mean()
    spread_a, spread_b = float(a.std()), float(b.std())
    if min(spread_a, spread_b) < FLAT:
        return 1.0 if max(spread_a, spread_b) < FLAT else 0.0
    return float((a * b).mean()) / (spread_a * spread_b)
