"""Whether a face is another one from one frame to the next: synthetic people are .69 alike in the median."""

from __future__ import annotations

import math

import pytest

from merlab.faces.look_change import Change, LookChange
from tests.faces.looks_by_angle import look_alike, look_at

SAME, SUDDEN, OTHER = Change.SAME, Change.SUDDEN, Change.OTHER
OF_ANOTHER = look_alike(0.69)


def changes_of(*looks):
    changes = LookChange()
    return [changes.after(look) for look in looks]


@pytest.mark.parametrize(("alike", "change"), [(0.69, SUDDEN), (0.76, SUDDEN), (0.84, SAME)])
def test_a_face_that_is_no_more_like_itself_than_another_person_may_be_one(alike, change):
    changes = LookChange()
    found = [changes.after(look) for look in (look_at(0), look_at(0), look_alike(alike))]
    assert found == [SAME, SAME, change]
    assert changes.is_open == (change is SUDDEN)


def test_another_face_is_as_steady_as_the_one_before():
    assert changes_of(look_at(0), look_at(0), OF_ANOTHER, OF_ANOTHER) == [SAME, SAME, SUDDEN, OTHER]


@pytest.mark.parametrize("then", [look_at(0), look_at(-math.acos(0.69)), look_at(math.acos(0.69) + math.acos(0.9))])
def test_what_hides_a_face_for_a_moment_or_moves_in_front_of_it_is_not_another_face(then):
    assert changes_of(look_at(0), look_at(0), OF_ANOTHER, then) == [SAME, SAME, SUDDEN, SAME]


def test_a_face_that_is_soon_more_like_itself_again_is_not_another_one():
    sudden, after = math.acos(0.76), math.acos(0.84)
    assert changes_of(look_at(0), look_at(0), look_at(sudden), look_at(after)) == [SAME, SAME, SUDDEN, SAME]


def test_a_face_that_has_not_been_steady_is_not_compared():
    turned = look_alike(0.9)
    assert changes_of(look_at(0), OF_ANOTHER, OF_ANOTHER) == [SAME] * 3
    assert changes_of(look_at(0), look_at(0), turned, look_at(math.acos(0.9) + 1), look_at(0)) == [SAME] * 5


def test_what_is_forgotten_is_compared_with_nothing():
    changes = LookChange()
    for look in (look_at(0), look_at(0), OF_ANOTHER):
        changes.after(look)
    changes.forget()
    assert not changes.is_open
    assert [changes.after(look) for look in (look_at(0), OF_ANOTHER, OF_ANOTHER, look_at(0))] == [
        SAME,
        SAME,
        SAME,
        SUDDEN,
    ]


def test_after_a_change_the_new_face_must_be_steady_before_it_can_change():
    before = [look_at(0), look_at(0), OF_ANOTHER, OF_ANOTHER]
    assert changes_of(*before, OF_ANOTHER, look_at(0)) == [SAME, SAME, SUDDEN, OTHER, SAME, SAME]
    assert changes_of(*before, OF_ANOTHER, OF_ANOTHER, look_at(0))[-1] is SUDDEN
