"""Files of weights that training starts from."""

from __future__ import annotations

import pytest

from merlab.errors import MerlabError
from merlab.models.card import FlowSource, SyntheticSettings, TrainedOn
from merlab.models.starts import load_starts
from merlab.training import TrainingSettings
from tests.training_material import starts_in
from tests.videos.recognizers import small_recognizer

FLOW = FlowSource(digest="f1", clips=40, subjects=8)
# Clips that an earlier version of merlab rendered in memory.
DRAWN = SyntheticSettings(scheme="megc2019", recipe="flow:channels=uvs,size=28x28")


@pytest.mark.parametrize("given", [3, [3], {"a": 1}, b"weights"])
def test_what_is_neither_a_file_nor_a_list_of_files_is_refused(given):
    with pytest.raises(MerlabError, match="start must be a file of weights or a list of such files"):
        load_starts(given)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MerlabError, match=r"none.safetensors does not exist"):
        load_starts([tmp_path / "none.safetensors"])
    assert load_starts(None) == ()


@pytest.mark.parametrize(
    ("trained_on", "share", "databases"),
    [
        (TrainedOn(databases=("synthetic",), flow=FLOW), 0.0, ()),
        (TrainedOn(databases=("synthetic",), flow=FLOW), None, ()),
        (TrainedOn(databases=("synthetic",), synthetic=DRAWN), 0.0, ()),
        (TrainedOn(databases=("casme2", "synthetic"), flow=FLOW), 0.0, ("casme2",)),
        # Synthetic faces of the user, alone.
        (TrainedOn(databases=("synthetic",)), 0.0, ("synthetic",)),
        # Synthetic faces of the user, with flow beside them; those of an earlier start may be the user's too.
        (TrainedOn(databases=("synthetic",), flow=FLOW), 0.25, ("synthetic",)),
        (TrainedOn(databases=("synthetic",), flow=FLOW, starts=("5ea1",)), 0.0, ("synthetic",)),
    ],
)
def test_merlabs_own_synthetic_clips_are_no_database_that_a_start_has_seen(tmp_path, trained_on, share, databases):
    training = None if share is None else TrainingSettings(synthetic_share=share)
    recognizer = small_recognizer(trained_on=trained_on, training=training)
    recognizer.save(tmp_path / "start.safetensors")
    (start,) = starts_in(tmp_path / "start.safetensors")
    assert start.databases == databases


def test_a_start_knows_the_inputs_that_it_was_trained_on(tmp_path):
    small_recognizer(training_inputs=("0123456789ab",)).save(tmp_path / "start.safetensors")
    assert [start.inputs for start in starts_in(tmp_path / "start.safetensors")] == [("0123456789ab",)]
