"""MDMD, main directional maximal difference: the baseline of the Micro-Expression Grand Challenge 2020.

He, Wang, Li and Yap, "Spotting Macro- and Micro-expression Intervals in Long Video Sequences", FG 2020,
arXiv:1912.11985; MDMD: Wang, Wu and Fu, ACCV Workshops 2016. Published F1 of micro-expressions: .008 on CAS(ME)^2, .036
on SAMM Long Videos.

From the paper and the authors' released code (Matlab): flow from the frame k before to a frame and to the frame k after
it; in each of 6 x 6 blocks the direction (of four) that most pixels have; of their lengths, the first minus the second,
the largest third of the differences, then the largest third of the blocks; contrast with the values k - 1 before and
after; threshold mean + p (max - mean); every run of frames above it is an interval. k is 12 frames of 30 per second,
80 of 200: 0.4 s; for macro-expressions 39 and 260: 1.3 s. The released code takes the arc tangent of u / v, which knows
two of the four directions only.

Assumed: four quadrants as the paper has them; DIS instead of robust local flow, on faces of 116 x 141; p, of which the
authors report the best on the test set, is chosen on other subjects. A video that is shorter than 4 k has no interval;
the released code halves k there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from merlab.evaluation.metrics import Float64Array
from merlab.frames import Float32Array
from merlab.spotting.comparison.blocks import SIDE, block_of_pixels, mean_of_largest, pixels_of_blocks
from merlab.spotting.comparison.curves import CurveSpotter
from merlab.spotting.comparison.sampling import Around, Feature
from merlab.spotting.comparison.threshold import Peak, contrast, runs

QUADRANTS = 4
THIRD = 3


def main_difference(first: Float32Array, second: Float32Array) -> np.floating:
    """The difference of two fields of flow (H, W, 2): the mean over the largest third of the blocks, px.

    ``first`` decides the main direction of each block.
    """
    across, down = np.ascontiguousarray(first[..., 0]), np.ascontiguousarray(first[..., 1])
    quadrant = np.floor(np.arctan2(down, across) / (np.pi / 2)).astype(np.int8) % QUADRANTS
    shorter = (np.hypot(across, down) - np.hypot(second[..., 0], second[..., 1])).ravel()
    block = block_of_pixels(*first.shape[:2])
    counts = np.bincount((block * QUADRANTS + quadrant).ravel(), minlength=SIDE * SIDE * QUADRANTS)
    main = counts.reshape(-1, QUADRANTS).argmax(axis=1)
    chosen = (quadrant == main[block]).ravel()
    blocks = pixels_of_blocks(*first.shape[:2])
    of_blocks = [_mean_of_largest_third(shorter[pixels[chosen[pixels]]]) for pixels in blocks]
    return np.float32(mean_of_largest(np.array(of_blocks)))


def _mean_of_largest_third(values: NDArray[np.floating]) -> float:
    count = max(1, round(len(values) / THIRD))
    return float(np.sort(values)[-count:].mean())


def differences(around: Around, k: int) -> NDArray[np.generic]:
    """The difference of a sample, () px."""
    return np.asarray(main_difference(around.flow(-k, 0), around.flow(-k, k)))


def _curve(values: NDArray[np.generic], k: int) -> Float64Array:
    return contrast(np.asarray(values, float), _contrast_distance(k))


def _contrast_distance(k: int) -> int:
    return max(1, k - 1)


def _least(k: int) -> int:
    # Two values, of which one is above the mean.
    return 2 * (k + _contrast_distance(k)) + 2


def _intervals(curve: Float64Array, p: float, k: int) -> list[Peak]:
    return runs(curve, p)


MDMD = CurveSpotter(
    name="mdmd",
    title="main directional maximal difference of optical flow",
    paper="He et al., FG 2020, arXiv:1912.11985",
    seconds={"micro": 0.4, "macro": 1.3},
    feature=lambda k: Feature(f"mdmd-6x6-k{k}", k, k, differences, k),
    curve=_curve,
    intervals=_intervals,
    least=_least,
)
