"""Several faces that meet, hide one another, leave and are replaced: no number is given to two of them."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from merlab.faces.people import PeopleTracker
from merlab.faces.shots import CutFinder
from tests.faces.staged_faces import FPS, Stage, seen_on


def numbers(found, name):
    """Each face_id and track of a face, in the order of time."""
    return list(dict.fromkeys(seen[name] for seen in found if name in seen))


def ids(found, name):
    return {each.split(".")[0] for each in numbers(found, name)}


def crossing(behind, front, frames=80):
    """Two faces that change places; one passes in front of the other."""
    steps = [at / (frames - 1) for at in range(frames)]
    return [[(behind, 150 + 340 * step, 180), (front, 490 - 340 * step, 184)] for step in steps]


@pytest.mark.parametrize(("behind", "front"), [("anna", "bob"), ("bob", "anna")])
def test_a_face_that_passes_in_front_of_another_one_keeps_its_number(behind, front):
    found = seen_on(Stage(), crossing(behind, front))
    assert numbers(found, front) in (["0.0"], ["1.0"])
    assert not ids(found, behind) & ids(found, front)
    assert len(found[-1]) == 2


def test_where_both_look_alike_the_one_that_jumps_is_the_hidden_one():
    """The picture of the face behind is that of the one in front, as in a mirror."""
    frames = [[("anna", left, 180), ("anna", right, 180)] for (_, left, _), (_, right, _) in crossing("a", "b")]
    stage, ids = Stage(), []
    people = PeopleTracker(stage, stage, FPS)
    for places in frames[:44]:
        stage.places = places
        seen = [(face.face_id, face.tracked.box.center[0]) for face in people.find(stage.picture()) if face.tracked]
        ids.append([face_id for face_id, _ in sorted(seen, key=lambda face: face[1])])
    _, front = ids[0]
    assert ids[-1] == [front]


def test_a_face_that_another_one_hid_is_itself_again_where_the_other_one_was_not_known():
    """A person steps in front of the only one before the detector runs again, and moves away."""
    alone, hidden = [("anna", 320, 180)], [("anna", 320, 180), ("bob", 330, 180)]
    away = [[("anna", 320, 180), ("bob", 330 + 6 * step, 180)] for step in range(40)]
    found = seen_on(Stage(), [alone] * 6 + [hidden] * 10 + away)
    assert found[5] == {"anna": "0.0"}
    assert found[-1] == {"anna": "0.1", "bob": "1.0"}


def test_a_face_that_is_replaced_beside_another_one_is_a_new_one():
    """As in a split screen: the picture as a whole is not cut."""
    before, after = [("anna", 150, 180), ("bob", 490, 180)], [("carl", 150, 180), ("bob", 490, 180)]
    found = seen_on(Stage(), [before] * 20 + [after] * 20)
    assert found[19]["bob"] == found[-1]["bob"]
    assert found[-1]["carl"] == "2.0"
    # In its first frame it may be a hand.
    assert "carl" not in found[20]
    assert set(numbers(found, "carl")) == {"2.0"}


def test_two_faces_that_are_exchanged_at_once_are_new_ones():
    before, after = [("anna", 150, 180), ("bob", 490, 180)], [("bob", 150, 180), ("anna", 490, 180)]
    found = seen_on(Stage(), [before] * 20 + [after] * 20)
    assert sorted(found[-1].values()) == ["2.0", "3.0"]
    assert ids(found[:20], "anna") | ids(found[:20], "bob") == {"0", "1"}


def test_a_face_that_is_covered_for_a_moment_beside_another_one_stays_the_same():
    bare, covered = [("anna", 150, 180), ("bob", 490, 180)], [("hand", 150, 180), ("bob", 490, 180)]
    found = seen_on(Stage(), [bare] * 20 + [covered] + [bare] * 20)
    assert len(numbers(found, "anna")) == 1
    assert found[19]["anna"] == found[-1]["anna"]


def test_a_face_alone_keeps_its_number_whatever_it_looks_like():
    found = seen_on(Stage(), [[("anna", 320, 180)]] * 20 + [[("hand", 320, 180)]] * 20)
    assert found[-1] == {"hand": "0.0"}


def test_after_a_gap_the_nearest_faces_are_the_same_ones_whichever_is_found_first(monkeypatch):
    """The larger or more central face is found first; it overlaps the place of the other one more than its own."""
    # Both move far, which would be a cut of this small picture.
    monkeypatch.setattr(CutFinder, "is_cut", lambda *_: False)
    stage = Stage()
    people = PeopleTracker(stage, stage, FPS)
    before = seen_on(stage, [[("anna", 250, 180), ("bob", 360, 180)]], people)[-1]
    people.restart()
    after = seen_on(stage, [[("anna", 310, 180), ("bob", 420, 180)]], people)[-1]
    assert {name: number.split(".")[0] for name, number in after.items()} == {
        name: number.split(".")[0] for name, number in before.items()
    }


def test_two_faces_that_changed_places_in_a_gap_are_new_ones(monkeypatch):
    monkeypatch.setattr(CutFinder, "is_cut", lambda *_: False)
    stage = Stage()
    people = PeopleTracker(stage, stage, FPS)
    seen_on(stage, [[("anna", 150, 180), ("bob", 490, 180)]], people)
    people.restart()
    after = seen_on(stage, [[("bob", 150, 180), ("anna", 490, 180)]], people)[-1]
    assert sorted(after.values()) == ["2.0", "3.0"]


def test_after_a_gap_a_face_that_looks_other_than_before_is_seen_at_once():
    """As one that turned in the meantime."""
    stage = Stage()
    people = PeopleTracker(stage, stage, FPS)
    seen_on(stage, [[("anna", 150, 180), ("bob", 490, 180)]] * 20, people)
    people.restart()
    found = seen_on(stage, [[("turned", 150, 180), ("bob", 490, 180)]] * 5, people)
    assert [sorted(seen) for seen in found] == [["bob", "turned"]] * 5
    assert numbers(found, "turned") == ["0.1"]


def test_new_faces_are_followed_up_to_the_most_in_the_order_of_their_prominence():
    stage = Stage()
    people = PeopleTracker(stage, stage, FPS, most=2)
    three = [("anna", 100, 180), ("bob", 320, 180), ("carl", 500, 180)]
    assert seen_on(stage, [three], people)[-1] == {"bob": "0.0", "carl": "1.0"}
    assert people.left_out == 1


@pytest.mark.parametrize(("behind", "front"), [("anna", "carl"), ("carl", "anna")])
def test_a_face_that_is_not_followed_does_not_get_the_number_of_one_that_it_hides(behind, front):
    stage = Stage()
    people = PeopleTracker(stage, stage, FPS, most=1)
    found = seen_on(stage, crossing(behind, front), people)
    assert not ids(found, behind) & ids(found, front)
    assert any(found[:5])


def test_a_face_that_is_replaced_beside_one_that_is_not_followed_is_a_new_one():
    stage = Stage()
    people = PeopleTracker(stage, stage, FPS, most=1)
    before, after = [("anna", 300, 180), ("bob", 490, 180)], [("carl", 300, 180), ("bob", 490, 180)]
    found = seen_on(stage, [before] * 20 + [after] * 20, people)
    assert (found[19], found[-1]) == ({"anna": "0.0"}, {"carl": "1.0"})


def test_a_face_that_came_in_at_the_edge_is_itself_again_after_another_one_hid_it(monkeypatch):
    """When it was found, most of it lay outside of the picture: it did not look as it does inside."""
    # It moves far, which would be a cut of this small picture.
    monkeypatch.setattr(CutFinder, "is_cut", lambda *_: False)
    enters = [[("dora", min(25 * step - 30, 320), 180)] for step in range(21)]
    hidden = [("dora", 320, 180), ("carl", 330, 180)]
    away = [[("dora", 320, 180), ("carl", 330 + 6 * step, 180)] for step in range(40)]
    found = seen_on(Stage(), enters + [hidden] * 10 + away)
    assert found[0] == {"dora": "0.0"}
    assert found[-1] == {"dora": "0.1", "carl": "1.0"}


def test_while_a_hand_covers_a_face_for_long_the_detector_runs_hardly_more_often_than_before(monkeypatch):
    """It runs twice a second anyway, and ten times more while it is likely that another face is in front."""
    stage = Stage()
    detect = Mock(side_effect=stage.detect)
    monkeypatch.setattr(stage, "detect", detect)
    seconds = 5
    seen_on(stage, [[("anna", 320, 180)]] * 20 + [[("hand", 320, 180)]] * round(seconds * FPS))
    assert detect.call_count <= 2 * seconds + 10 + 2
