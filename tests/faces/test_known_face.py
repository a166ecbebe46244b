"""What is remembered of one of several faces, and whether another face is this one."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.faces.known_face import KnownFace, is_clearly
from tests.faces.looks_by_angle import look_alike, look_at
from tests.faces.staged_faces import box_at, marks

HOME, BESIDE = box_at(100, 100), box_at(150, 100)


def known(shown: float = 1.0) -> KnownFace:
    return KnownFace(0, marks(HOME), HOME, look_at(0), HOME, shown)


def test_a_tenth_of_what_a_face_looks_like_is_renewed():
    face = known(shown=0.9)
    face.unlike = 3
    face.remember(look_at(0.5), BESIDE, 0.8)
    angle = np.arctan2(0.1 * np.sin(0.5), 0.9 + 0.1 * np.cos(0.5))
    assert face.look == pytest.approx(look_at(angle), abs=1e-5)
    assert (face.home, face.shown, face.unlike) == (BESIDE, 0.9, 0)


@pytest.mark.parametrize("more", [-0.2, 0.0, 0.02])
def test_what_hides_a_face_is_not_remembered(more):
    face = known(shown=0.7)
    for times in (1, 2):
        face.remember(look_alike(0.7), BESIDE, 0.7 + more)
        assert (face.home, face.shown, face.unlike) == (HOME, 0.7, times)
    assert face.look == pytest.approx(look_at(0))


def test_a_face_that_enters_the_picture_looks_as_it_does_inside():
    face = known(shown=0.7)
    face.remember(look_alike(0.7), BESIDE, 0.75)
    assert face.look == pytest.approx(look_alike(0.7))
    assert (face.home, face.shown, face.unlike) == (BESIDE, 0.75, 0)


def test_a_face_continues_another_by_its_look_less_the_jump_in_widths():
    """The boxes are 100 px wide; BESIDE is 50 px to the right."""
    assert known().continuity(look_at(0), HOME) == pytest.approx(1)
    assert known().continuity(look_at(0), BESIDE) == pytest.approx(0.5)
    assert known().continuity(look_alike(0.8), BESIDE) == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(("alike", "followed", "is_it"), [(0.9, 0.7, True), (0.9, 0.8, False), (0.7, 0.2, False)])
def test_a_face_at_its_place_is_itself_if_it_is_more_like_it_than_the_one_that_was_followed(alike, followed, is_it):
    face = known()
    face.box = box_at(400, 100)
    assert face.is_rather(look_alike(alike), BESIDE, look_alike(followed)) == is_it
    assert not face.is_rather(look_alike(alike), face.box, look_alike(followed))


@pytest.mark.parametrize(
    ("alike", "other", "is_it"), [(0.8, 0.6, True), (0.79, 0.1, False), (0.95, 0.81, False), (0.95, 0.79, True)]
)
def test_a_face_is_clearly_the_one_that_it_is_much_more_alike(alike, other, is_it):
    assert is_clearly(alike, other) == is_it
