"""Along the time of a clip: interpolation to a fixed number of frames, and rank pooling into one image.

Each is a fixed linear combination of the frames, so each is a table of weights here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]


def tim(frames: int, wanted: int) -> Weights:
    """Temporal interpolation model (Zhou et al., "Towards a practical lipreading system", CVPR 2011): (wanted, frames).

    The paper embeds the frames by the Laplacian of a path graph, whose eigenvectors are samples at t = i/n of curves
    f_k(t) = sin(pi k t + pi (n - k) / (2n)), k = 1..n-1, maps the curves back to images by a singular value
    decomposition, and reads them at ``wanted`` equal steps of t from 1/n to 1. These eigenvectors and the constant are
    an orthogonal basis of R^n, so the decomposition cancels: the image at t weighs frame i by
    1/n + 2/n sum_k f_k(t) f_k(i/n), whatever the images show. The paper's route needs linearly independent frames;
    this one gives the same numbers and needs none.
    """
    order = np.arange(1, frames)

    def curves(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sin(np.pi * (np.outer(times, order) + (frames - order) / (2 * frames)))

    read_at = np.linspace(1 / frames, 1, wanted)
    given_at = np.arange(1, frames + 1) / frames
    return np.asarray((1 + 2 * curves(read_at) @ curves(given_at).T) / frames)


def linear(frames: int, wanted: int) -> Weights:
    """Linear interpolation between neighbors at equal steps from the first frame to the last: (wanted, frames)."""
    positions = np.linspace(0, frames - 1, wanted)
    return np.asarray(np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(frames))), np.float64)


INTERPOLATIONS: dict[str, Callable[[int, int], Weights]] = {"tim": tim, "linear": linear}


def bilen(frames: int) -> Weights:
    """Approximate rank pooling (Bilen et al., "Dynamic image networks for action recognition", CVPR 2016): (frames,).

    Frame t of n weighs the sum over i = t..n of (2i - n - 1) / i, that is 2(n - t + 1) - (n + 1)(H_n - H_(t-1)) with
    harmonic numbers H; the weights add up to 0.
    """
    return _summed_from_each(frames, 1)


def learnet(frames: int) -> Weights:
    """The weights of LEARNet's released code, (frames,): the sum over i = t..n of (2i - n) / i; they add up to n."""
    return _summed_from_each(frames, 0)


def _summed_from_each(frames: int, less: int) -> Weights:
    numbers = np.arange(1, frames + 1)
    terms = (2 * numbers - frames - less) / numbers
    return np.asarray(np.cumsum(terms[::-1])[::-1], np.float64)


RANK_POOLINGS: dict[str, Callable[[int], Weights]] = {"bilen": bilen, "learnet": learnet}
