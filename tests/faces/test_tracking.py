"""Which face is followed, with detectors and landmarkers whose answers the test sets."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.faces.detection import Face
from merlab.faces.landmarks import Landmarks
from merlab.faces.tracking import FaceTracker, TrackedFace
from merlab.vocabulary import LandmarkSource

IMAGE = np.zeros((480, 640, 3), np.uint8)
CENTRAL, LARGER = Face(270, 190, 370, 290, 0.8), Face(0, 0, 400, 400, 0.9)


def marks(face, presence=1.0):
    corners = [(face.left, face.top), (face.right, face.bottom)]
    return Landmarks(np.array([*corners, *corners, face.center], np.float64), "five-points", presence)


class Detector:
    """Gives one list of faces after the other, then the last one again and again; counts its calls."""

    def __init__(self, *answers):
        self.answers, self.calls = list(answers), 0

    def detect(self, image):
        self.calls += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Landmarker:
    """Follows a face at its old place, once per value of ``presences``; finds no face in the boxes ``false_faces``."""

    source: LandmarkSource = "mesh"

    def __init__(self, presences=(), false_faces=()):
        self.presences, self.false_faces = list(presences), false_faces

    def locate(self, image, face):
        return marks(face, 0.0 if face in self.false_faces else 1.0)

    def follow(self, image, previous):
        return Landmarks(previous.points, "five-points", self.presences.pop(0)) if self.presences else None


def test_the_box_of_a_face_is_that_of_the_mesh_or_without_one_that_of_the_detector():
    points = np.array([[20, 30], [80, 30], [50, 60], [30, 90], [70, 95]], np.float64)
    mesh, five = (TrackedFace(CENTRAL, Landmarks(points, source, 0.7), True, 0) for source in ("mesh", "five-points"))
    assert mesh.box == Face(20, 30, 80, 95, 0.7)
    assert five.box == CENTRAL


def find(tracker: FaceTracker) -> TrackedFace:
    """The face in the next frame; it must be there."""
    found = tracker.find(IMAGE)
    assert found is not None
    return found


def test_the_largest_and_most_central_face_is_chosen_and_kept_when_a_larger_one_appears():
    tracker = FaceTracker(Detector([CENTRAL], [LARGER, CENTRAL]), Landmarker())
    assert find(tracker).face == CENTRAL
    assert find(tracker).face == CENTRAL
    assert find(FaceTracker(Detector([LARGER, CENTRAL]), Landmarker())).face == LARGER


def test_the_detector_does_not_run_while_the_landmarks_are_reliable():
    detector = Detector([CENTRAL])
    tracker = FaceTracker(detector, Landmarker(presences=[0.9, 0.8, 0.3]))
    found = [find(tracker) for _ in range(4)]
    assert [one.detected for one in found] == [True, False, False, True]
    assert detector.calls == 2
    assert {one.track for one in found} == {0}


def test_a_frame_without_a_face_gives_none_and_a_face_that_returns_keeps_its_track():
    tracker = FaceTracker(Detector([CENTRAL], [], [LARGER, CENTRAL]), Landmarker())
    assert find(tracker).face == CENTRAL
    assert tracker.find(IMAGE) is None
    back = find(tracker)
    assert (back.face, back.track) == (CENTRAL, 0)


def test_a_face_elsewhere_is_another_track():
    elsewhere = Face(0, 0, 100, 100, 0.9)
    tracker = FaceTracker(Detector([CENTRAL], [elsewhere]), Landmarker())
    assert [find(tracker).track for _ in range(3)] == [0, 1, 1]


def test_after_a_cut_a_face_at_the_same_place_is_another_track():
    """It may be that of another person, as in an interview that is cut from one seat to the other."""
    rows, columns = np.mgrid[0:480, 0:640]
    here, there = (np.repeat((gray // 3)[..., None], 3, axis=2).astype(np.uint8) for gray in (rows, columns))
    tracker = FaceTracker(Detector([CENTRAL]), Landmarker(presences=[0.9, 0.9, 0.9, 0.9]))
    found = [tracker.find(image) for image in (here, here, there, there)]
    assert [(one.track, one.detected) for one in found if one] == [(0, True), (0, False), (1, True), (1, False)]


def test_a_box_without_a_face_according_to_the_landmarks_is_skipped():
    tracker = FaceTracker(Detector([LARGER, CENTRAL]), Landmarker(false_faces=[LARGER]))
    assert find(tracker).face == CENTRAL
    assert FaceTracker(Detector([LARGER]), Landmarker(false_faces=[LARGER])).find(IMAGE) is None


@pytest.mark.slow
def test_a_synthetic_face_is_detected_once_and_then_followed(open_tracker, still_clip):
    tracker = open_tracker()
    found = [tracker.find(frame) for frame, _ in still_clip]
    assert [one.detected for one in found] == [True] + [False] * (len(found) - 1)
    for one, (_, truth) in zip(found, still_clip, strict=True):
        assert one.landmarks.named("eye_r", "eye_l") == pytest.approx(
            np.array([truth["eye_r"], truth["eye_l"]]), abs=0.05 * one.landmarks.pupil_distance
        )
