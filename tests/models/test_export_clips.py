"""The clips of an export."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.databases import load
from merlab.errors import MerlabError
from merlab.inputs import parse_recipe
from merlab.models import export_clips
from merlab.models.export_clips import clips_of, synthetic_clips
from tests.helpers import write_flow_tree
from tests.videos.recognizers import small_recognizer

RELEASED = parse_recipe("flow:channels=uvs,scale=minmax,size=28x28")


@pytest.fixture
def cache_here(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.slow
def test_int8_is_calibrated_and_compared_on_different_faces(monkeypatch):
    monkeypatch.setattr(export_clips, "CALIBRATION_SUBJECTS", 1)
    clips = synthetic_clips(small_recognizer().card, 1, calibrate=True)
    assert clips.calibration is not None
    assert clips.test.shape == clips.calibration.shape == (6, 3, 28, 28)
    assert not np.isclose(clips.test, clips.calibration).all()
    assert clips.what == "6 SYNTHETIC clips of unseen faces"


@pytest.mark.usefixtures("cache_here")
def test_the_clips_of_a_database_are_divided_by_subject(tmp_path):
    table = load("ststnet-flow", write_flow_tree(tmp_path / "flow"))
    whole, divided = (clips_of(table, RELEASED, calibrate) for calibrate in (False, True))
    assert whole.calibration is None
    assert divided.calibration is not None
    assert len(whole.test) == len(divided.test) + len(divided.calibration)
    assert 0 < len(divided.calibration) <= len(divided.test)
    assert divided.what == f"{len(divided.test)} clips of ststnet-flow"


@pytest.mark.usefixtures("cache_here")
def test_clips_of_one_subject_cannot_do_both(tmp_path):
    table = load("ststnet-flow", write_flow_tree(tmp_path / "flow"))
    of_one = table.take([position for position, group in enumerate(table.groups) if group == table.groups[0]])
    with pytest.raises(MerlabError, match="of one subject only"):
        clips_of(of_one, RELEASED, calibrate=True)


def test_a_scheme_of_your_own_has_no_synthetic_clips():
    card = small_recognizer(scheme="mine").card
    with pytest.raises(MerlabError, match="unknown label scheme 'mine'"):
        synthetic_clips(card, 1, calibrate=False)
