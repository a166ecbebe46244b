"""Feature difference of histograms of oriented optical flow (HOOF).

Li et al., "Towards Reading Hidden Emotions", IEEE Trans. Affective Computing, 2017, arXiv:1511.00423; HOOF:
Chaudhry et al., CVPR 2009.

Published: as `lbp-chi2`, with histograms of the directions of optical flow, each vector counted by its length.

Assumed: flow is computed from the sample k before, so that the three histograms of a difference have the same origin
(that of the origin itself is empty; a first frame is too far away in a long video); 8 directions of all 360 degrees;
the histograms are those of lengths and not normalized, because without movement all directions are noise; DIS flow on
faces of 116 x 141; all other assumptions are those of `lbp-chi2`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.spotting.comparison.blocks import SIDE, block_of_pixels, chi_square
from merlab.spotting.comparison.curves import CurveSpotter
from merlab.spotting.comparison.lbp_chi2 import SECONDS, difference, least
from merlab.spotting.comparison.sampling import Around, Feature
from merlab.spotting.comparison.threshold import peaks

DIRECTIONS = 8


def oriented_histograms(flow: Float32Array) -> NDArray[np.float32]:
    """The mean length of the vectors of flow (H, W, 2) in each direction, for each block: (36, 8), px."""
    blocks = block_of_pixels(*flow.shape[:2])
    across, down = np.ascontiguousarray(flow[..., 0]), np.ascontiguousarray(flow[..., 1])
    angle = np.arctan2(down, across) / (2 * np.pi) * DIRECTIONS
    places = blocks * DIRECTIONS + np.floor(angle).astype(np.int8) % DIRECTIONS
    count = SIDE * SIDE * DIRECTIONS
    sums = np.bincount(places.ravel(), weights=np.hypot(across, down).ravel(), minlength=count)
    pixels = np.bincount(blocks.ravel(), minlength=SIDE * SIDE)
    return (sums.reshape(-1, DIRECTIONS) / pixels[:, None]).astype(np.float32)


def distances(around: Around, k: int) -> NDArray[np.float32]:
    """The distances (36,) of a sample from the mean of the samples k before, which has no flow, and k after."""
    own, later = (oriented_histograms(around.flow(-k, end)) for end in (0, k))
    return chi_square(own, later / 2).astype(np.float32)


HOOF = CurveSpotter(
    name="hoof",
    title="feature difference of histograms of oriented optical flow",
    paper="Li et al., IEEE Trans. Affective Computing, 2017, arXiv:1511.00423",
    seconds=SECONDS,
    feature=lambda k: Feature(f"hoof-6x6-k{k}", k, k, distances, k),
    curve=difference,
    intervals=peaks,
    least=least,
)
