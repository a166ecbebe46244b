"""A recognizer that is kept: unseen subjects, the same file for the same settings, baselines with every score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest
from safetensors.torch import load_file

from merlab.clips import ClipTable
from merlab.databases import load
from merlab.errors import MerlabError
from merlab.frames import read_image
from merlab.models import pretraining
from merlab.models.card import SyntheticSettings
from merlab.models.pretraining import pretrain
from merlab.models.recognizer import SHIPPED, load_recognizer
from merlab.models.synthetic_clips import synthetic_examples
from merlab.models.training_work import Training
from merlab.progress import silent
from tests.helpers import write_flow_tree

pytestmark = pytest.mark.xdist_group("pretraining")

SMALL: dict[str, Any] = {
    "method": "ststnet",
    "preset": "reduced",
    "seeds": 2,
    "subjects": 14,
    "clips_per_subject": 3,
    "jobs": 1,
    "progress": False,
}


@pytest.fixture(scope="module", autouse=True)
def quick_training():
    """Two epochs instead of the preset's number."""
    whole = Training.settings

    def settings(training):
        preset = whole(training)
        assert preset.training is not None
        return preset.model_copy(update={"training": preset.training.model_copy(update={"epochs": 2})})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Training, "settings", settings)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("pretrained") / "tiny.safetensors"
    return pretrain(out, **SMALL), out


@pytest.mark.slow
def test_the_file_is_read_again_as_it_was_written(trained):
    recognizer, out = trained
    read = load_recognizer(out)
    assert read.card == recognizer.card
    assert read.digest == recognizer.digest


@pytest.mark.slow
def test_every_score_has_its_baselines_seeds_and_interval(trained):
    scores = trained[0].card.scores
    assert [score.method for score in scores] == ["constant", "random", "linear-svm", "ststnet"]
    assert {score.what for score in scores} == {"held-out subjects"}
    assert scores[-1].seeds == 2
    assert 0 <= scores[-1].calibration_error <= 1
    assert 1 / 3 <= scores[-1].confidence <= 1
    assert all(len(score.uf1.interval) == 2 for score in scores)


@pytest.mark.slow
def test_the_card_states_the_training_clips_and_is_stamped(trained):
    card = trained[0].card
    assert card.stamps == ("SYNTHETIC", "REDUCED")
    assert card.trained_on.subjects + card.calibration.subjects + card.scores[0].subjects == 14
    assert card.calibration.after.negative_log_likelihood <= card.calibration.before.negative_log_likelihood
    assert "synthetic faces only" in card.limits


@pytest.mark.slow
def test_interrupted_training_is_resumed_and_gives_the_same_file(trained, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    out = tmp_path / "tiny.safetensors"
    with monkeypatch.context() as patch:
        patch.setattr(pretraining, "_calibrated", stopped)
        with pytest.raises(KeyboardInterrupt):
            pretrain(out, **SMALL)
    assert not out.exists()
    assert pretrain(out, **SMALL).digest == trained[0].digest


@pytest.mark.slow
def test_other_settings_are_refused_for_the_same_file(trained):
    with pytest.raises(MerlabError, match="holds pretraining of other settings: --seed 0 -> 1"):
        pretrain(trained[1], **SMALL | {"seed": 1})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "linear-svm"}, "not a network"),
        ({"preset": "gone"}, "no preset"),
        ({"scheme": "gone"}, "scheme"),
        ({"scheme": "as-labeled"}, "synthetic faces have no labels"),
        ({"scheme": {"happiness": "a", "disgust": "b"}}, "train on clips of your own"),
        ({"input": "flow:colors=9"}, "colors"),
        ({"input": "flow:scale=centered,crop=corrected"}, "reads one image of each movement, in the crop of the clip"),
        ({"input": "released-flow"}, "gives 2 sample.s., crop=stored; pass an input such as flow:scale=centered"),
        ({"subjects": 5}, "subjects must be at least 6"),
        ({"seeds": 0}, "seeds must be at least 1"),
    ],
)
def test_impossible_settings_are_named_and_leave_nothing(tmp_path, changes, message):
    with pytest.raises(MerlabError, match=message):
        pretrain(tmp_path / "tiny.safetensors", **SMALL | changes)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_pretrain_did_not_write_is_not_overwritten(tmp_path):
    (tmp_path / "mine.safetensors").write_text("precious")
    for again in (False, True):
        with pytest.raises(MerlabError, match="exists" if not again else "mine.safetensors"):
            pretrain(tmp_path / "mine.safetensors", again=again, **SMALL)
    assert (tmp_path / "mine.safetensors").read_text() == "precious"


