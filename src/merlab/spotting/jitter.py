"""Where blocks jitter: optical flow that jumps between places, in skin that compression made smooth or behind a hand.

A face moves smoothly from frame to frame; what changes its direction in every frame is an error of the flow. The noise
of a block is its usual movement in a whole window, so it does not show an error that lasts for a second.
"""

from __future__ import annotations

import cv2
import numpy as np

from merlab.frames import Float32Array
from merlab.spotting.over_blocks import median_of_frames, product

# The shortest rise of a micro-expression, s (Yan et al. 2013): between few frames a second, it is not smooth either.
SHORTEST_RISE = 0.065
# Seconds before and after a frame in which jitter counts for it, and how much of it is usual.
AROUND = 0.25
USUAL = 1.5
# The median of a sum of two squares, in relation to its mean, and the sum of squares of a second difference's weights.
MEDIAN_TO_MEAN = 1 / np.log(2)
OF_DIFFERENCE = 6


def noise_with_jitter(
    places: Float32Array, moved: Float32Array, noise: Float32Array, fps: float, weight: float
) -> Float32Array:
    """The noise of each block around each frame in units of its usual noise, at least 1, (n, ROWS, COLUMNS).

    ``places`` and ``moved`` (n, ROWS, COLUMNS, 2) are where the blocks are in successive frames, and how far from the
    earlier and the later face; ``noise`` (ROWS, COLUMNS) is the usual noise, all px. Jitter is the second difference of
    the places, as root mean square over time. From its square are subtracted that of a movement that rises in
    SHORTEST_RISE, and that of USUAL times the usual jitter; ``weight``² times the rest is added to noise².
    """
    if not weight or len(places) < 3:
        return np.ones(places.shape[:-1], np.float32)
    change = np.zeros_like(places)
    change[1:-1] = np.diff(places, 2, axis=0)
    squares = product(change, change) / (2 * OF_DIFFERENCE)
    usual = MEDIAN_TO_MEAN * median_of_frames(squares)
    # In a movement along sin², the mean square of the second derivative is a third of (pi / rise)^4 of that of the way.
    smooth = (np.pi / (SHORTEST_RISE * fps)) ** 4 / 3 * product(moved, moved) / (2 * OF_DIFFERENCE)
    kernel = (1, 2 * max(1, round(AROUND * fps)) + 1)
    flat = np.asarray((squares - smooth).reshape(len(places), -1), np.float32)
    around = cv2.blur(flat, kernel, borderType=cv2.BORDER_REPLICATE).reshape(squares.shape)
    excess = np.maximum(around - USUAL**2 * usual, 0)
    return np.asarray(np.sqrt(1 + weight**2 * excess / noise**2), np.float32)
