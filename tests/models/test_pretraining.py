"""A recognizer to keep: subjects apart, the same file for the same settings, baselines beside every score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file

from merlab.clips import ClipTable
from merlab.databases import load
from merlab.errors import MerlabError
from merlab.frames import read_image
from merlab.models import pretraining
from merlab.models.pretraining import Course, pretrain
from merlab.models.recognizer import SHIPPED, load_recognizer
from merlab.models.synthetic_clips import Drawing, Examples, draw
from merlab.progress import silent
from tests.helpers import write_flow_tree

pytestmark = pytest.mark.xdist_group("pretraining")

COURSE = Course("tiny", method="ststnet", preset="reduced", seeds=2)
DRAWING = Drawing(COURSE.scheme, COURSE.full_recipe(), subjects=14, clips=3)


@pytest.fixture(scope="module", autouse=True)
def quick_training():
    """Two epochs, whatever the preset says."""
    whole = Course.settings

    def settings(course):
        preset = whole(course)
        assert preset.training is not None
        return preset.model_copy(update={"training": preset.training.model_copy(update={"epochs": 2})})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Course, "settings", settings)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("pretrained") / "tiny.safetensors"
    return pretrain(COURSE, out, drawing=DRAWING, jobs=1), out


def examples(subjects: int) -> Examples:
    keys = pd.DataFrame([("synthetic", f"s{subject}", "c") for subject in range(subjects)])
    keys.columns = ["database", "subject", "clip"]
    return Examples(np.zeros((subjects, 1, 8, 8), np.float32), np.arange(subjects) % 3, keys)


@pytest.mark.parametrize("subjects", [6, 7, 40, 100])
def test_no_subject_is_in_two_parts_and_none_is_left_out(subjects):
    parts = [set(part.groups) for part in pretraining._divided(examples(subjects), 0)]
    assert all(parts)
    assert sum(map(len, parts)) == len(set.union(*parts)) == subjects


def test_too_few_subjects_are_refused():
    with pytest.raises(MerlabError, match="at least 6"):
        pretraining._divided(examples(5), 0)


@pytest.mark.slow
def test_the_file_is_read_again_as_it_was_written(trained):
    recognizer, out = trained
    read = load_recognizer(out)
    assert read.card == recognizer.card
    assert read.digest == recognizer.digest


@pytest.mark.slow
def test_every_score_has_its_floors_seeds_and_interval(trained):
    scores = trained[0].card.scores
    assert [row["method"] for row in scores] == ["constant", "random", "linear-svm", "ststnet"]
    assert {row["what"] for row in scores} == {"held-out subjects"}
    assert scores[-1]["seeds"] == 2
    assert 0 <= scores[-1]["calibration_error"] <= 1
    assert 1 / 3 <= scores[-1]["confidence"] <= 1
    assert all(len(row["uf1"]["interval"]) == 2 for row in scores)


@pytest.mark.slow
def test_what_it_learned_from_is_stamped_and_told(trained):
    card = trained[0].card
    assert card.stamps == ("SYNTHETIC", "REDUCED")
    assert card.trained_on["subjects"] + card.calibration["subjects"] + card.scores[0]["subjects"] == 14
    assert card.calibration["after"]["negative_log_likelihood"] <= card.calibration["before"]["negative_log_likelihood"]


@pytest.mark.slow
def test_training_that_goes_on_after_a_stop_gives_the_same_file(trained, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    out = tmp_path / "tiny.safetensors"
    with monkeypatch.context() as patch:
        patch.setattr(pretraining, "_calibrated", stopped)
        with pytest.raises(KeyboardInterrupt):
            pretrain(COURSE, out, drawing=DRAWING, jobs=1)
    assert not out.exists()
    assert pretrain(COURSE, out, drawing=DRAWING, jobs=1).digest == trained[0].digest


@pytest.mark.slow
def test_other_settings_do_not_meet_what_is_done(trained):
    with pytest.raises(MerlabError, match="other pretraining"):
        pretrain(replace(COURSE, seed=1), trained[1], drawing=DRAWING)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"method": "linear-svm"}, "not a network"), ({"preset": "gone"}, "no preset"), ({"scheme": "gone"}, "scheme")],
)
def test_a_course_that_cannot_be_is_named(changes, message):
    with pytest.raises(MerlabError, match=message):
        replace(COURSE, **changes)


def test_a_file_of_ones_own_is_not_written_over(tmp_path):
    (tmp_path / "mine.safetensors").write_text("precious")
    with pytest.raises(MerlabError, match="exists"):
        pretrain(COURSE, tmp_path / "mine.safetensors", drawing=DRAWING)
    assert (tmp_path / "mine.safetensors").read_text() == "precious"


def released(root: Path) -> ClipTable:
    names = ("sub01", "sub02", "sub03", "sub04", "s1", "s2", "s3", "s4")
    return load("ststnet-flow", write_flow_tree(root, names))


def test_no_score_is_made_on_subjects_that_were_trained_on(tmp_path):
    table = released(tmp_path / "flow")
    with pytest.raises(MerlabError, match="were trained on"):
        pretrain(COURSE, tmp_path / "mine.safetensors", own=table, score_on={"the same": table})
    assert [path.name for path in tmp_path.iterdir()] == ["flow"]


@pytest.mark.slow
def test_changed_clips_do_not_meet_what_was_made_from_the_old_ones(tmp_path):
    own, out = released(tmp_path / "flow"), tmp_path / "mine.safetensors"
    pretrain(COURSE, out, own=own, cache=tmp_path / "cache", jobs=1)
    image = next(iter(own)).source
    cv2.imwrite(str(image), 255 - read_image(image))
    with pytest.raises(MerlabError, match="other pretraining"):
        pretrain(COURSE, out, own=own, cache=tmp_path / "cache", jobs=1)


def test_the_shipped_weights_are_small_whole_and_stamped():
    assert SHIPPED.stat().st_size < 20e6
    card = load_recognizer().card
    assert "SYNTHETIC" in card.stamps
    assert "drawn faces alone" in card.limits
    assert card.intended_use
    assert load_file(SHIPPED).keys() == card.build().state_dict().keys()


@pytest.mark.slow
def test_the_shipped_weights_tell_faces_apart_that_nobody_drew_before(tmp_path):
    shipped = load_recognizer()
    drawing = Drawing(shipped.card.scheme, shipped.card.recipe, subjects=10, clips=6, presets=("easy",), seed=60_606)
    unseen = draw(drawing, tmp_path, 1, silent)
    right = shipped.predict_proba(unseen.inputs).argmax(axis=1) == unseen.labels
    # Of 60 clips guessing is right in 20 on average.
    assert right.sum() > 45
