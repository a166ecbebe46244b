"""The input of SOFTNet and MEAN: flow and optical strain from a sample to the one k later, in brows and mouth.

From the authors' released code: TV-L1 flow on crops of 128 x 128; the mean flow at the nose is subtracted (SOFTNet);
u, v and optical strain, each stretched to 0..1; the eyes are masked (SOFTNet); the region of the brows above, that of
the mouth below, each resized to 42 x 21: an image of 42 x 42.

Assumed: DIS flow on faces of 116 x 141; fixed regions of the aligned face instead of 68 landmarks; the brows as one
region; both networks get the same images. An image without movement is 0.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Float32Array
from merlab.inputs.flow import stretch_each
from merlab.optical_flow import strain
from merlab.spotting.comparison.sampling import Around, Feature
from merlab.spotting.motion import HEIGHT, WIDTH

SIDE = 42
# (left, top, right, bottom) in px of the layout of 231 x 282.
NOSE = (90, 95, 141, 160)
BROWS, MOUTH = (12, 20, 219, 96), (42, 160, 189, 232)
EYES = ((28, 58, 82, 90), (149, 58, 203, 90))
# A movement of less than this, px, is that of rounding errors.
LEAST_FLOW = 1e-3

Box = tuple[int, int, int, int]


def flow_image(flow: Float32Array) -> NDArray[np.float16]:
    """U, v and strain (3, 42, 42) in 0..1 of flow (H, W, 2)."""
    moved = flow - _cut(flow, NOSE).reshape(-1, 2).mean(axis=0)
    planes = np.stack([moved[..., 0], moved[..., 1], strain(moved)])
    if float(np.abs(moved).max()) < LEAST_FLOW:
        return np.zeros((3, SIDE, SIDE), np.float16)
    stretched = stretch_each(planes.astype(np.float32), "uvs").transpose(1, 2, 0)
    return _brows_and_mouth(stretched).transpose(2, 0, 1).astype(np.float16)


@cache
def shares_shown() -> NDArray[np.float16]:
    """The share of each pixel of an image that lies outside of the masked eyes, (42, 42) in 0..1."""
    return _brows_and_mouth(np.ones((HEIGHT, WIDTH, 1), np.float32)).astype(np.float16)


def _brows_and_mouth(planes: Float32Array) -> Float32Array:
    """The two regions of planes (H, W, n), whose eyes become 0: (42, 42, n), or (42, 42) of one plane."""
    for eye in EYES:
        _cut(planes, eye)[...] = 0
    half = (SIDE, SIDE // 2)
    halves = [cv2.resize(np.ascontiguousarray(_cut(planes, box)), half) for box in (BROWS, MOUTH)]
    return np.asarray(np.concatenate(halves))


def onset_k_flow(k: int) -> Feature:
    """The image of each sample and the one k later."""
    return Feature(f"onset-k{k}-flow-42x42", 0, k, _image_of, k)


def _image_of(around: Around, k: int) -> NDArray[np.float16]:
    return flow_image(around.flow(0, k))


def _cut(field: Float32Array, box: Box) -> Float32Array:
    """A view of a region of a field (H, W, ...) that shows the whole layout."""
    down, across = field.shape[0] / LAYOUT_HEIGHT, field.shape[1] / LAYOUT_WIDTH
    left, top, right, bottom = box
    return field[round(top * down) : round(bottom * down), round(left * across) : round(right * across)]
