"""Motion magnification (Wu et al. 2012): small movements become 1 + alpha times as large.

Wu et al., "Eulerian Video Magnification for Revealing Subtle Changes in the World", SIGGRAPH 2012. ``evm``: each level
of a Laplacian pyramid is filtered over time by the difference of two first-order recursive low-pass filters; alpha
times the result is added to the frame. The constants are those of the paper and its released code for motion (their
sequence "baby", alpha 10): filter coefficients .4 and .05 per frame, cut-off wavelength 16 px, twice the bound on
alpha, chroma reduced to a tenth; the finest and the coarsest level are not changed. ``linear``: alpha times the
difference to the first frame is added to every frame (equation 4 of the paper, without pyramid or band-pass); it does
not need the frames between. Both are valid as long as (1 + alpha) times the movement is less than an eighth of the
wavelength of the pattern.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import cv2
import numpy as np

from merlab.frames import Float32Array, Image

FAST, SLOW = 0.4, 0.05
CUTOFF_WAVELENGTH = 16.0
EXAGGERATION = 2.0
CHROMA = 0.1
LUMA_OF_BGR = np.array([0.114, 0.587, 0.299], np.float32)
SMALLEST_LEVEL = 5

Images = Iterable[Image]


def unchanged(frames: Images) -> Iterator[Image]:
    """The frames without magnification."""
    return iter(frames)


def eulerian(frames: Images, alpha: float) -> Iterator[Image]:
    """Magnify frames (H, W, 3) uint8 one by one; none may be missing. The first frame is not changed."""
    slow: list[Float32Array] = []
    fast, gains = slow, list[float]()
    for frame in frames:
        levels = _pyramid(np.asarray(frame, np.float32))
        if not slow:
            slow = fast = levels
            gains = level_gains(len(levels), frame.shape[0], frame.shape[1], alpha)
        fast = [before + FAST * (level - before) for before, level in zip(fast, levels, strict=True)]
        slow = [before + SLOW * (level - before) for before, level in zip(slow, levels, strict=True)]
        bands = [gain * (f - s) for gain, f, s in zip(gains, fast, slow, strict=True)]
        yield _added(frame, _collapsed(bands))


def linear(frames: Images, alpha: float) -> Iterator[Image]:
    """Add to each frame (H, W, 3) uint8 alpha times its difference to the first frame, one by one."""
    first: Float32Array | None = None
    for frame in frames:
        values = np.asarray(frame, np.float32)
        first = values if first is None else first
        yield _added(frame, alpha * (values - first))


def level_gains(levels: int, height: int, width: int, alpha: float) -> list[float]:
    """The factor of each pyramid level, finest first: alpha, or less if the wavelength of the level is too short.

    The wavelength of the coarsest level is a third of the diagonal; each finer level has half the wavelength.
    """
    coarsest = np.hypot(height, width) / 3
    gains = []
    for level in range(levels):
        wavelength = coarsest / 2 ** (levels - 1 - level)
        bound = EXAGGERATION * (wavelength * (1 + alpha) / CUTOFF_WAVELENGTH - 1)
        gains.append(float(np.clip(bound, 0, alpha)) if 0 < level < levels - 1 else 0.0)
    return gains


def _pyramid(image: Float32Array) -> list[Float32Array]:
    """The Laplacian pyramid, finest level first; the last level is the low-pass image."""
    levels = []
    while min(image.shape[:2]) // 2 >= SMALLEST_LEVEL:
        smaller = np.asarray(cv2.pyrDown(image), np.float32)
        levels.append(np.asarray(image - _enlarged(smaller, image), np.float32))
        image = smaller
    return [*levels, image]


def _collapsed(levels: Sequence[Float32Array]) -> Float32Array:
    image = levels[-1]
    for level in reversed(levels[:-1]):
        image = level + _enlarged(image, level)
    return image


def _enlarged(image: Float32Array, like: Float32Array) -> Float32Array:
    return np.asarray(cv2.pyrUp(image, dstsize=(like.shape[1], like.shape[0])), np.float32)


def _added(frame: Image, change: Float32Array) -> Image:
    """The frame plus the change, rounded and clipped to 0..255; the color of the change is reduced to a tenth."""
    luma = (change @ LUMA_OF_BGR)[..., None]
    return np.rint(np.clip(frame + luma + CHROMA * (change - luma), 0, 255)).astype(np.uint8)


MAGNIFICATIONS: dict[str, Callable[[Images], Iterator[Image]]] = {
    "none": unchanged,
    **{f"evm{alpha}": partial(eulerian, alpha=alpha) for alpha in (8, 10, 15, 20)},
    **{f"linear{alpha}": partial(linear, alpha=alpha) for alpha in (2, 4, 8)},
}


def needs_every_frame(magnify: str) -> bool:
    """Whether this magnification filters over time, so that no frame may be missing."""
    return magnify.startswith("evm")
