"""Dense optical flow between two gray images, its optical strain, and its display in colors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.frames import Float32Array, Image
from merlab.version import install_hint

Gray = NDArray[np.uint8]
# The hue makes one full turn: red is a movement to the right, then follow down, left and up. OpenCV counts hue in half
# degrees.
HALF_DEGREES = 180


@dataclass(frozen=True)
class DenseInverseSearch:
    """Flow by dense inverse search (Kroeger et al. 2016); the defaults are those of OpenCV's medium preset.

    Can be stored with pickle, which OpenCV's own objects cannot. Threads must not share one.

    Attributes:
        finest_scale: the images are halved as often before the last patches are compared.
        stride: from one patch of 8 px to the next, px of that scale.
        steps: of the gradient descent in each patch.
        refinement: iterations of the variational refinement at each scale.

    """

    finest_scale: int = 1
    stride: int = 3
    steps: int = 25
    refinement: int = 5

    def __call__(self, onset: Gray, apex: Gray) -> Float32Array:
        """The displacement (H, W, 2) of each pixel, px."""
        return np.asarray(self._algorithm.calc(onset, apex, None), np.float32)

    @cached_property
    def _algorithm(self) -> Any:
        algorithm = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        algorithm.setFinestScale(self.finest_scale)
        algorithm.setPatchStride(self.stride)
        algorithm.setGradientDescentIterations(self.steps)
        algorithm.setVariationalRefinementIterations(self.refinement)
        return algorithm

    def __reduce__(self) -> tuple[type[DenseInverseSearch], tuple[int, ...]]:
        return type(self), astuple(self)


def dis(onset: Gray, apex: Gray) -> Float32Array:
    """Dense inverse search with the defaults."""
    return DenseInverseSearch()(onset, apex)


def farneback(onset: Gray, apex: Gray) -> Float32Array:
    """Farneback 2003 with the parameters of the micro-expression literature (.5, 3, 15, 3, 5, 1.2, 0)."""
    start = np.zeros((*onset.shape, 2), np.float32)
    return np.asarray(cv2.calcOpticalFlowFarneback(onset, apex, start, 0.5, 3, 15, 3, 5, 1.2, 0), np.float32)


def tvl1(onset: Gray, apex: Gray) -> Float32Array:
    """TV-L1 (Zach et al. 2007) with the defaults of OpenCV contrib; raises MerlabError as ``require_installed``."""
    require_installed("tvl1")
    contrib: Any = cv2
    return np.asarray(contrib.optflow.createOptFlow_DualTVL1().calc(onset, apex, None), np.float32)


ALGORITHMS: dict[str, Callable[[Gray, Gray], Float32Array]] = {"dis": dis, "tvl1": tvl1, "farneback": farneback}


def require_installed(algorithm: str) -> None:
    """Raises MerlabError for TV-L1 where the contrib build of OpenCV, which alone has it, is not installed."""
    if algorithm == "tvl1" and not hasattr(cv2, "optflow"):
        raise MerlabError(
            f"TV-L1 flow needs the contrib build of OpenCV; run {install_hint('tvl1')}, into a separate environment "
            "(the two OpenCV builds share one folder), or use algorithm=dis"
        )


def strain(flow: Float32Array) -> Float32Array:
    """Optical strain magnitude (H, W) of a flow field (H, W, 2), in pixels per pixel.

    sqrt(exx^2 + eyy^2 + 2 exy^2) with exy = (du/dy + dv/dx) / 2 (Shreve et al. 2011), by central differences.
    """
    u_y, u_x = np.gradient(flow[..., 0])
    v_y, v_x = np.gradient(flow[..., 1])
    return np.asarray(np.sqrt(u_x**2 + v_y**2 + (u_y + v_x) ** 2 / 2), np.float32)


def flow_colors(flow: Float32Array, full: float) -> Image:
    """A flow field (H, W, 2) as colors (H, W, 3) BGR; white means no movement.

    The hue shows the direction, the saturation the length; the saturation is full at ``full`` pixels.
    """
    angle = np.arctan2(flow[..., 1], flow[..., 0])
    hue = np.rint(angle / (2 * np.pi) * HALF_DEGREES) % HALF_DEGREES
    saturation = np.clip(np.hypot(flow[..., 0], flow[..., 1]) / full, 0, 1)
    hsv = np.stack([hue, 255 * saturation, np.full_like(hue, 255)], axis=-1)
    return np.asarray(cv2.cvtColor(np.rint(hsv).astype(np.uint8), cv2.COLOR_HSV2BGR), np.uint8)
