"""A camera that is slower than the video, or for a while: the warning of spot and recognize, and no class."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.spotting.spot_video import spot
from merlab.videos.recognition import recognize
from merlab.videos.words import WordSettings
from tests.videos.recording import face_at, write_avi, write_stamped

pytestmark = pytest.mark.slow
CAMERA, RECORDER, SECONDS = 30, 60, 3
WARNING = "50 % of the frames repeat the one before: the picture changes only about 30 times a second"


@pytest.fixture(scope="module")
def screen(tmp_path_factory):
    """A face of 30 frames a second whose mouth moves at 1.3 s, recorded from a screen at 60."""
    images = face_at(np.arange(CAMERA * SECONDS) / CAMERA, [(1.3, 1.5, 1.7)])
    shown = [image for image in images for _ in range(RECORDER // CAMERA)]
    return write_avi(tmp_path_factory.mktemp("screen") / "call.avi", shown, RECORDER)


def test_spot_warns(screen, tmp_path):
    timeline = spot(screen, tmp_path / "out")
    assert any(warning.startswith(WARNING) for warning in timeline.warnings)


def test_recognize_warns_and_names_no_class(screen, tmp_path):
    result = recognize(screen, tmp_path / "out", aligned=True, overlay="none")
    (event,) = result.rows
    assert event.label == ""
    assert "too few frames per second" in event.reasons
    assert any(warning.startswith(WARNING) for warning in result.warnings)


def test_what_the_camera_shows_is_compared_with_the_limit(screen, tmp_path):
    result = recognize(screen, tmp_path / "out", aligned=True, overlay="none", words=WordSettings(least_fps=29))
    assert "too few frames per second" not in result.rows[0].reasons


def test_a_part_with_fewer_frames_per_second_gets_no_class(tmp_path):
    """60 frames a second; from 1.1 s to 3.1 s, where the mouth moves, 20 of them, as of a phone in dim light."""
    moments = np.r_[np.arange(66) / 60, 1.1 + np.arange(40) / 20, 3.1 + np.arange(60) / 60]
    video = write_stamped(tmp_path / "phone.mov", face_at(moments, [(1.9, 2.1, 2.3)]), moments)
    result = recognize(video, tmp_path / "out", aligned=True, overlay="none")
    (event,) = result.rows
    assert result.metadata.video.fps == pytest.approx(60)
    assert "too few frames per second" in event.reasons
