"""What a report says about the source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from merlab.frames import MediaFacts
from merlab.spotting.timing import Gap
from merlab.videos.output.source_facts import source_facts
from tests.videos.fake_result import fake_metadata

VIDEO = fake_metadata(12.0, 100.0, 1, "interview.mp4", (), ()).video
FILE = MediaFacts(
    container="mov,mp4,m4a,3gp,3g2,mj2",
    codec="hevc",
    pixel_format="yuv420p",
    color_space="bt709",
    color_range="limited",
    transfer="bt709",
    width=1080,
    height=1920,
    stored_width=1920,
    stored_height=1080,
    pixel_aspect=1.0,
    rotation=90,
    mirrored=False,
    interlaced=False,
    fps=30.0,
    stated_rate=29.97,
    capture_rate=None,
    slowed=1.0,
    start=0.0,
    gaps=(),
    frames=1200,
    promised=1200,
    cut_off=False,
)


@pytest.mark.parametrize(
    ("fps", "capture_rate", "notes"), [(30.0, 240.0, 1), (240.0, 240.0, 0), (30.0, None, 0), (None, 240.0, 0)]
)
def test_the_rate_of_the_camera_is_noted_where_the_time_stamps_give_another_one(fps, capture_rate, notes):
    found = list(replace(FILE, fps=fps, capture_rate=capture_rate).notes())
    assert sum("states 240 frames per second of its camera, its time stamps give 30" in note for note in found) == notes


def facts(**changes):
    return dict(source_facts(VIDEO.model_copy(update=changes)))


def test_an_even_video_without_a_file_has_three_facts():
    assert facts() == {
        "Frame rate": "100 frames per second, by its time stamps",
        "Length": "1200 frames, 12.0 s",
        "Size": "640 x 480 px",
    }


def test_uneven_time_is_stated():
    gaps = (Gap(frame=501, time_s=7.5, missing_s=2.5), Gap(frame=900, time_s=14.25, missing_s=0.1))
    stated = facts(gaps=gaps, frame_rate_varies=True, slowed=8.0, fps_source="tag", start_s=3.0, damaged=2)
    assert stated["Frame rate"] == "100 frames per second, by a tag of the camera, varies"
    assert stated["Length"] == "1200 frames, 12.0 s, from 3.00 s on"
    assert stated["Speed"] == "a player shows the file 8 times slower than it was recorded"
    assert stated["Missing time"] == "2.5 s before frame 501 (at 7.50 s), 0.1 s before frame 900 (at 14.25 s)"
    assert stated["Damaged"] == "2 frames: not decoded, or blank"


def test_the_speed_of_a_player_is_stated_where_it_differs():
    assert facts(slowed=0.5)["Speed"] == "a player shows the file 2 times faster than it was recorded"
    # After 12 s, a player is 0.012 s late, more than a frame of 0.01 s; then less.
    assert facts(slowed=1.001)["Speed"] == "a player shows the file 1.001 times slower than it was recorded"
    assert "Speed" not in facts(slowed=1.0005)


def test_the_file_is_described():
    assert facts(file=FILE)["File"] == (
        "mov,mp4,m4a,3gp,3g2,mj2, hevc, stored as 1920 x 1080 px, yuv420p, colors bt709 limited bt709, "
        "turned by 90 degrees, states 29.97 frames per second"
    )
    odd = replace(
        FILE, pixel_aspect=1.4545, mirrored=True, rotation=0, interlaced=True, color_space="", stated_rate=None
    )
    assert facts(file=odd)["File"].endswith("colors limited bt709, pixel aspect 1.454, mirrored, interlaced")
