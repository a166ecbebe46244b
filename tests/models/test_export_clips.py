"""The clips of an export."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from merlab.databases import load
from merlab.errors import MerlabError
from merlab.inputs import load_inputs, parse_recipe
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


def test_only_int8_has_clips_to_calibrate_on_and_they_are_of_another_seed(monkeypatch):
    rendered = []

    def examples(settings, jobs, progress):
        rendered.append(settings)
        return SimpleNamespace(inputs=np.full((settings.subjects * settings.clips, 3, 28, 28), settings.seed))

    monkeypatch.setattr(export_clips, "synthetic_examples", examples)
    clips = synthetic_clips(small_recognizer().card, 2, calibrate=True)
    assert clips.calibration is not None
    assert len(clips.test) == 2 * 6
    assert len({settings.seed for settings in rendered}) == 2
    assert set(np.unique(clips.test)).isdisjoint(np.unique(clips.calibration))
    rendered.clear()
    assert synthetic_clips(small_recognizer().card, 2, calibrate=False).calibration is None
    assert len(rendered) == 1


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
@pytest.mark.parametrize(("subjects", "calibrating"), [(2, 1), (3, 1), (5, 1), (6, 2)])
def test_a_third_of_the_subjects_and_at_least_one_is_for_calibration(tmp_path, subjects, calibrating):
    names = [f"{number:03d}" for number in range(6, 6 + subjects)]
    table = load("ststnet-flow", write_flow_tree(tmp_path / "flow", names, each=1))
    turned = table.take(range(len(table) - 1, -1, -1))
    inputs, is_first = load_inputs(turned, RELEASED), np.isin([clip.subject for clip in turned], names[:calibrating])
    divided = clips_of(turned, RELEASED, calibrate=True)
    assert divided.calibration is not None
    assert np.array_equal(divided.calibration, inputs[is_first])
    assert np.array_equal(divided.test, inputs[~is_first])


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
