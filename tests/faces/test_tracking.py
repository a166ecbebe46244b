"""Which face is followed, on detectors and landmarkers that say what a test wants them to."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.faces.detection import Face
from merlab.faces.landmarks import Landmarks, Source
from merlab.faces.tracking import FaceTracker, TrackedFace

IMAGE = np.zeros((480, 640, 3), np.uint8)
CENTRAL, LARGER = Face(270, 190, 370, 290, 0.8), Face(0, 0, 400, 400, 0.9)


def marks(face, presence=1.0):
    corners = [(face.left, face.top), (face.right, face.bottom)]
    return Landmarks(np.array([*corners, *corners, face.center], np.float64), "five-points", presence)


class Detector:
    """Gives one list of faces after the other, the last one for ever; counts how often it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), 0

    def detect(self, image):
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Landmarker:
    """Follows a face to where it was, as long as ``presences`` last; sees no face in boxes of ``ghosts``."""

    source: Source = "mesh"

    def __init__(self, presences=(), ghosts=()):
        self.presences, self.ghosts = list(presences), ghosts

    def locate(self, image, face):
        return marks(face, 0.0 if face in self.ghosts else 1.0)

    def follow(self, image, previous):
        return Landmarks(previous.points, "five-points", self.presences.pop(0)) if self.presences else None


def find(tracker: FaceTracker) -> TrackedFace:
    """The face in the next frame; it must be there."""
    found = tracker.find(IMAGE)
    assert found is not None
    return found


def test_the_largest_and_most_central_face_is_taken_and_kept_when_a_larger_one_comes():
    tracker = FaceTracker(Detector([CENTRAL], [LARGER, CENTRAL]), Landmarker())
    assert find(tracker).face == CENTRAL
    assert find(tracker).face == CENTRAL
    assert find(FaceTracker(Detector([LARGER, CENTRAL]), Landmarker())).face == LARGER


def test_the_detector_rests_while_the_landmarks_are_sure():
    detector = Detector([CENTRAL])
    tracker = FaceTracker(detector, Landmarker(presences=[0.9, 0.8, 0.3]))
    found = [find(tracker) for _ in range(4)]
    assert [one.detected for one in found] == [True, False, False, True]
    assert detector.asked == 2
    assert {one.track for one in found} == {0}


def test_no_face_is_none_and_the_one_that_comes_back_is_the_same():
    tracker = FaceTracker(Detector([CENTRAL], [], [LARGER, CENTRAL]), Landmarker())
    assert find(tracker).face == CENTRAL
    assert tracker.find(IMAGE) is None
    back = find(tracker)
    assert (back.face, back.track) == (CENTRAL, 0)


def test_a_face_elsewhere_is_another_track():
    elsewhere = Face(0, 0, 100, 100, 0.9)
    tracker = FaceTracker(Detector([CENTRAL], [elsewhere]), Landmarker())
    assert [find(tracker).track for _ in range(3)] == [0, 1, 1]


def test_a_box_in_which_the_landmarks_see_no_face_is_passed_over():
    tracker = FaceTracker(Detector([LARGER, CENTRAL]), Landmarker(ghosts=[LARGER]))
    assert find(tracker).face == CENTRAL
    assert FaceTracker(Detector([LARGER]), Landmarker(ghosts=[LARGER])).find(IMAGE) is None


def test_a_drawn_clip_is_detected_once_and_then_followed(open_tracker, still_clip):
    tracker = open_tracker()
    found = [tracker.find(frame) for frame, _ in still_clip]
    assert [one.detected for one in found] == [True] + [False] * (len(found) - 1)
    for one, (_, truth) in zip(found, still_clip, strict=True):
        assert one.landmarks.named("eye_r", "eye_l") == pytest.approx(
            np.array([truth["eye_r"], truth["eye_l"]]), abs=0.05 * one.landmarks.pupil_distance
        )
