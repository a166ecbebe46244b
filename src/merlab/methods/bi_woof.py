"""Bi-WOOF, bi-weighted oriented optical flow, with a linear SVM.

Liong, See, Wong and Phan, "Less is more: Micro-expression recognition from video using apex frame", Signal Processing:
Image Communication 62, 2018, arXiv:1606.01721. As published and in the authors' released Matlab code: onset-to-apex
flow on a grid of 5 x 5 blocks; in each block a histogram of flow orientation over 8 bins of the full circle, each pixel
weighted by its flow magnitude, normalized to sum 1 and multiplied by the block's sum of optical strain; the 200 numbers
scaled to unit length; an SVM.

Assumed: blocks have no common pixels (in the release, neighboring blocks overlap by up to two rows); a linear kernel
(recalled, not verified); C = 1 (scikit-learn's default, because no published value was found) and balanced classes;
flow of 231 x 282 pixels by the algorithm of the recipe (published: TV-L1).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.methods.method import Method, Preset, Task, check_channels
from merlab.methods.svm import LinearSvm

BLOCKS = 5
BINS = 8


def bi_woof(flow: NDArray[np.float32]) -> NDArray[np.float64]:
    """Histograms (N, 200) from u, v and strain (N, 3, H, W); their length is 1, or 0 for a clip without motion.

    Entry 8 (5 row + column) + k is bin k of a block; bin 0 begins at -180 degrees, which is motion to the left.
    """
    height, width = flow.shape[2:]
    rows, columns = (np.arange(side) * BLOCKS // side for side in (height, width))
    block = (rows[:, None] * BLOCKS + columns).ravel()
    return np.stack([_histogram(planes.reshape(3, -1).astype(np.float64), block) for planes in flow])


def _histogram(planes: NDArray[np.float64], block: NDArray[np.intp]) -> NDArray[np.float64]:
    """The 200 entries of one clip, from its u, v, strain (3, pixels) and the number of each pixel's block (pixels,)."""
    from sklearn.preprocessing import normalize

    u, v, strain = planes
    turns = (np.arctan2(v, u) + np.pi) / (2 * np.pi)
    orientation = np.floor(turns * BINS).astype(np.int64) % BINS
    weighted = np.bincount(block * BINS + orientation, np.hypot(u, v), BLOCKS**2 * BINS).reshape(-1, BINS)
    shares = normalize(weighted, norm="l1")
    by_strain = shares * np.bincount(block, strain, BLOCKS**2)[:, None]
    return np.asarray(normalize(by_strain.reshape(1, -1))[0], np.float64)


class BiWoof(LinearSvm):
    """Bi-WOOF histograms and a linear SVM. Raises MerlabError if the number of channels is not 3."""

    def __init__(self, task: Task) -> None:
        check_channels(task, 3, "Bi-WOOF is computed from u, v and strain", "channels=uvs")
        super().__init__(task, cost=1.0, features=bi_woof)

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Fit the SVM; raises MerlabError for clips without motion, and for flow whose scale loses its directions."""
        if not inputs[:, :2].any():
            raise MerlabError(
                "Bi-WOOF describes motion from onset to apex, but in the training clips of a fold no pixel moves: both "
                "frames of each clip are equal; check the frames, and the numbers of onset and apex"
            )
        if inputs[:, :2].min() >= 0:
            raise MerlabError(
                "Bi-WOOF weights the direction of each pixel's motion by its magnitude, but no pixel of these clips "
                "moves left or up: scale=minmax maps each channel to [0, 1], which loses the zero; "
                "use frames (not stored flow) and scale=raw"
            )
        if inputs[:, 2].min() < 0:
            raise MerlabError(
                "Bi-WOOF weights each block by its strain, which is never negative, but it is in these clips: "
                "scale=centered scales u, v and strain apart, which loses directions and strengths; use frames (not "
                "stored flow) and scale=raw"
            )
        super().fit(inputs, labels, groups, seed)


_PRESET = Preset(source="the paper and the authors' released code; kernel and C are merlab's choice")

BI_WOOF = Method(
    name="bi-woof",
    title="Bi-WOOF: oriented flow, weighted by magnitude and strain, with an SVM",
    paper="Liong et al., Signal Processing: Image Communication 62, 2018, arXiv:1606.01721",
    input="flow:channels=uvs,scale=raw,size=231x282",
    # There is one form, with both preset names, as for the baselines.
    presets=dict.fromkeys(("paper", "reduced"), _PRESET),
    pipeline=BiWoof,
    seeded=False,
)
