"""Where the parts of the face are on an aligned face, for pictures that show one part closely."""

from __future__ import annotations

from merlab.faces.geometry import bounding_box
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH, REGIONS

Box = tuple[float, float, float, float]

# Around a part that is shown closely, as a share of its size.
MARGIN = 0.25


def part_box(part: str) -> Box:
    """Left, top, right and bottom of a part of the face, as shares (0..1) of an aligned face."""
    region, _, side = part.partition(", ")
    boxes = [bounding_box(polygon) for polygon in REGIONS[region].polygons]
    left, top = (min(box[place] for box in boxes) for place in (0, 1))
    right, bottom = (max(box[place] for box in boxes) for place in (2, 3))
    # The subject's right is on the left of the picture.
    middle = (left + right) / 2
    left, right = (middle if side == "left" else left), (middle if side == "right" else right)
    return left / LAYOUT_WIDTH, top / LAYOUT_HEIGHT, right / LAYOUT_WIDTH, bottom / LAYOUT_HEIGHT


def close_view(part: str) -> Box:
    """Left, top, width and height, px of an aligned face: the part with a margin, in the proportions of the face."""
    left, top, right, bottom = part_box(part)
    share = min(1.0, (1 + 2 * MARGIN) * max(right - left, bottom - top))
    x, y = (min(1 - share, max(0.0, (low + high - share) / 2)) for low, high in ((left, right), (top, bottom)))
    return x * LAYOUT_WIDTH, y * LAYOUT_HEIGHT, share * LAYOUT_WIDTH, share * LAYOUT_HEIGHT