NAMES = {
    "own": ("sub01", "sub02", "sub03", "sub04", "s1", "s2", "s3", "s4"),
    "others": ("006", "007", "008"),
}


def released(root: Path) -> ClipTable:
    return load("ststnet-flow", write_flow_tree(root, NAMES["own"]))


def test_no_score_is_made_on_subjects_that_were_trained_on(tmp_path):
    table = released(tmp_path / "flow")
    with pytest.raises(MerlabError, match="were trained on"):
        pretrain(tmp_path / "mine.safetensors", table, score_on={"the same": table}, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["flow"]


@pytest.mark.slow
def test_clips_of_your_own_may_have_a_scheme_of_your_own(tmp_path):
    own = {"negative": "calm", "positive": "moved", "surprise": "moved", "disgust": "calm"}
    clips, out = released(tmp_path / "flow"), tmp_path / "mine.safetensors"
    made = pretrain(out, clips, scheme=own, **SMALL)
    assert made.classes == ("calm", "moved")
    assert load_recognizer(out).card == made.card
    assert made.card.trained_on.synthetic is None
    with pytest.raises(MerlabError, match=r"class of the label surprise \(--scheme\) moved -> calm"):
        pretrain(out, clips, scheme=own | {"surprise": "calm"}, **SMALL)


@pytest.mark.slow
def test_whole_heads_to_train_or_to_score_on_mark_the_recognizer(tmp_path):
    own, others = (load("ststnet-flow", write_flow_tree(tmp_path / name, NAMES[name])) for name in NAMES)
    marked = replace(others, stamps=("WHOLE HEADS: samm",))
    made = pretrain(tmp_path / "a.safetensors", own, score_on={"others": marked}, **SMALL)
    assert "WHOLE HEADS: samm, scored on" in made.card.stamps
    made = pretrain(tmp_path / "b.safetensors", replace(own, stamps=("WHOLE HEADS: casme2",)), **SMALL)
    assert "WHOLE HEADS: casme2" in made.card.stamps


@pytest.mark.slow
def test_changed_clips_are_refused_for_the_same_file(tmp_path):
    own, out = released(tmp_path / "flow"), tmp_path / "mine.safetensors"
    pretrain(out, own, cache=tmp_path / "cache", **SMALL)
    image = next(iter(own)).source
    cv2.imwrite(str(image), 255 - read_image(image))
    with pytest.raises(MerlabError, match="the clips have changed"):
        pretrain(out, own, cache=tmp_path / "cache", **SMALL)
    before = load_recognizer(out).digest
    assert pretrain(out, own, cache=tmp_path / "cache", again=True, **SMALL).digest != before
    assert {path.name for path in tmp_path.iterdir()} == {"flow", "cache", "mine.safetensors", "mine-work"}


def test_the_shipped_weights_are_small_whole_and_stamped():
    assert SHIPPED.stat().st_size < 20e6
    card = load_recognizer().card
    assert "SYNTHETIC" in card.stamps
    # The words of the file, which is older than the present ones.
    assert "drawn faces alone" in card.limits
    assert card.intended_use
    assert load_file(SHIPPED).keys() == card.build().state_dict().keys()


@pytest.mark.slow
def test_the_shipped_weights_recognize_faces_of_another_seed(tmp_path):
    shipped = load_recognizer()
    settings = SyntheticSettings(
        scheme=shipped.card.scheme, recipe=shipped.card.recipe, subjects=10, clips=6, presets=("easy",), seed=60_606
    )
    unseen = synthetic_examples(settings, tmp_path, 1, silent)
    right = shipped.predict_proba(unseen.inputs).argmax(axis=1) == unseen.labels
    # A guess is right for 20 of the 60 clips on average.
    assert right.sum() > 45
