"""Soft masks of ten parts of a face, as KFC-MER takes them from a network that labels each pixel of a face.

KFC-MER uses ten maps of such a network for the apex frame (labels 1 to 6 and 10 to 13 of CelebAMask-HQ): skin, two
brows, two eyes, glasses, nose, mouth, upper and lower lip. merlab includes no such network. Its masks are polygons with
blurred edges: a template on the layout of CASME II's crops (``faces.regions``), or outlines through the mesh points of
the clip's own face. In the place of glasses is the band of both eye sockets.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from merlab.faces.geometry import Points
from merlab.faces.regions import (
    LAYOUT_HEIGHT,
    LAYOUT_WIDTH,
    MESH_OUTLINES,
    REGIONS,
    Polygon,
    Region,
    mirrored_outline,
    region_mask,
)
from merlab.frames import Float32Array

BLUR = 4.0  # standard deviation at the edges, px of the layout


_BROW: Polygon = ((28, 52), (40, 36), (68, 32), (98, 42), (98, 52), (68, 44), (42, 48))
_EYE: Polygon = ((38, 74), (52, 64), (70, 62), (86, 68), (94, 77), (84, 83), (66, 85), (50, 82))
_SOCKETS: Polygon = ((24, 54), (206, 54), (210, 96), (140, 98), (115, 86), (90, 98), (20, 96))
_SKIN: Polygon = ((6, 6), (224, 6), (226, 130), (208, 210), (160, 278), (70, 278), (22, 210), (4, 130))
_UPPER_LIP: Polygon = ((72, 190), (94, 180), (108, 176), (115, 179), (122, 176), (136, 180), (158, 190), (115, 189))
_MOUTH: Polygon = ((78, 190), (115, 188), (152, 190), (115, 194))
_LOWER_LIP: Polygon = ((72, 190), (115, 193), (158, 190), (140, 206), (115, 211), (90, 206))
TEMPLATE: dict[str, Polygon] = {
    "skin": _SKIN,
    "left brow": _BROW,
    "right brow": mirrored_outline(_BROW),
    "left eye": _EYE,
    "right eye": mirrored_outline(_EYE),
    "eye sockets": _SOCKETS,
    "nose": REGIONS["nose"].polygons[0],
    "mouth": _MOUTH,
    "upper lip": _UPPER_LIP,
    "lower lip": _LOWER_LIP,
}
PARTS = tuple(TEMPLATE)

# The points of MediaPipe's face mesh on each outline; left and right are those of the image.
_UPPER_EDGE = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
_LOWER_EDGE = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
_UPPER_GAP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
_LOWER_GAP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
_OVAL: tuple[int, ...] = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
_OVAL += (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
MESH: dict[str, tuple[int, ...]] = {
    "skin": _OVAL,
    "left brow": (46, 53, 52, 65, 55, 107, 66, 105, 63, 70),
    "right brow": (276, 283, 282, 295, 285, 336, 296, 334, 293, 300),
    "left eye": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    "right eye": (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    "eye sockets": (46, 53, 52, 65, 55, 285, 295, 282, 283, 276, 340, 346, 347, 348, 6, 119, 118, 117, 111),
    "nose": MESH_OUTLINES["nose"][0],
    "mouth": (*_UPPER_GAP, *reversed(_LOWER_GAP)),
    "upper lip": (*_UPPER_EDGE, *reversed(_UPPER_GAP)),
    "lower lip": (*_LOWER_EDGE, *reversed(_LOWER_GAP)),
}


def soft_masks(polygons: Sequence[Polygon], width: int, height: int) -> Float32Array:
    """Masks (parts, height, width) in [0, 1] of outlines on the layout, with blurred edges."""
    across, down = BLUR * width / LAYOUT_WIDTH, BLUR * height / LAYOUT_HEIGHT
    hard = [region_mask(Region("", (), (polygon,)), width, height).astype(np.float32) for polygon in polygons]
    blurred = [cv2.GaussianBlur(mask, (0, 0), across, None, down, cv2.BORDER_REPLICATE) for mask in hard]
    return np.asarray(np.stack(blurred), np.float32)


def template_masks(width: int, height: int) -> Float32Array:
    """The ten masks of the template, (10, height, width) in [0, 1], for an image that shows the whole layout."""
    return soft_masks(tuple(TEMPLATE.values()), width, height)


def masks_from_landmarks(points: Points, width: int, height: int) -> Float32Array:
    """The ten masks of a face, (10, height, width) in [0, 1]; ``points`` (468, 2) are in pixels of the layout."""
    within = np.clip(np.asarray(points, np.float64), 0, [LAYOUT_WIDTH - 1, LAYOUT_HEIGHT - 1])
    outlines = [tuple((float(x), float(y)) for x, y in within[list(MESH[part])]) for part in PARTS]
    return soft_masks(outlines, width, height)
