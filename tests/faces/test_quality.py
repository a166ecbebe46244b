from dataclasses import replace

import numpy as np
import pytest

from merlab.faces.detection import Face
from merlab.faces.geometry import translation
from merlab.faces.landmarks import Landmarks
from merlab.faces.quality import ClipQuality, frame_rate_warnings
from merlab.faces.tracking import TrackedFace


def tracked(track=0, pupil_distance=123.0):
    points = np.zeros((468, 2))
    points[[263, 362, 386, 374], 0] = pupil_distance
    return TrackedFace(Face(0, 0, 1, 1, 1), Landmarks(points, "mesh", 1.0), True, track)


def quality(left=-200, **options):
    return ClipQuality.of_onset(tracked(**options), translation(left, -100), (480, 640, 3))


def test_a_good_clip_has_no_warnings():
    good = quality()
    for motion in (0.0, 0.2, 0.4):
        good.add(tracked(), motion)
    assert good.warnings("onset") == good.warnings("rigid") == []
    assert (good.frames, good.faces, good.pupil_distance, good.coverage) == (3, 3, 123, 1)


def test_head_motion_is_warned_of_unless_it_is_removed():
    moving = quality()
    for motion in np.linspace(0, 4, 101):
        moving.add(tracked(), float(motion))
    assert moving.largest_head_motion == pytest.approx(3.8)
    assert any("3.8 px" in text and "--motion rigid" in text for text in moving.warnings("onset"))
    assert moving.warnings("rigid") == []
    moving.add(tracked(), 900.0)
    assert moving.warnings("rigid") == []
    for _ in range(20):
        moving.add(tracked(), 30.0)
    assert any("30.0 px" in text for text in moving.warnings("rigid"))


@pytest.mark.parametrize(
    ("motion", "moved", "warned"),
    [("onset", 0.95, False), ("onset", 1.05, True), ("rigid", 7.9, False), ("rigid", 8.1, True)],
)
def test_the_limits_of_head_motion_are_those_of_the_documentation(motion, moved, warned):
    clip = quality()
    clip.add(tracked(), moved)
    assert bool(clip.warnings(motion)) == warned


@pytest.mark.parametrize(
    ("options", "warned"),
    [({"pupil_distance": 61.5}, True), ({"pupil_distance": 62.5}, False), ({"left": 6}, True), ({"left": 3}, False)],
)
def test_the_limits_of_size_and_coverage_are_half_the_layout_and_one_fiftieth(options, warned):
    """6 and 3 of the 231 columns of the layout are outside of the frame."""
    assert bool(quality(**options).warnings("rigid")) == warned


@pytest.mark.parametrize(("degrees", "told"), [(0, None), (-29, None), (31, "31"), (-90, "90"), (178, "178")])
def test_a_face_that_is_not_upright_is_warned_of(degrees, told):
    """The eyes are 123 px apart on a line that is turned by so many degrees."""
    turned = tracked()
    angle = np.radians(degrees)
    points = turned.landmarks.points[:, :1] * [[np.cos(angle), np.sin(angle)]]
    turned = replace(turned, landmarks=Landmarks(points, "mesh", 1.0))
    texts = ClipQuality.of_onset(turned, translation(-200, -100), (480, 640, 3)).warnings("rigid")
    assert [text.split(":")[0] for text in texts] == (
        [] if told is None else [f"the face is turned by {told} degrees from upright"]
    )


def test_a_small_face_a_cut_off_face_a_lost_face_and_a_jumping_face_are_warned_of():
    assert any("40 px between the pupils" in text for text in quality(pupil_distance=40.0).warnings("onset"))
    cut = quality(left=23)
    assert cut.coverage == pytest.approx(1 - 23 / 231, abs=0.005)
    assert any("cut off: 10 % of the layout" in text for text in cut.warnings("onset"))
    lost = quality()
    lost.add(None, 0.0)
    lost.add(tracked(track=2), 0.0)
    texts = " ".join(lost.warnings("onset"))
    assert "no face is seen in 1 of 2 frames" in texts
    assert "jumps 2 times" in texts


def test_a_face_that_is_lost_and_found_at_its_place_has_not_jumped():
    clip = quality()
    for face in (tracked(), None, tracked()):
        clip.add(face, 0.0)
    (warning,) = clip.warnings("onset")
    assert warning.startswith("no face is seen in 1 of 3 frames")


@pytest.mark.parametrize(("fps", "warned"), [(200.0, False), (100.0, False), (60.0, True), (29.97, True)])
def test_a_low_frame_rate_is_warned_of_with_the_reason(fps, warned):
    texts = frame_rate_warnings(fps)
    assert bool(texts) == warned
    assert not warned or "apex" in texts[0]


def test_an_unknown_frame_rate_is_warned_of():
    assert "not known" in frame_rate_warnings(None)[0]
