"""Several faces: each keeps its number while it is seen, and begins anew after a cut or an absence."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from merlab.faces.detection import make_detector
from merlab.faces.landmarks import FaceMesh, FivePoints
from merlab.faces.people import PeopleTracker

FPS = 50.0


@pytest.fixture
def tracker(face_mesh):
    return lambda most=4: PeopleTracker(make_detector(), FaceMesh(face_mesh), FPS, most)


@pytest.fixture(scope="module")
def stage(heads):
    """``stage(left, right)``: a wide frame with a head on each side; hidden behind frosted glass where False."""
    images = [cv2.resize(frame, (320, 240), interpolation=cv2.INTER_AREA) for frame, _ in heads[:2]]
    hidden = [cv2.GaussianBlur(image, (0, 0), 12) for image in images]

    def drawn(*shown, shift=0):
        sides = [images[side] if is_shown else hidden[side] for side, is_shown in enumerate(shown)]
        return np.roll(np.hstack(sides), shift, axis=1)

    return drawn


def faces_of(tracker, *frames):
    """face_id, track and whether it is seen, in every frame."""
    return [[(seen.face_id, seen.track, seen.tracked is not None) for seen in tracker.find(frame)] for frame in frames]


def test_two_faces_side_by_side_keep_their_numbers_while_they_move(tracker, stage):
    people = tracker()
    found = [people.find(stage(True, True, shift=shift)) for shift in (0, 2, 4, 6)]
    assert [[seen.face_id for seen in faces] for faces in found] == [[0, 1]] * 4
    assert people.left_out == 0
    left, right = (next(s.tracked.box.center[0] for s in found[-1] if s.face_id == face) for face in (0, 1))
    assert sorted([left < 320, right < 320]) == [False, True]


def test_faces_are_followed_without_the_detector(tracker, stage, monkeypatch):
    people = tracker()
    people.find(stage(True, True))
    monkeypatch.setattr(people, "detector", None)
    assert [seen.tracked.detected for seen in people.find(stage(True, True, shift=1))] == [False, False]


def test_a_face_that_comes_later_is_found_within_half_a_second(tracker, stage):
    people = tracker()
    assert faces_of(people, stage(True, False))[0] == [(0, 0, True)]
    found = faces_of(people, *[stage(True, True)] * round(0.5 * FPS))
    assert found[-1] == [(0, 0, True), (1, 0, True)]


def test_a_face_that_leaves_is_missed_for_a_moment_and_comes_back_as_itself_in_a_new_stretch(tracker, stage):
    people = tracker()
    faces_of(people, stage(True, True))
    # The person on the left is lost, whoever of the two that is.
    lost = faces_of(people, *[stage(False, True)] * 20)
    (gone,) = {face for face, _, seen in lost[0] if not seen}
    assert len(lost[9]) == 2
    assert [face for face, _, _ in lost[-1]] == [1 - gone]
    back = faces_of(people, *[stage(True, True)] * round(0.5 * FPS))[-1]
    assert sorted(back) == sorted([(gone, 1, True), (1 - gone, 0, True)])


def test_after_a_cut_every_face_is_a_new_one(tracker, stage):
    people = tracker()
    before = faces_of(people, stage(True, False), stage(True, False))[-1]
    after = faces_of(people, stage(True, False)[::-1].copy(), stage(True, False))[-1]
    assert [face for face, _, _ in before] == [0]
    assert len(after) == 1
    assert after[0][0] > 0


def test_after_a_gap_every_face_starts_a_new_track_and_a_face_at_the_same_place_keeps_its_number(tracker, stage):
    people = tracker()
    assert faces_of(people, stage(True, True))[0] == [(0, 0, True), (1, 0, True)]
    people.restart()
    assert faces_of(people, stage(True, True, shift=3))[0] == [(0, 1, True), (1, 1, True)]


def test_a_face_that_does_not_return_after_a_gap_is_not_listed(tracker, stage):
    people = tracker()
    seen = faces_of(people, stage(True, True))[0]
    people.restart()
    (left,) = faces_of(people, stage(False, True))[0]
    assert left[1:] == (1, True)
    assert left[0] in {face for face, _, _ in seen}


def test_no_more_than_asked_are_followed_and_the_rest_is_counted(tracker, stage):
    people = tracker(1)
    assert len(people.find(stage(True, True))) == 1
    assert people.left_out == 1


def test_without_the_mesh_the_detector_keeps_the_numbers(stage):
    people = PeopleTracker(make_detector(), FivePoints(), FPS)
    found = faces_of(people, *[stage(True, True, shift=shift) for shift in (0, 3, 6)])
    assert [[face for face, _, seen in faces if seen] for faces in found] == [[0, 1]] * 3


def test_where_nobody_is_nobody_is_found(tracker, stage):
    assert faces_of(tracker(), *[stage(False, False)] * 3) == [[]] * 3
