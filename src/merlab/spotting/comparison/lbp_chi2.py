"""Feature difference of LBP histograms.

Li, Hong, Moilanen, Huang, Pfister, Zhao and Pietikainen, "Towards Reading Hidden Emotions", IEEE Trans. Affective
Computing, 2017, arXiv:1511.00423; the scheme is that of Moilanen, Zhao and Pietikainen, ICPR 2014.

Published: 6 x 6 blocks; a uniform LBP histogram of each; the chi-square distance between a frame and the mean of the
frames k before and k after it, over an interval of about 0.32 s (k = 0.16 s); the mean of the largest third of the
blocks; contrast: minus the mean of the values k before and after, negative ones become 0; threshold
mean + p (max - mean). There is no training.

Assumed: radius 1 with 8 neighbors on faces of 116 x 141; a peak stands for the interval from k before to k after it,
because the paper reports peaks only; k = 0.75 s for macro-expressions; p, which the paper varies, is chosen on other
subjects. Faces are not aligned again.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from merlab.databases.long_video import Kind
from merlab.evaluation.metrics import Float64Array
from merlab.inputs.lbp_top import BINS, codes, uniform_bins
from merlab.optical_flow import Gray
from merlab.spotting.comparison.blocks import chi_square, histograms, mean_of_largest
from merlab.spotting.comparison.curves import CurveSpotter
from merlab.spotting.comparison.sampling import Around, Feature
from merlab.spotting.comparison.threshold import contrast, peaks

SECONDS: Mapping[Kind, float] = {"micro": 0.16, "macro": 0.75}
RADII = (0, 1, 1)


def lbp_histograms(gray: Gray) -> NDArray[np.float32]:
    """The normalized uniform LBP histograms (36, 59) of a sample."""
    found = codes(gray.astype(np.float32)[None], "XY", RADII)[0]
    return histograms(uniform_bins()[found], BINS).astype(np.float32)


def distances(around: Around, k: int) -> Float64Array:
    """The distances (36,) of the histograms of a sample from the mean of those k before and k after.

    Distances are kept, not histograms: those of a million samples would fill 8.5 GB.
    """
    own, before, after = (np.asarray(around.of_sample(lbp_histograms, distance), np.float32) for distance in (0, -k, k))
    return chi_square(own, (before + after) / 2)


def difference(values: NDArray[np.generic], k: int) -> Float64Array:
    """The contrast of distances (n, 36): (n - 2 k,)."""
    if not len(values):
        return np.zeros(0)
    return np.maximum(contrast(mean_of_largest(np.asarray(values, float)), k), 0)


def least(k: int) -> int:
    """How many samples give three values of ``difference``, of which one can be a peak."""
    return 4 * k + 3


LBP_CHI2 = CurveSpotter(
    name="lbp-chi2",
    title="feature difference of LBP histograms, chi-square distance",
    paper="Li et al., IEEE Trans. Affective Computing, 2017, arXiv:1511.00423",
    seconds=SECONDS,
    feature=lambda k: Feature(f"lbp-chi2-6x6-k{k}", k, k, distances, k),
    curve=difference,
    intervals=peaks,
    least=least,
)
