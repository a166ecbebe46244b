"""The clips of an export."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.inputs import parse_recipe
from merlab.models import export_clips
from merlab.models.export_clips import database_clips, drawn_clips
from tests.helpers import write_flow_tree
from tests.videos.recognizers import small_recognizer

RELEASED = parse_recipe("flow:channels=uvs,scale=minmax,size=28x28")


@pytest.fixture
def cache_here(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_int8_is_calibrated_on_other_faces_than_it_is_judged_on(monkeypatch):
    monkeypatch.setattr(export_clips, "CALIBRATION_SUBJECTS", 1)
    clips = drawn_clips(small_recognizer().card, 1, calibrate=True)
    assert clips.calibration is not None
    assert clips.test.shape == clips.calibration.shape == (6, 3, 28, 28)
    assert not np.isclose(clips.test, clips.calibration).all()
    assert clips.what == "6 SYNTHETIC clips of unseen faces"


@pytest.mark.usefixtures("cache_here")
def test_a_database_is_divided_by_subject(tmp_path):
    root = write_flow_tree(tmp_path / "flow")
    whole = database_clips(RELEASED, "ststnet-flow", root, calibrate=False)
    divided = database_clips(RELEASED, "ststnet-flow", root, calibrate=True)
    assert whole.calibration is None
    assert divided.calibration is not None
    assert len(whole.test) == len(divided.test) + len(divided.calibration)
    assert 0 < len(divided.calibration) <= len(divided.test)
    assert divided.what == f"{len(divided.test)} clips of ststnet-flow"
