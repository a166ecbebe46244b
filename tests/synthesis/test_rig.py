"""Action units move the face as the Facial Action Coding System describes."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.synthesis import FaceRenderer
from merlab.synthesis.canvas_layout import CROP, MIDLINE
from merlab.synthesis.truth import forward_flow, landmarks
from tests.synthesis.plans import both, two_frames

UP, DOWN, OUT, IN = (0, -1), (0, 1), (1, 0), (-1, 0)


def movement(renderer: FaceRenderer, activity: dict[str, float]) -> dict[str, tuple[float, float]]:
    """The movement of each landmark (outward, or to the right at the midline; down), px."""
    plan = two_frames(activity)
    rest, moved = landmarks(renderer, plan, 0), landmarks(renderer, plan, 1)
    outward = {name: -1 if name.endswith("_r") else 1 for name in rest}
    return {name: (outward[name] * (moved[name][0] - rest[name][0]), moved[name][1] - rest[name][1]) for name in rest}


@pytest.mark.parametrize(
    ("number", "landmark", "direction", "at_least"),
    [
        (1, "brow_inner", UP, 1.0),
        (2, "brow_outer", UP, 1.0),
        (4, "brow_inner", DOWN, 1.0),
        (4, "brow_inner", IN, 1.0),
        (5, "upper_lid", UP, 1.0),
        (6, "cheek", UP, 1.0),
        (6, "lower_lid", UP, 1.0),
        (7, "lower_lid", UP, 1.0),
        (9, "ala", UP, 1.0),
        (12, "mouth_corner", UP, 1.0),
        (12, "mouth_corner", OUT, 1.0),
        (14, "mouth_corner", OUT, 0.5),
        (15, "mouth_corner", DOWN, 1.0),
        (20, "mouth_corner", OUT, 1.0),
    ],
)
@pytest.mark.parametrize("side", ["l", "r"])
def test_a_paired_unit_moves_its_landmark_on_each_side(renderer, number, landmark, direction, at_least, side):
    moved = movement(renderer, both(number))[f"{landmark}_{side}"]
    assert np.dot(moved, direction) > at_least


@pytest.mark.parametrize(
    ("number", "landmark", "direction", "at_least"),
    [
        (10, "upper_lip", UP, 1.0),
        (17, "chin_boss", UP, 1.0),
        (17, "lower_lip", UP, 1.0),
        (24, "lower_lip", UP, 0.5),
        (25, "lower_lip", DOWN, 1.0),
        (26, "chin", DOWN, 1.0),
        (26, "chin_boss", DOWN, 2.0),
    ],
)
def test_a_unit_moves_its_landmark_at_the_midline(renderer, number, landmark, direction, at_least):
    activity = both(number) if number == 10 else {f"{number}c": 1.0}
    assert np.dot(movement(renderer, activity)[landmark], direction) > at_least


@pytest.mark.parametrize("number", [1, 2, 4, 6, 7, 9, 12, 14, 15, 20])
def test_a_unit_of_one_side_does_not_move_the_landmarks_of_the_other_side(renderer, number):
    moved = movement(renderer, {f"{number}l": 1.0})
    for landmark in ("mouth_corner_r", "brow_outer_r", "brow_middle_r", "cheek_r", "eye_outer_r"):
        assert np.hypot(*moved[landmark]) < 0.1


def test_the_dimpler_pulls_the_skin_to_a_point_outside_the_corner_and_narrows_the_corner(renderer):
    flow = forward_flow(renderer, two_frames({"14l": 1.0}), 0, 1)
    corner_x, corner_y = (round(value) for value in renderer.identity.landmarks["mouth_corner_l"])
    across = flow[corner_y, corner_x : corner_x + 26, 0]
    assert across[0] > 0.5
    assert across[-1] < -0.3
    assert np.count_nonzero(np.diff(np.sign(across))) == 1
    assert flow[corner_y - 11, corner_x + 4, 1] > 0.1
    assert flow[corner_y + 11, corner_x + 4, 1] < -0.1


@pytest.mark.parametrize("number", [25, 26])
def test_parted_lips_leave_a_gap_at_the_middle_and_none_at_the_corners(renderer, number):
    plan = two_frames({f"{number}c": 1.5})
    rest, moved = landmarks(renderer, plan, 0), landmarks(renderer, plan, 1)
    assert rest["lower_lip_edge"][1] - rest["upper_lip_edge"][1] == pytest.approx(0.02, abs=0.01)
    assert moved["lower_lip_edge"][1] - moved["upper_lip_edge"][1] > 2
    parting = renderer.rig.source_map(plan.pose(1)).parting
    corner_x, corner_y = (round(value) for value in renderer.identity.landmarks["mouth_corner_l"])
    assert parting is not None
    assert parting[corner_y, corner_x] < 0.05


def test_at_rest_every_pixel_shows_itself(renderer):
    source = renderer.rig.source_map(two_frames().pose(0))
    assert np.allclose(source.x, np.broadcast_to(CROP.x, source.x.shape), atol=1e-4)
    assert np.allclose(source.y, np.broadcast_to(CROP.y, source.y.shape), atol=1e-4)
    assert source.parting is None


def test_a_unit_of_both_sides_is_as_strong_as_its_two_sides_together(renderer):
    left, right, together = (
        renderer.rig.source_map(two_frames(activity).pose(1)).x - CROP.x
        for activity in ({"12l": 1.0}, {"12r": 1.0}, both(12))
    )
    assert np.allclose(left + right, together, atol=1e-4)


def test_the_subjects_left_is_on_the_right_of_the_image(renderer):
    assert renderer.identity.landmarks["mouth_corner_l"][0] > MIDLINE > renderer.identity.landmarks["mouth_corner_r"][0]
