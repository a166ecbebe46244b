"""Interpolation of a clip to a fixed number of frames, and rank pooling of its frames into one image.

Both are fixed linear combinations of the frames, so the functions here give tables of weights.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


def tim(frames: int, wanted: int) -> NDArray[np.float64]:
    """Weights (wanted, frames) of the temporal interpolation model (TIM).

    Zhou et al., "Towards a practical lipreading system", CVPR 2011. The paper embeds the frames by the Laplacian of a
    path graph. Its eigenvectors are samples at t = i/n of the curves f_k(t) = sin(pi k t + pi (n - k) / (2n)),
    k = 1..n-1. The paper maps the curves back to images by a singular value decomposition, and reads them at ``wanted``
    equal steps of t from 1/n to 1. These eigenvectors and the constant are an orthogonal basis of R^n, so the
    decomposition cancels: in the image at t, frame i has the weight 1/n + 2/n sum_k f_k(t) f_k(i/n), for any images.
    The paper's computation needs linearly independent frames; this one gives the same numbers for any frames.
    """
    order = np.arange(1, frames)

    def curves(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sin(np.pi * (np.outer(times, order) + (frames - order) / (2 * frames)))

    read_at = np.linspace(1 / frames, 1, wanted)
    given_at = np.arange(1, frames + 1) / frames
    return np.asarray((1 + 2 * curves(read_at) @ curves(given_at).T) / frames)


def linear_weights(frames: int, wanted: int) -> NDArray[np.float64]:
    """Weights (wanted, frames) of linear interpolation at equal steps from the first frame to the last."""
    positions = np.linspace(0, frames - 1, wanted)
    return np.asarray(np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(frames))), np.float64)


INTERPOLATIONS: dict[str, Callable[[int, int], NDArray[np.float64]]] = {"tim": tim, "linear": linear_weights}


def bilen(frames: int) -> NDArray[np.float64]:
    """Weights (frames,) of approximate rank pooling.

    Bilen et al., "Dynamic image networks for action recognition", CVPR 2016. The weight of frame t of n is the sum over
    i = t..n of (2i - n - 1) / i, that is 2(n - t + 1) - (n + 1)(H_n - H_(t-1)) with harmonic numbers H. The sum of the
    weights is 0.
    """
    return _summed_from_each(frames, 1)


def learnet(frames: int) -> NDArray[np.float64]:
    """Weights (frames,) of LEARNet's released code: the sum over i = t..n of (2i - n) / i; all weights sum to n."""
    return _summed_from_each(frames, 0)


def _summed_from_each(frames: int, less: int) -> NDArray[np.float64]:
    numbers = np.arange(1, frames + 1)
    terms = (2 * numbers - frames - less) / numbers
    return np.asarray(np.cumsum(terms[::-1])[::-1], np.float64)


RANK_POOLINGS: dict[str, Callable[[int], NDArray[np.float64]]] = {"bilen": bilen, "learnet": learnet}
