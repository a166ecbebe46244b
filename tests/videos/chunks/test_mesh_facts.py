"""What the landmarks of a face say: pose, size, and whether the mesh keeps the face's own shape."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from merlab.faces.landmarks import Landmarks
from merlab.videos.chunks.mesh_facts import UNKNOWN, MeshWatch

FPS = 100.0
EYES, NOSE_TIP = {"r": (33, 133, 159, 145), "l": (263, 362, 386, 374)}, 1


def mesh() -> NDArray[np.float64]:
    """468 points of an upright face with 123 px between the eyes; the tip of the nose is on the midline."""
    points = np.random.default_rng(0).uniform([0, 0], [231, 282], (468, 2))
    points[[33, 133, 362, 263]] = [(26.5, 73), (80.5, 74), (149.5, 74), (203.5, 73)]
    points[[159, 145, 386, 374]] = [(53.5, 73), (53.5, 73), (176.5, 73), (176.5, 73)]
    points[[6, 168, 197]], points[NOSE_TIP] = (115, 76), (115, 145)
    return points


def turned(points: NDArray[np.float64], degrees: float, scale: float = 1.0) -> NDArray[np.float64]:
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return points @ turn + [300, 200]


def landmarks(points: NDArray[np.float64]) -> Landmarks:
    return Landmarks(points, "mesh", 1.0)


@pytest.mark.parametrize("degrees", [-150.0, -20.0, 0.0, 35.0, 179.0])
def test_roll_and_size_are_those_of_the_eyes_and_the_nose_is_in_its_place(degrees):
    facts = MeshWatch(FPS)(landmarks(turned(mesh(), degrees, 0.5)))
    assert facts.roll == pytest.approx(degrees, abs=0.5)
    assert facts.pupils == pytest.approx(61.5, abs=0.5)
    assert (facts.nose_x, facts.nose_y) == pytest.approx((115, 145), abs=1)
    assert np.isnan(facts.misfit)


def test_a_head_that_moves_as_a_whole_keeps_its_shape():
    watch = MeshWatch(FPS)
    misfits = [watch(landmarks(turned(mesh(), degrees))).misfit for degrees in (0, 5, 10, 20)]
    assert misfits[1:] == pytest.approx([0, 0, 0], abs=1e-6)


def test_the_misfit_is_the_root_mean_square_of_what_a_similarity_leaves():
    watch, other = MeshWatch(FPS), mesh()
    rough = np.random.default_rng(1).normal(0, 3, (468, 2))
    # The points that place a face on the layout stay.
    rough[[33, 133, 362, 263, 6, 168, 197]] = 0
    for _ in range(100):
        watch(landmarks(mesh()))
    assert watch(landmarks(other + rough)).misfit == pytest.approx(np.sqrt((rough**2).sum(axis=1).mean()), rel=0.02)


def test_in_its_first_second_a_face_is_compared_with_the_mean_of_its_frames():
    """The second of four frames is another one: it is half of the mean of two, and a third of that of three."""
    watch, rough = MeshWatch(FPS), np.random.default_rng(1).normal(0, 3, (468, 2))
    rough[[33, 133, 362, 263, 6, 168, 197]] = 0
    _, whole, half, third = (watch(landmarks(mesh() + share * rough)).misfit for share in (0, 1, 0, 0))
    assert (whole / half, whole / third) == pytest.approx((2, 3), rel=0.02)


def test_a_shape_that_stays_becomes_the_faces_own_within_some_seconds():
    watch, smile = MeshWatch(FPS), mesh()
    smile[300:350, 1] -= 10
    for _ in range(100):
        watch(landmarks(mesh()))
    misfits = [watch(landmarks(smile)).misfit for _ in range(400)]
    assert misfits[0] > 2
    assert misfits == sorted(misfits, reverse=True)
    assert misfits[100] == pytest.approx(misfits[0] / np.e, rel=0.1)
    assert misfits[-1] < 0.1


def test_a_frame_without_landmarks_tells_nothing_and_changes_nothing():
    watch = MeshWatch(FPS)
    watch(landmarks(mesh()))
    assert watch(None) is UNKNOWN
    assert watch(landmarks(mesh())).misfit == pytest.approx(0, abs=1e-6)


def test_five_points_have_a_pose_and_no_shape():
    points = np.array([(53.5, 73), (176.5, 73), (115, 145), (80, 190), (150, 190)], np.float64)
    watch = MeshWatch(FPS)
    watch(Landmarks(points, "five-points", 0.9))
    facts = watch(Landmarks(points + 1, "five-points", 0.9))
    assert (facts.roll, facts.pupils, facts.nose_x) == pytest.approx((0, 123, 115))
    assert np.isnan(facts.misfit)
