"""The pose of a head: a model that is turned and projected is found again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from merlab.faces.head_pose import MODEL, HeadPose, head_pose


def projected(pose: HeadPose, scale: float = 13.0) -> NDArray[np.float64]:
    """The model from far away; the points that the model lacks are anywhere."""
    places = {point: (x, -y, -z) for point, _, _, x, y, z in MODEL}
    places |= {mirror: (-x, -y, -z) for point, mirror, _, x, y, z in MODEL if mirror != point}
    points = np.random.default_rng(0).uniform(0, 300, (468, 2))
    turned = Rotation.from_euler("XYZ", pose, degrees=True).apply(list(places.values()))
    points[list(places)] = scale * turned[:, :2] + [320, 240]
    return points


@pytest.mark.parametrize("pose", [(0, 0, 0), (12, 0, 0), (0, -25, 0), (0, 0, 170), (-8, 30, -20), (20, -40, 15)])
def test_the_angles_of_a_turned_model_are_found(pose):
    assert head_pose(projected(HeadPose(*pose))) == pytest.approx(pose, abs=1e-6)


def test_a_face_that_looks_down_or_to_the_left_of_the_picture_has_positive_angles():
    rest, nose_tip = projected(HeadPose(0, 0, 0)), 4
    down, left = projected(HeadPose(15, 0, 0)), projected(HeadPose(0, 15, 0))
    assert down[nose_tip, 1] > rest[nose_tip, 1]
    assert left[nose_tip, 0] < rest[nose_tip, 0]


def test_points_that_are_wrong_by_a_pixel_change_the_angles_by_less_than_two_degrees():
    pose = HeadPose(5, 10, 3)
    points = projected(pose) + np.random.default_rng(1).normal(0, 1, (468, 2))
    assert head_pose(points) == pytest.approx(pose, abs=2)
