"""Another person in front of the face of a clip, or in its place, is noticed; a hand is not taken for one."""

from __future__ import annotations

from unittest.mock import Mock

from merlab.faces.tracking import FaceTracker, TrackedFace
from merlab.preparation.face_watch import FaceWatch
from tests.faces.staged_faces import Stage, box_at, marks

ANNA, BOB = ("anna", 320, 180), ("bob", 520, 180)


def noticed(frames):
    """The frames, from 0, from which on the face that is followed is another one."""
    stage = Stage()
    tracker, watch, found = FaceTracker(stage, stage), FaceWatch(stage), []
    for at, places in enumerate(frames):
        stage.places = places
        image = stage.picture()
        since = watch.other_since(image, tracker.find(image))
        if since is not None:
            found.append(at - since)
    return found


def test_a_face_that_comes_in_front_is_noticed_when_it_hides_the_other_one():
    """It hides a part of it where they are nearer than 100 px; nearer than 45 px only the one in front is found."""
    frames = [[ANNA, ("bob", 520 - 6 * at, 184)] for at in range(34)]
    (at,) = noticed(frames)
    assert 39 <= frames[at][1][1] - ANNA[1] < 100


def test_a_face_that_passes_beside_it_is_not_noticed():
    assert noticed([[ANNA, ("bob", 580 - 6 * at, 180)] for at in range(25)]) == []


def test_another_face_in_its_place_is_noticed_where_a_second_one_is_seen():
    assert noticed([[ANNA, BOB]] * 20 + [[("carl", 320, 180), BOB]] * 10) == [20]


def test_something_in_front_of_a_face_alone_is_no_other_face():
    assert noticed([[ANNA]] * 20 + [[("hand", 320, 180)]] * 10) == []


def test_a_hand_beside_another_person_is_no_other_face():
    bare, covered = [ANNA, BOB], [("hand", 320, 180), BOB]
    assert noticed([bare] * 20 + [covered] + [bare] * 20) == []


def test_the_face_that_is_followed_after_that_is_known_and_watched():
    after = [("carl", 320, 180), BOB]
    assert noticed([[ANNA, BOB]] * 20 + [after] * 20 + [[ANNA, BOB]] * 10) == [20, 40]


def test_while_a_face_looks_other_than_before_others_are_searched_once_and_not_in_every_frame(monkeypatch):
    """As where a hand or another light stays: the detector takes three times as long as following the face."""
    stage = Stage()
    image = {name: Stage([(name, 320, 180)]).picture() for name in ("anna", "hand")}
    detect = Mock(side_effect=stage.detect)
    monkeypatch.setattr(stage, "detect", detect)
    watch = FaceWatch(stage)
    for name in ["anna"] * 10 + ["hand"] * 60:
        watch.other_since(image[name], TrackedFace(box_at(320, 180), marks(box_at(320, 180)), detected=False, track=0))
    assert 1 <= detect.call_count <= 2
