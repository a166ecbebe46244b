"""No frames of a tested recording are fitted on, under whatever name, and people of both are told."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import replace

import numpy as np
import pytest

from merlab.databases.long_video import LongEvent, LongVideo, LongVideos
from merlab.errors import MerlabError
from merlab.json_models import write_model
from merlab.spotting.comparison import method_result
from merlab.spotting.comparison.by_method import MethodOnVideos
from merlab.spotting.comparison.folds import fitted_elsewhere, leave_one_subject_out
from merlab.spotting.comparison.notes import shared_subjects
from merlab.spotting.scoring import read_events
from tests.helpers import texture, write_frames


@pytest.fixture
def recorded(tmp_path):
    """A maker of recordings; those with one seed have equal files in folders of their own."""

    def record(name, subject, seed):
        source = write_frames(tmp_path / name, [texture(seed + number) for number in range(3)])
        return LongVideo("", subject, name, source, 30.0, 3, ())

    return record


def test_equal_recordings_of_two_subjects_are_refused(recorded):
    one, other, third = recorded("a", "anna", 1), recorded("b", "bob", 1), recorded("c", "carl", 5)
    assert len(leave_one_subject_out([one, third])) == 2
    with pytest.raises(MerlabError, match="^a and b have equal files, so that the same frames would be tested and fit"):
        leave_one_subject_out([one, third, other])
    again = recorded("d", "anna", 1)
    assert [len(fold.test) for fold in leave_one_subject_out([one, again, third])] == [2, 1]


def test_recordings_without_any_picture_are_not_taken_for_each_other(tmp_path):
    """As in a copy of a database that has blank files in place of its frames."""
    black = [np.zeros((48, 48), np.float32)] * 3
    videos = [LongVideo("", who, who, write_frames(tmp_path / who, black), 30.0, 3, ()) for who in ("anna", "bob")]
    assert [fold.name for fold in leave_one_subject_out(videos)] == ["anna", "bob"]


def test_a_copy_of_a_tested_recording_is_not_fitted_on(recorded, tmp_path):
    tested, other = recorded("a", "anna", 1), recorded("b", "bob", 5)
    (fold,) = fitted_elsewhere([tested], [other])
    assert (fold.test, fold.training) == ((tested,), (other,))
    shutil.copytree(tested.source, tmp_path / "copy")
    copy = LongVideo("", "x", "copy", tmp_path / "copy", 30.0, 3, ())
    with pytest.raises(MerlabError, match="^a and copy have equal files, so that .* leave one of them out"):
        fitted_elsewhere([tested], [other, copy])


def test_two_spellings_of_a_tested_subject_are_refused_before_the_work(recorded):
    """Intervals are over subjects, and the table of scores refuses such names after it."""
    tested = [recorded("a", "S1", 1), recorded("b", "s1", 2)]
    with pytest.raises(MerlabError, match="the subjects S1 and s1 are one person in two spellings"):
        fitted_elsewhere(tested, [recorded("c", "carl", 3)])


def test_subjects_of_one_name_in_both_are_told(recorded):
    tested = [recorded("a", "sub01", 1), recorded("b", "sub02", 2), recorded("c", "", 3)]
    assert list(shared_subjects(tested, [recorded("d", "sub03", 4), recorded("e", "", 5)])) == []
    (note,) = shared_subjects(tested, [recorded("f", "1", 6)])
    assert "the names of tested subjects (sub01) are also those of subjects that methods were fitted on" in note


class Nothing:
    """Learns nothing, and finds nothing."""

    def fit(self, recordings):
        self.seen = len(recordings)

    def spot(self, recording):
        return []


@pytest.mark.slow
def test_a_video_that_a_method_was_fitted_on_is_told(recorded, tmp_path):
    fitted, other = recorded("a", "anna", 1), recorded("b", "bob", 5)
    train = tmp_path / "train"
    train.mkdir()
    truth = LongVideos((replace(fitted, events=(LongEvent(1, 2, 3, "micro"),)),))
    truth.truth().to_csv(train / "truth.csv", index=False)
    truth.lengths().to_csv(train / "videos.csv", index=False)
    method = MethodOnVideos(Nothing, train, fps=30.0)
    told = "Nothing was fitted on a itself: a score of this result is too high"
    for video, is_told in ((fitted, True), (other, False)):
        result = method.spot(video.source, tmp_path / f"result-{video.name}", progress=False)
        assert (told in result.metadata.warnings) == is_told
        assert not any("a copy of" in text for text in result.metadata.warnings)
    copy = shutil.copytree(fitted.source, tmp_path / "other name")
    result = method.spot(copy, tmp_path / "result-copy", progress=False)
    told = "Nothing was fitted on a copy of other name: a score of this result is too high"
    assert told in result.metadata.warnings


def test_an_interval_that_a_method_gives_twice_is_written_once(recorded, tmp_path):
    """Scoring refuses a table with an event in two rows."""

    def twice(recording):
        return [(1, 1, 2, 0.5, "micro"), (1, 2, 2, 0.7, "micro"), (1, 1, 2, 0.6, "macro")]

    result = MethodOnVideos(twice, fps=30.0).spot(recorded("a", "", 1).source, tmp_path / "out", progress=False)
    assert [(row.apex, row.score, row.kind) for row in result.rows] == [(1, 0.6, "macro"), (2, 0.7, "micro")]
    assert len(read_events(tmp_path / "out" / "events.csv")) == 2


def test_a_finished_result_of_other_libraries_is_loaded_with_a_warning(recorded, tmp_path, monkeypatch):
    method, source = MethodOnVideos("guess-even", fps=30.0), recorded("a", "", 9).source
    made = method.spot(source, tmp_path / "out", False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert method.spot(source, tmp_path / "out", False).rows == made.rows
    monkeypatch.setattr(method_result, "versions_of_methods", lambda: {**made.metadata.versions, "numpy": "9.9"})
    was = f"it was made with numpy {np.__version__}, and this is numpy 9.9; add --again"
    with pytest.warns(UserWarning, match=f"is loaded as it is, although {was}"):
        assert method.spot(source, tmp_path / "out", False).rows == made.rows
    # A result of an earlier merlab does not state them.
    stated = made.metadata.model_copy(update={"versions": {}})
    write_model(tmp_path / "out" / "method.json", stated)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert method.spot(source, tmp_path / "out", False).rows == made.rows


def test_a_video_that_changes_while_a_method_spots_has_no_result(recorded, tmp_path):
    source = recorded("a", "anna", 1).source

    def spot(recording):
        (source / "9.png").write_bytes(b"")
        return []

    with pytest.raises(MerlabError, match="a was changed while it was read.*when the video is complete"):
        MethodOnVideos(spot, fps=30).spot(source, tmp_path / "out", False)
    assert not (tmp_path / "out" / "events.csv").exists()
