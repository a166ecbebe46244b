"""How alike two pictures of faces are, whatever their light, their size and their place in the frame."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from merlab.faces.alignment import layout_transform
from merlab.faces.geometry import Transform, moved_image
from merlab.faces.looks import HEIGHT, WIDTH, blended, look_correlation, look_of
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from tests.faces.looks_by_angle import look_alike, look_at
from tests.faces.staged_faces import box_at, marks, painted

BOX = box_at(100, 110)


def frame(name: str) -> np.ndarray:
    """A face whose box is BOX, (220, 200, 3)."""
    return cv2.copyMakeBorder(painted(name), 50, 50, 50, 50, cv2.BORDER_REPLICATE)


def test_a_look_has_a_mean_of_0_and_a_length_of_1():
    look = look_of(frame("anna"), marks(BOX))
    assert look.shape == (HEIGHT, WIDTH)
    assert (look.mean(), np.linalg.norm(look)) == pytest.approx((0, 1), abs=1e-5)


@pytest.mark.parametrize(("across", "down"), [(0.25, 0.6), (0.75, 0.2)])
def test_a_look_shows_the_whole_layout(across, down):
    """A spot at this share of its width and height is there in the look."""
    spot = layout_transform(marks(BOX)).inverse([(across * LAYOUT_WIDTH, down * LAYOUT_HEIGHT)])[0]
    image = np.zeros((220, 200, 3), np.uint8)
    cv2.circle(image, spot.round().astype(int).tolist(), 3, (255, 255, 255), -1)
    row, column = np.unravel_index(look_of(image, marks(BOX)).argmax(), (HEIGHT, WIDTH))
    assert ((column + 0.5) / WIDTH, (row + 0.5) / HEIGHT) == pytest.approx((across, down), abs=0.03)


def test_a_look_does_not_depend_on_the_light():
    dark = (0.5 * frame("anna") + 20).astype(np.uint8)
    assert look_correlation(look_of(dark, marks(BOX)), look_of(frame("anna"), marks(BOX))) > 0.999


def test_a_picture_of_one_color_is_like_nothing():
    plain = look_of(np.full((220, 200, 3), 90, np.uint8), marks(BOX))
    assert not plain.any()
    assert look_correlation(look_at(0), plain) == pytest.approx(0, abs=1e-6)


def test_a_look_does_not_depend_on_the_size_and_the_place_of_the_face():
    twice = Transform(((2.0, 0.0, 30.0), (0.0, 2.0, 10.0)))
    face = marks(BOX)
    large = type(face)(twice(face.points), face.source, face.presence)
    look = look_of(moved_image(frame("anna"), twice, (460, 460)), large)
    assert look_correlation(look, look_of(frame("anna"), face)) > 0.99
    assert look_correlation(look, look_of(frame("bob"), face)) < 0.7


@pytest.mark.parametrize("alike", [0.0, 0.5, 0.8, 0.97])
def test_likeness_is_the_correlation(alike):
    other = look_alike(alike)
    assert look_correlation(look_at(0), other) == pytest.approx(alike, abs=0.1 if alike == 0 else 0.02)
    assert np.corrcoef(look_at(0).ravel(), other.ravel())[0, 1] == pytest.approx(alike, abs=1e-5)


@pytest.mark.parametrize(("shift", "is_found"), [((2, -2), True), ((-2, 2), True), ((3, 0), False), ((0, 3), False)])
def test_two_looks_are_compared_where_they_fit_best_within_two_pixels(shift, is_found):
    moved = np.roll(look_at(0), shift, axis=(0, 1))
    assert look_correlation(look_at(0), moved) == pytest.approx(1 if is_found else 0, abs=1e-3 if is_found else 0.2)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_a_blended_look_has_this_share_of_the_second(share):
    angle = 0.6
    expected = np.arctan2(share * np.sin(angle), 1 - share + share * np.cos(angle))
    assert blended(look_at(0), look_at(angle), share) == pytest.approx(look_at(expected), abs=1e-5)
