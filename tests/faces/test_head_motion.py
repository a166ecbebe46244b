"""The rigid movement that is found, against known ones."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest

from merlab.faces.geometry import Transform, translation
from merlab.faces.head_motion import HeadFit, displacement

# Where the layout lies in a drawn head's frame.
LAYOUT = translation(-205, -140)


def turned(degrees, scale, x, y):
    matrix = cv2.getRotationMatrix2D((320, 260), degrees, scale)
    matrix[:, 2] += x, y
    return Transform.from_matrix(matrix)


def warped(frame, transform):
    return cv2.warpAffine(frame, transform.matrix, (640, 480), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def error(found, movement):
    """How far, in px of the layout, the face lies from where it would lie had the head not moved."""
    return displacement(found.after(movement).after(LAYOUT.inverse))


@pytest.fixture(scope="module")
def frame(heads):
    return heads[1][0]


@pytest.mark.parametrize("movement", [(0, 1, 0.6, -0.4), (0.3, 1, 1.2, 2.0), (-1, 1, 3, 1)])
def test_a_small_rigid_movement_is_found_to_a_tenth_of_a_pixel(frame, movement):
    movement = turned(*movement)
    found = HeadFit(frame, LAYOUT).fit(warped(frame, movement), LAYOUT)
    assert error(LAYOUT, movement) > 0.5
    assert error(found, movement) < 0.1


def test_a_drifting_head_is_followed_evenly_through_the_noise_of_a_camera(frame):
    """Optical flow alone left 0.14 px from frame to frame, of which movements of a few tenths of a pixel suffer."""
    noise, found, away = np.random.default_rng(0), LAYOUT, []
    fit = HeadFit(frame, LAYOUT)
    for number in range(12):
        movement = turned(0.05 * number, 1, 0.11 * number, -0.07 * number)
        seen = warped(frame, movement) + noise.normal(0, 2, frame.shape)
        found = fit.fit(np.clip(seen, 0, 255).astype(np.uint8), found)
        away.append(found.after(movement).after(LAYOUT.inverse)([[115, 100]])[0])
    assert np.hypot(*np.diff(away, axis=0).T).mean() < 0.07


def test_a_head_that_leans_forward_is_followed_up_to_the_doubtful_part_of_its_scale(frame):
    movement = turned(0, 1.02, 0, 0)
    found = HeadFit(frame, LAYOUT).fit(warped(frame, movement), LAYOUT)
    assert found.scale == pytest.approx(1 / 1.02, abs=0.003)
    assert error(found, movement) < 0.4


def test_a_jump_is_found_where_the_landmarks_say_so(frame):
    movement = turned(6, 1, 40, 10)
    moved, fit = warped(frame, movement), HeadFit(frame, LAYOUT)
    landmarks = translation(1.0, -0.7).after(LAYOUT).after(movement.inverse)
    assert error(fit.fit(moved, LAYOUT, landmarks), movement) < 0.15
    assert error(fit.fit(moved, LAYOUT), movement) > 10


def test_landmarks_that_say_little_better_are_not_believed(frame):
    jittered = translation(0.8, 0.8).after(LAYOUT)
    assert displacement(HeadFit(frame, LAYOUT).fit(frame, LAYOUT, jittered).after(LAYOUT.inverse)) < 0.01


def test_what_brows_eyes_and_mouth_do_is_not_taken_for_the_head(frame):
    acting = frame.copy()
    for rows in (slice(140, 190), slice(320, 420)):
        acting[rows] = np.roll(frame, (3, 2), axis=(0, 1))[rows]
    acting[195:232, 232:290] = acting[195:232, 350:410] = 90
    assert displacement(HeadFit(frame, LAYOUT).fit(acting, LAYOUT).after(LAYOUT.inverse)) < 0.1


def test_a_hidden_face_keeps_the_last_transform(frame):
    hidden = np.random.default_rng(0).integers(0, 256, frame.shape, np.uint8)
    assert HeadFit(frame, LAYOUT).fit(hidden, LAYOUT) == LAYOUT


def overexposed(head):
    return np.clip(head[0].astype(np.int16) * 2, 0, 255).astype(np.uint8)


def test_skin_without_texture_keeps_the_last_transform(frame, heads):
    """All white, or a face whose skin between brows and mouth is white."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for white in (np.full_like(frame, 255), overexposed(heads[0])):
            for seen in (white, frame):
                assert HeadFit(white, LAYOUT).fit(seen, LAYOUT) == LAYOUT


@pytest.mark.parametrize("movement", [(0, 1, 1.2, 2.0), (0, 1, -5, 0)])
def test_the_rest_of_overexposed_skin_shows_the_movement(heads, movement):
    movement, frame = turned(*movement), overexposed(heads[2])
    assert (frame[190:290, 291:350].min(axis=2) == 255).mean() > 0.3
    found = HeadFit(frame, LAYOUT).fit(warped(frame, movement), LAYOUT)
    assert error(found, movement) < 0.2


def test_displacement_is_in_pixels_of_the_layout():
    assert displacement(translation(0, 0)) == 0
    assert displacement(translation(3, 4)) == pytest.approx(5)


def test_points_that_were_moved_before_are_moved_by_both():
    before = np.full((282, 231, 2), (2, -1), np.float32)
    assert displacement(translation(3, 4), before) == pytest.approx(np.hypot(5, 3))
