"""How a head is turned, from its face mesh: a rigid model of a face is fitted to the points, seen from far away.

The model is MediaPipe's canonical face (modules/face_geometry, Apache License 2.0), at the points and with the weights
by which MediaPipe fits it. A camera that is far away, compared with the depth of a face, shows a scaled orthographic
projection, so neither its focal length nor its distance has to be known (Dementhon and Davis 1995).

One model stands for all faces, so the angles of a person are off by a constant of some degrees, most of all the pitch;
a change of pose within a track is more exact. Near the edge of a wide-angle picture a face seems turned.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from merlab.faces.geometry import Points

# Point of the mesh, the point of the other side (itself on the midline), weight, and x (to the right of the picture),
# y (up) and z (towards the camera) in cm; the other side has -x.
MODEL = (
    (4, 4, 0.0709, 0.0, -0.4632, 7.5866),
    (6, 6, 0.0321, 0.0, 2.4733, 5.7886),
    (10, 10, 0.0084, 0.0, 8.2618, 4.4815),
    (33, 263, 0.0587, -4.4459, 2.6640, 3.1734),
    (54, 284, 0.0077, -6.2793, 6.6154, 1.4259),
    (67, 297, 0.0091, -3.5240, 8.0060, 3.7292),
    (117, 346, 0.0098, -5.2587, 0.9458, 2.9743),
    (119, 348, 0.0146, -3.3007, 0.8616, 3.8728),
    (121, 350, 0.0186, -1.8207, 1.4680, 4.2241),
    (127, 356, 0.0052, -7.7431, 2.3650, -2.0052),
    (129, 358, 0.1206, -1.7858, -0.9783, 4.8504),
    (132, 361, 0.0056, -7.2709, -2.8909, -2.2525),
    (133, 362, 0.0533, -1.8564, 2.5852, 3.7579),
    (136, 365, 0.0669, -5.0853, -7.1786, 0.7147),
    (143, 372, 0.0148, -6.4076, 2.2360, 1.5608),
    (147, 376, 0.0143, -6.2349, -1.9444, 1.6635),
    (198, 420, 0.0255, -1.2468, 0.2303, 5.6810),
    (205, 425, 0.0473, -3.8329, -1.5373, 4.1377),
)


class HeadPose(NamedTuple):
    """Angles in degrees by which the head is turned from looking into the camera.

    The rotation is Rx(pitch) Ry(yaw) Rz(roll) about the axes of the camera: x to the right of the picture, y down, z
    away from the camera. So a positive pitch looks down, a positive yaw looks to the left of the picture (the
    subject's right), and a positive roll turns from x towards y.
    """

    pitch: float
    yaw: float
    roll: float


def head_pose(points: Points) -> HeadPose:
    """The pose of a head from the 468 points of its mesh (468, 2), px of any image that is not distorted."""
    indices, fit = _model()
    left, _, right = np.linalg.svd(points[indices].T @ fit, full_matrices=False)
    first, second = left @ right
    (a, b, c), (d, e, f) = first.tolist(), second.tolist()
    # The last number of the third row, which is the cross product of the others.
    forward = a * e - b * d
    return HeadPose(
        pitch=math.degrees(math.atan2(-f, forward)),
        yaw=math.degrees(math.asin(max(-1.0, min(1.0, c)))),
        roll=math.degrees(math.atan2(-b, a)),
    )


@cache
def _model() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The points of the mesh (n,), and the matrix (n, 3) that maps their places to the scaled axes of the head."""
    rows = [(point, weight, x, -y, -z) for point, _, weight, x, y, z in MODEL]
    rows += [(mirror, weight, -x, -y, -z) for point, mirror, weight, x, y, z in MODEL if mirror != point]
    table = np.array(rows)
    weights, places = table[:, 1:2] / table[:, 1].sum(), table[:, 2:]
    centered = places - (weights * places).sum(axis=0)
    return table[:, 0].astype(np.int64), weights * centered @ np.linalg.inv(centered.T @ (weights * centered))
