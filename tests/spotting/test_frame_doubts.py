"""Milliseconds in the place of frames are told by the lengths and the places of events."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.spotting.scoring import score_spotting

# Three micro-expressions of 0.4 s at 100 frames per second; in milliseconds they would be ten times as long.
FRAMES = [(100, 140), (300, 340), (700, 740)]


def events(rows, factor=1):
    return pd.DataFrame(rows, columns=["onset", "offset"]).mul(factor).assign(video="a")


@pytest.mark.parametrize("videos", [None, pd.DataFrame({"video": ["a"], "seconds": [600], "fps": [30]})])
def test_events_longer_than_any_movement_of_a_face_are_noted(videos):
    fps = None if videos is not None else 30
    notes = score_spotting(events(FRAMES, 10), events(FRAMES), fps, videos=videos).notes
    assert any("the true events: half of the events last 13.3 s or longer" in note for note in notes)
    assert not any("the spotted events" in note for note in notes)


@pytest.mark.parametrize(("last", "is_noted"), [(139, True), (140, True), (141, False)])
def test_events_of_two_frames_or_less_are_noted(last, is_noted):
    """A movement of .4 s that is given in whole seconds begins and ends in one of them, or in the next."""
    notes = score_spotting(events([(139, 150)]), events([(139, last)]), 100).notes
    said = (
        "the spotted events: half of the events last two frames or less; check that onset and offset are frames, not s"
    )
    assert any(note.startswith(said) for note in notes) is is_noted


def test_without_a_frame_rate_nothing_is_noted_and_no_library_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert score_spotting(events(FRAMES), events(FRAMES)).notes == ()


def test_events_without_a_frame_in_common_are_noted():
    notes = score_spotting(events(FRAMES, 10), events(FRAMES)).notes
    assert any("no spotted event shares a frame with a true one" in note for note in notes)


@pytest.mark.parametrize("spotted", [FRAMES, [(139, 200)]])
def test_sound_tables_have_no_such_note(spotted):
    notes = score_spotting(events(FRAMES), events(spotted), 100).notes
    assert not any("milliseconds" in note for note in notes)


@pytest.mark.parametrize(("fps", "is_noted"), [(100, False), (95, False), (120, True), (50, True), (None, False)])
def test_a_rate_other_than_that_of_the_seconds_is_noted(fps, is_noted):
    truth = events(FRAMES)
    timed = truth.assign(onset_s=(truth["onset"] - 1) / 100, offset_s=(truth["offset"] - 1) / 100)
    notes = score_spotting(truth, timed, fps).notes
    assert [note for note in notes if "(100 for a)" in note and "the spotted events" in note] == [*notes][:is_noted]


@pytest.mark.parametrize("seconds", ["", "?", "1,00"])
def test_seconds_that_are_not_known_are_no_reason_for_a_note(seconds):
    truth = events(FRAMES)
    assert score_spotting(truth, truth.assign(onset_s=seconds, offset_s=seconds), 50).notes == ()


def test_a_thousand_is_not_read_as_one(tmp_path):
    (tmp_path / "truth.csv").write_text("video;onset;offset\na;998;1.000\n")
    with pytest.raises(
        MerlabError, match=r"truth\.csv, line 2: offset is '1\.000', which is not clear; it may be 1 or"
    ):
        score_spotting(tmp_path / "truth.csv", events(FRAMES))


@pytest.mark.parametrize("fps", ["1.000", "2.500"])
def test_the_rate_of_a_listed_video_is_clear(tmp_path, fps):
    (tmp_path / "videos.csv").write_text(f"video;seconds;fps\na;60;{fps}\n")
    with pytest.raises(MerlabError, match=r"line 2: fps is .* not clear"):
        score_spotting(events(FRAMES), events(FRAMES), videos=tmp_path / "videos.csv")
