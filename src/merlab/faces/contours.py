"""The outlines of a face in its mesh: enough points to see how a face moves, and too few to recognize the person."""

from __future__ import annotations

from typing import NamedTuple


class Contour(NamedTuple):
    """A line through points of the face mesh, closed or open."""

    name: str
    points: tuple[int, ...]
    closed: bool = True


# The points of MediaPipe's drawings of its face mesh (FACEMESH_CONTOURS, and the ridge and the wings of the nose).
# fmt: off
CONTOURS = (
    Contour("face", (
        10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149,
        150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
    )),
    Contour("right eye", (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)),
    Contour("left eye", (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)),
    Contour("right brow", (46, 53, 52, 65, 55, 107, 66, 105, 63, 70)),
    Contour("left brow", (276, 283, 282, 295, 285, 336, 296, 334, 293, 300)),
    Contour("outer lips", (
        61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
    )),
    Contour("inner lips", (
        78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
    )),
    Contour("ridge of the nose", (168, 6, 197, 195, 5, 4), closed=False),
    Contour("wings of the nose", (98, 97, 2, 326, 327), closed=False),
)
# fmt: on
# All points, in the order of CONTOURS.
CONTOUR_POINTS = tuple(point for contour in CONTOURS for point in contour.points)
