"""The state of a face in one frame and in successive frames, and the smooth noise that changes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_ACTIVITY = 1e-4

# One float64 value, or one row of values, per frame.
FrameValues = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """The state of a face in one frame.

    Attributes:
        activity: number and side of each moving action unit (``12l``, ``17c``) -> its intensity.
        closure: how far the upper lids are closed (1: shut).
        gaze: the shift of the eyeballs (x, y), px.
        head: the rigid movement of the head (x px, y px, roll rad, yaw rad, pitch rad, relative scale).
        glasses: how far the glasses have slipped (px down, roll rad).

    """

    activity: dict[str, float]
    closure: float
    gaze: tuple[float, float]
    head: tuple[float, float, float, float, float, float]
    glasses: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class FrameSequence:
    """The content of n successive frames before rendering; arrays have one row per frame.

    ``activity`` (n,) of each action unit and side, ``closure`` (n,), ``gaze`` (n, 2), ``head`` (n, 6) and ``glasses``
    (n, 2; None: they do not slip) are as in Pose. ``gain`` (n,) and ``side_light`` (n,) describe the light.
    ``noise_seed`` is the key of the sensor noise.
    """

    activity: dict[str, FrameValues]
    closure: FrameValues
    gaze: FrameValues
    head: FrameValues
    gain: FrameValues
    side_light: FrameValues
    noise_seed: int
    glasses: FrameValues | None = None

    def __len__(self) -> int:
        return len(self.closure)

    def pose(self, frame: int) -> Pose:
        """The state of the face in frame ``frame`` (from 0)."""
        x, y, roll, yaw, pitch, scale = map(float, self.head[frame])
        slip, askew = (0.0, 0.0) if self.glasses is None else map(float, self.glasses[frame])
        activity = {key: float(values[frame]) for key, values in self.activity.items()}
        return Pose(
            activity={key: value for key, value in activity.items() if abs(value) > LEAST_ACTIVITY},
            closure=float(self.closure[frame]),
            gaze=(float(self.gaze[frame, 0]), float(self.gaze[frame, 1])),
            head=(x, y, roll, yaw, pitch, scale),
            glasses=(slip, askew),
        )


def reach(sigma: float) -> int:
    """The number of samples on either side that a Gaussian of ``sigma`` samples uses."""
    return int(3 * sigma)


def smoothed(noise: FrameValues, sigma: float) -> FrameValues:
    """White noise (n + 2 reach,) smoothed by a Gaussian of ``sigma`` samples, with the same variance, (n,)."""
    kernel = np.exp(-0.5 * (np.arange(-reach(sigma), reach(sigma) + 1) / sigma) ** 2)
    return np.convolve(noise, kernel / np.sqrt((kernel**2).sum()), mode="valid")


def smooth_noise(rng: np.random.Generator, length: int, sigma: float) -> FrameValues:
    """``length`` samples of white noise, smoothed by a Gaussian of ``sigma`` samples and scaled to unit variance."""
    return smoothed(rng.standard_normal(length + 2 * reach(sigma)), sigma)
