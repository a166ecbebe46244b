"""The five facial regions of the paper, with the action units that the paper lists for each.

The paper (section IV.A) names the regions and their action units, but gives neither outlines nor a rule to draw them.
The outlines here are merlab's own, in two forms. ``REGIONS`` is a template on the layout of CASME II's crops (231 px
wide, 282 px high; eyes at y 73, mouth at y 190, chin at y 277), for databases of cropped faces without landmarks.
``regions_from_landmarks`` draws the outlines through the mesh points of the individual face.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

LAYOUT_WIDTH, LAYOUT_HEIGHT = 231, 282
SUBPIXEL_BITS = 6

Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Region:
    """A facial region: its name, the action units that the paper assigns to it, and its outlines.

    ``polygons`` are (x, y) points in pixels of the 231 x 282 layout; a paired region has two polygons.
    """

    name: str
    action_units: tuple[int, ...]
    polygons: tuple[Polygon, ...]


def mirrored_outline(polygon: Polygon) -> Polygon:
    """The outline on the other side of the layout, with its points in the same sense of rotation."""
    return tuple((LAYOUT_WIDTH - 1 - x, y) for x, y in reversed(polygon))


_RIGHT_CHEEK: Polygon = ((18, 98), (88, 98), (76, 142), (58, 170), (32, 160))

REGIONS: dict[str, Region] = {
    region.name: region
    for region in (
        Region(
            "eyes and brows",
            (1, 2, 4, 5, 7),
            (
                (
                    (12, 44),
                    (40, 12),
                    (190, 12),
                    (218, 44),
                    (214, 96),
                    (140, 96),
                    (128, 84),
                    (102, 84),
                    (90, 96),
                    (16, 96),
                ),
            ),
        ),
        Region("nose", (9, 38), (((102, 85), (128, 85), (152, 142), (154, 164), (76, 164), (78, 142)),)),
        Region("cheeks", (6,), (_RIGHT_CHEEK, mirrored_outline(_RIGHT_CHEEK))),
        Region(
            "mouth",
            (10, 12, 14, 15, 16, 25, 26),
            (((60, 166), (170, 166), (188, 190), (166, 226), (64, 226), (42, 190)),),
        ),
        Region("chin", (17,), (((64, 228), (166, 228), (152, 280), (78, 280)),)),
    )
}

# The points of MediaPipe's face mesh on each outline, clockwise from the top left, in the order of the template's
# polygons. Eyes and brows: below the lower lids, along the temples, over the upper forehead. Nose: from between the
# eyes, along the sides of the nose and around its wings. Cheeks: between lower lid, side of the nose, nasolabial fold
# and cheekbone. Mouth: from below the nose, along the ends of the smile lines, to the fold above the chin. Chin: from
# that fold to the edge of the jaw.
_FOREHEAD_MESH = (143, 71, 68, 104, 69, 108, 151, 337, 299, 333, 298, 301, 372)
_RIGHT_CHEEK_MESH = (111, 228, 229, 230, 231, 232, 47, 126, 142, 203, 206, 207, 187, 123, 116)
_LEFT_CHEEK_MESH = (340, 345, 352, 411, 427, 426, 423, 371, 355, 277, 452, 451, 450, 449, 448)
MESH_OUTLINES: dict[str, tuple[tuple[int, ...], ...]] = {
    "eyes and brows": ((*_FOREHEAD_MESH, 448, 449, 450, 451, 452, 453, 464, 6, 244, 233, 232, 231, 230, 229, 228),),
    "nose": ((6, 464, 357, 343, 277, 355, 429, 279, 358, 327, 2, 98, 129, 49, 209, 126, 47, 114, 128, 244),),
    "cheeks": (_RIGHT_CHEEK_MESH, _LEFT_CHEEK_MESH),
    "mouth": ((98, 2, 327, 391, 436, 432, 422, 335, 406, 313, 18, 83, 182, 106, 202, 212, 216, 165),),
    "chin": ((106, 182, 83, 18, 313, 406, 335, 424, 262, 369, 400, 377, 152, 148, 176, 140, 32, 204),),
}


def regions_from_landmarks(points: ArrayLike) -> dict[str, Region]:
    """The five regions of a face, with outlines through its own mesh points.

    ``points`` (468, 2) are in pixels of the layout; outlines that leave the layout are cut at its edge.
    """
    within = np.clip(np.asarray(points, np.float64), 0, [LAYOUT_WIDTH - 1, LAYOUT_HEIGHT - 1])
    return {
        name: replace(
            REGIONS[name],
            polygons=tuple(tuple((float(x), float(y)) for x, y in within[list(outline)]) for outline in outlines),
        )
        for name, outlines in MESH_OUTLINES.items()
    }


def region_mask(region: Region, width: int, height: int) -> NDArray[np.bool_]:
    """The region as a mask (height, width), for a face image of this size that shows the whole layout."""
    canvas = np.zeros((height, width), np.uint8)
    scale = np.array([width / LAYOUT_WIDTH, height / LAYOUT_HEIGHT])
    for polygon in region.polygons:
        points = (np.asarray(polygon) + 0.5) * scale - 0.5
        cv2.fillPoly(canvas, [np.rint(points * 2**SUBPIXEL_BITS).astype(np.int32)], 1, shift=SUBPIXEL_BITS)
    return canvas.astype(bool)


def face_mask(width: int, height: int, regions: Iterable[Region] = tuple(REGIONS.values())) -> NDArray[np.bool_]:
    """The union of the regions as a mask (height, width); by default, the five regions of the template."""
    return np.asarray(np.any([region_mask(region, width, height) for region in regions], axis=0))
