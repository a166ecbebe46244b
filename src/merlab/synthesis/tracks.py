"""What changes from frame to frame: the pose of a face, its light, and the smooth noise that moves both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_ACTIVITY = 1e-4

Track = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """The state of a face in one frame.

    ``activity`` is the intensity of each moving action unit, keyed by number and side (``12l``, ``17c``); ``closure``
    how far the upper lids close (1: shut); ``gaze`` the shift of the eyeballs (x, y) px; ``head`` the rigid movement
    (x px, y px, roll rad, yaw rad, pitch rad, relative scale).
    """

    activity: dict[str, float]
    closure: float
    gaze: tuple[float, float]
    head: tuple[float, float, float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Tracks:
    """All that some successive frames show, before a pixel is drawn: one row a frame.

    ``activity`` by action unit and side, ``closure`` (n,), ``gaze`` (n, 2) and ``head`` (n, 6) as in Pose, ``gain``
    (n,) and ``side_light`` (n,) of the lighting. ``noise_seed`` is the key of the sensor noise.
    """

    activity: dict[str, Track]
    closure: Track
    gaze: Track
    head: Track
    gain: Track
    side_light: Track
    noise_seed: int

    def __len__(self) -> int:
        return len(self.closure)

    def pose(self, frame: int) -> Pose:
        """The state of the face in frame ``frame`` (from 0)."""
        x, y, roll, yaw, pitch, scale = map(float, self.head[frame])
        activity = {key: float(track[frame]) for key, track in self.activity.items()}
        return Pose(
            activity={key: value for key, value in activity.items() if abs(value) > LEAST_ACTIVITY},
            closure=float(self.closure[frame]),
            gaze=(float(self.gaze[frame, 0]), float(self.gaze[frame, 1])),
            head=(x, y, roll, yaw, pitch, scale),
        )


def reach(sigma: float) -> int:
    """How many samples on either side a Gaussian of ``sigma`` samples smooths over."""
    return int(3 * sigma)


def smoothed(noise: Track, sigma: float) -> Track:
    """White noise (n + 2 reach,) smoothed by a Gaussian of ``sigma`` samples and kept at its variance, (n,)."""
    kernel = np.exp(-0.5 * (np.arange(-reach(sigma), reach(sigma) + 1) / sigma) ** 2)
    return np.convolve(noise, kernel / np.sqrt((kernel**2).sum()), mode="valid")


def smooth_noise(rng: np.random.Generator, length: int, sigma: float) -> Track:
    """``length`` samples of white noise smoothed by a Gaussian of ``sigma`` samples, scaled to unit variance."""
    return smoothed(rng.standard_normal(length + 2 * reach(sigma)), sigma)
