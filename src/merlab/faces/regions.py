"""The five facial regions of the paper, tied to the action units that it lists, as a template for cropped faces.

The paper (section IV.A) names the regions and their action units; it gives neither outlines nor a rule to draw them.
The polygons here are merlab's: drawn on the layout of CASME II's own crops (231 wide, 282 high; eyes at y 73, mouth at
y 190, chin at y 277), so they fit databases that come cropped, without landmarks.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LAYOUT_WIDTH, LAYOUT_HEIGHT = 231, 282
SUBPIXEL_BITS = 6

Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Region:
    """A facial region: its name, the action units that the paper counts to it, and its outlines.

    ``polygons`` are (x, y) points in pixels of the 231 x 282 layout; paired regions have two.
    """

    name: str
    action_units: tuple[int, ...]
    polygons: tuple[Polygon, ...]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The bounding box (left, top, right, bottom) of all polygons, layout pixels."""
        return bounding_box(tuple(point for polygon in self.polygons for point in polygon))


def bounding_box(polygon: Polygon) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of the points, layout pixels."""
    xs, ys = zip(*polygon, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _mirrored(polygon: Polygon) -> Polygon:
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
        Region("cheeks", (6,), (_RIGHT_CHEEK, _mirrored(_RIGHT_CHEEK))),
        Region(
            "mouth",
            (10, 12, 14, 15, 16, 25, 26),
            (((60, 166), (170, 166), (188, 190), (166, 226), (64, 226), (42, 190)),),
        ),
        Region("chin", (17,), (((64, 228), (166, 228), (152, 280), (78, 280)),)),
    )
}


def region_of(action_unit: int) -> str | None:
    """The region that the paper counts an action unit to; None for those in no region (18, 20 and 24 among them)."""
    for region in REGIONS.values():
        if action_unit in region.action_units:
            return region.name
    return None


def region_mask(region: Region, width: int, height: int) -> NDArray[np.bool_]:
    """The region as a mask (height, width) of a face of that size in the layout's proportions."""
    canvas = np.zeros((height, width), np.uint8)
    scale = np.array([width / LAYOUT_WIDTH, height / LAYOUT_HEIGHT])
    for polygon in region.polygons:
        points = (np.asarray(polygon) + 0.5) * scale - 0.5
        cv2.fillPoly(canvas, [np.rint(points * 2**SUBPIXEL_BITS).astype(np.int32)], 1, shift=SUBPIXEL_BITS)
    return canvas.astype(bool)


def face_mask(width: int, height: int) -> NDArray[np.bool_]:
    """The union of the five regions, (height, width)."""
    return np.asarray(np.any([region_mask(region, width, height) for region in REGIONS.values()], axis=0))
