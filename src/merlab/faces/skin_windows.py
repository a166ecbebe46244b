"""The rigid movement of skin between two pictures that differ by less than two pixels, in windows of the skin.

In each window, the movement is that of Lucas and Kanade 1981, and a change of brightness is left out. One similarity is
fitted to all windows, each with the information that its texture gives about the movement, so that an edge counts
across its direction only. Windows that disagree, because a muscle moves them, get little weight.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.faces.geometry import Points, Transform, turned_about
from merlab.frames import Float32Array
from merlab.optical_flow import Gray

Numbers = NDArray[np.float64]

# px: side of a window, distance of the centers of two windows, and the Gaussian that removes noise of the camera.
WINDOW, GRID, SMOOTHING = 21, 5, 1.5
# px: a window that moves farther than this from the rigid movement has no weight (Tukey's biweight); the limit starts
# wider, where windows disagree, and is halved in each reweighting.
CUT_OFF = 0.3
REWEIGHTINGS = 4
# The share of the information in windows that agree, below which the skin does not move as one.
LEAST_AGREEMENT = 0.1
# The most informative windows (nostrils, edges of glasses) count no more than this quantile of all windows.
MOST_INFORMATION = 70
# Gray values squared per px squared: a window with less has no texture, but rounding, as in overexposed skin.
LEAST_TEXTURE = 1e-6
# The share of the skin with texture, below which no movement is measured.
LEAST_TEXTURED = 0.1
# Keeps a window without texture from moving far, as a share of the usual information.
DAMPING = 0.02
# A smaller change of scale cannot be distinguished from the pull of muscles and counts as none; of a larger one only
# the excess counts.
DOUBTFUL_SCALE = 0.002
# px: unit of the coordinates in the fit, so that its four numbers are of one size.
UNIT = 60.0


class SkinWindows:
    """Windows of the skin in an ``onset`` picture (H, W) gray, around ``points`` (N, 2) px, on a grid of GRID px."""

    def __init__(self, onset: Gray, points: NDArray[np.intp]) -> None:
        self._onset = _smooth(onset)
        slopes = (cv2.Scharr(self._onset, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1)))
        self._gradient = [np.asarray(slope / 32, np.float32) for slope in slopes]
        largest = self._measure(points)
        textured = points[largest >= LEAST_TEXTURE]
        self._blank = len(textured) < LEAST_TEXTURED * len(points)
        if not self._blank:
            self._weigh(textured, max(float(np.percentile(largest, MOST_INFORMATION)), 1e-12))

    def _measure(self, points: NDArray[np.intp]) -> Numbers:
        """Measure the texture in the windows around these points; returns that along its strongest direction, (N,)."""
        self._columns, self._rows = points.T
        self._means = [self._in_windows(each) for each in self._gradient]
        xx, xy, yy = (self._covariance(i, self._gradient[j], self._means[j]) for i, j in ((0, 0), (0, 1), (1, 1)))
        self._structure = np.stack([xx, xy, xy, yy], axis=1).reshape(-1, 2, 2)
        return np.asarray(np.linalg.eigvalsh(self._structure)[:, 1])

    def _weigh(self, points: NDArray[np.intp], usual: float) -> None:
        """Use the windows around these points, each with the information of its texture."""
        self._most = self._measure(points)
        self._share = np.minimum(usual / self._most, 1)
        self._information = self._share * self._most
        self._enough = LEAST_AGREEMENT * self._information.sum()
        self._solve = np.linalg.inv(self._structure + DAMPING * usual * np.eye(2))
        self._center = points.mean(axis=0)
        self._points = points.astype(np.float64)
        self._moves = _similarities((self._points - self._center) / UNIT)
        self._right = self._share[:, None, None] * np.swapaxes(self._moves, 1, 2)
        self._normal = (self._right @ self._structure @ self._moves).reshape(-1, 16)

    def correction(self, picture: Gray) -> Transform | None:
        """The map of the skin of a picture, (H, W) gray, back onto that of the onset; None if it does not move as one.

        It holds for movements of less than two pixels.
        """
        if self._blank:
            return None
        difference = _smooth(picture) - self._onset
        mean = self._in_windows(difference)
        pull = -np.stack([self._covariance(axis, difference, mean) for axis in (0, 1)], axis=1)
        moved = np.einsum("nij,nj->ni", self._solve, pull)
        right = np.einsum("nij,nj->ni", self._right, pull)
        (xx, xy), (_, yy) = self._structure.transpose(1, 2, 0)
        away, cut_off = moved - [median(moved[:, 0]), median(moved[:, 1])], np.inf
        for _ in range(REWEIGHTINGS):
            x, y = away.T
            squares = (xx * x * x + 2 * xy * x * y + yy * y * y) / self._most
            cut_off = max(min(cut_off / 2, 2 * math.sqrt(max(median(squares), 0))), CUT_OFF)
            weights = np.maximum(1 - squares / cut_off**2, 0) ** 2
            if weights @ self._information < self._enough:
                return None
            fitted = np.linalg.solve((weights @ self._normal).reshape(4, 4), weights @ right)
            away = moved - self._moves @ fitted
        return self._back(fitted, weights * self._share)

    def _back(self, fitted: Numbers, weights: Numbers) -> Transform:
        """The inverse of the fitted movement, with the change of scale that is believed, about the weighted middle."""
        middle = complex(*(weights @ self._points / weights.sum()))
        turn, shift = complex(*fitted[:2]) / UNIT, complex(*fitted[2:])
        moved = middle + shift + turn * (middle - complex(*self._center))
        return turned_about(believed(1 / (1 + turn)), moved, middle)

    def _covariance(self, axis: int, other: Float32Array, mean: Numbers) -> Numbers:
        """The covariance of the gradient along an axis and another picture, in each window, (N,)."""
        product = np.asarray(self._gradient[axis] * other, np.float32)
        return self._in_windows(product) - self._means[axis] * mean

    def _in_windows(self, picture: Float32Array) -> Numbers:
        """The mean in each window, (N,)."""
        means = cv2.blur(picture, (WINDOW, WINDOW))
        return np.asarray(means[self._rows, self._columns], np.float64)


def median(numbers: Numbers) -> float:
    """The median, as numpy.median, which takes five times as long for some hundred numbers; there must be no NaN."""
    half, odd = divmod(len(numbers), 2)
    parted = np.partition(numbers, (half - 1 + odd, half))
    return float(parted[half - 1 + odd] + parted[half]) / 2


def believed(turn: complex) -> complex:
    """A turn and scale, as a complex number, with its change of scale reduced by DOUBTFUL_SCALE."""
    scale = abs(turn)
    change = scale - 1
    return turn / scale * (1 + math.copysign(max(abs(change) - DOUBTFUL_SCALE, 0), change))


def _similarities(points: Points) -> Numbers:
    """How each point moves with scale, turn, and shift in x and y, (N, 2, 4)."""
    x, y = points.T
    one, zero = np.ones_like(x), np.zeros_like(x)
    return np.stack([np.stack([x, -y, one, zero], axis=1), np.stack([y, x, zero, one], axis=1)], axis=1)


def _smooth(picture: Gray) -> Float32Array:
    return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), SMOOTHING), np.float32)
