"""The score of a file of weights on a database: nothing is fitted on labels, and no training subject is scored."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.databases import load
from merlab.errors import MerlabError
from merlab.inputs import load_inputs, parse_recipe
from merlab.inputs.crop_correction import fit_correction
from merlab.models.card import FlowSource, TrainedOn
from merlab.models.scoring import score_on
from merlab.reports.model_card import score_facts
from tests.helpers import write_flow_tree
from tests.videos.recognizers import small_recognizer

CORRECTED = str(parse_recipe("flow:channels=uvs,scale=centered,size=28x28,crop=corrected"))


@pytest.fixture
def clips(tmp_path, monkeypatch) -> ClipTable:
    """CASME II, SMIC and SAMM, 12, 6 and 6 clips, with the classes in equal numbers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return load("ststnet-flow", write_flow_tree(tmp_path / "flow"))


def always(label: int, logit: float, seen: list[np.ndarray] | None = None, **changes):
    """A recognizer that gives one class the same logit whatever it sees, and keeps its inputs in ``seen``."""

    def infer(batch):
        if seen is not None:
            seen.append(batch)
        return np.tile(np.eye(3)[label] * logit, (len(batch), 1))

    return replace(small_recognizer(**changes), infer=infer)


def score(clips, recognizer, **options):
    return score_on(clips, recognizer, jobs=1, progress=False, **options)


def test_metrics_and_reliability_are_those_of_all_clips_and_of_each_database(clips):
    found = score(clips, always(1, 2 * np.log(8.0), temperature=2.0))
    # One class for all clips: recall 1, 0, 0; F1 of that class 2 x 1/3 / (1/3 + 1); calibrated probability 8 / 10.
    for of in (found, *found.by_database.values()):
        assert of.accuracy.mean == pytest.approx(1 / 3)
        assert of.uar.mean == pytest.approx(1 / 3)
        assert of.uf1.mean == pytest.approx(1 / 6)
        assert of.majority == pytest.approx(1 / 3)
        assert of.confidence == pytest.approx(0.8)
        assert of.calibration_error == pytest.approx(0.8 - 1 / 3)
    assert {name: of.clips for name, of in found.by_database.items()} == {"casme2": 12, "samm": 6, "smic": 6}
    assert found.crop is None


def test_json_has_the_same_keys_for_the_whole_and_for_each_database(clips):
    facts = score_facts(score(clips, always(0, 1.0)))
    keys = {"clips", "uf1", "uar", "accuracy", "majority_accuracy", "confidence", "calibration_error"}
    by_database = facts["by_database"]
    assert isinstance(by_database, dict)
    for numbers in (facts, *by_database.values()):
        assert isinstance(numbers, dict)
        assert keys <= numbers.keys()
        assert all(isinstance(numbers[key], int | float) for key in keys)


def test_labels_change_no_probability(clips):
    seen: list[np.ndarray] = []
    recognizer = always(0, 1.0, seen, recipe=CORRECTED)
    swapped = {"negative": "surprise", "surprise": "positive", "positive": "negative"}
    others = replace(clips, clips=tuple(replace(clip, emotion=swapped[clip.emotion]) for clip in clips))
    for table in (clips, others):
        score(table, recognizer)
    first, second = seen[: len(seen) // 2], seen[len(seen) // 2 :]
    assert seen
    assert all(np.array_equal(*pair) for pair in zip(first, second, strict=True))


def test_corrected_crops_are_fitted_on_the_scored_clips_and_stated(clips):
    seen: list[np.ndarray] = []
    found = score(clips, always(0, 1.0, seen, recipe=CORRECTED))
    assert found.crop == "fitted on the scored clips, without labels"
    recipe, databases = parse_recipe(CORRECTED), [clip.database for clip in clips]
    inputs = load_inputs(clips, recipe)
    assert np.array_equal(seen[0], fit_correction(recipe, inputs, databases).applied(inputs, databases))
    assert not np.array_equal(seen[0], inputs)


def test_a_database_that_was_trained_on_is_refused(clips):
    recognizer = small_recognizer(trained_on=TrainedOn(databases=("casme2",), clips=9, subjects=3))
    with pytest.raises(
        MerlabError, match="small was trained on casme2, so a score on casme2 would be too high; .*weights FILE"
    ):
        score(clips, recognizer)


def test_a_database_of_the_same_people_is_refused(clips):
    recognizer = small_recognizer(trained_on=TrainedOn(databases=("samm",), clips=9, subjects=3))
    videos = replace(clips, clips=tuple(replace(clip, database="samm-long") for clip in clips))
    with pytest.raises(MerlabError, match="small was trained on samm, so a score on samm-long would be too high"):
        score(videos, recognizer)


def test_synthetic_faces_are_refused_where_synthetic_flow_was_trained_on(clips):
    """Synthetic clips of one seed show the same subjects, as faces or as flow."""
    flow = FlowSource(digest="f1", clips=40, subjects=8)
    recognizer = small_recognizer(trained_on=TrainedOn(databases=("casme2",), clips=9, subjects=3, flow=flow))
    faces = replace(clips, clips=tuple(replace(clip, database="synthetic") for clip in clips))
    with pytest.raises(MerlabError, match="small was trained on synthetic, so a score on synthetic would be too high"):
        score(faces, recognizer)
    without = always(0, 1.0, trained_on=TrainedOn(databases=("casme2",), clips=9, subjects=3))
    assert score(faces, without).clips == 24


def test_synthetic_faces_are_refused_where_a_start_saw_synthetic_flow(clips):
    trained_on = TrainedOn(databases=("casme2",), clips=9, subjects=3, starts=("5ea1",), synthetic_start=True)
    faces = replace(clips, clips=tuple(replace(clip, database="synthetic") for clip in clips))
    with pytest.raises(MerlabError, match="small was trained on synthetic, so a score on synthetic would be too high"):
        score(faces, small_recognizer(trained_on=trained_on))


def test_clips_that_were_trained_on_under_another_name_are_refused(clips):
    recipe = parse_recipe(small_recognizer().card.recipe)
    first = hashlib.sha256(load_inputs(clips, recipe)[0].data).hexdigest()
    with pytest.raises(
        MerlabError, match=r"was trained on 1 of the clips of ststnet-flow, such as samm/006/006_006_c0_00"
    ):
        score(clips, small_recognizer(training_inputs=(first[:12],)))


def test_the_score_names_the_source_of_the_clips(clips):
    assert score(clips, always(0, 1.0)).what == "ststnet-flow"
    assert score(replace(clips, sources=()), always(0, 1.0)).what == "your own clips"


def test_a_file_of_weights_is_scored_with_its_inputs_in_the_folder_that_is_given(clips, tmp_path):
    small_recognizer().save(tmp_path / "small.safetensors")
    cache = tmp_path / "own inputs"
    assert score(clips, str(tmp_path / "small.safetensors"), cache=str(cache)) == score(clips, small_recognizer())
    assert list(cache.rglob("*.*"))


@pytest.mark.parametrize("wrong", [{"jobs": 0}, {"jobs": "two"}, {"cache": 3}])
def test_a_value_of_a_wrong_type_is_refused_by_the_name_of_the_argument(clips, wrong):
    (name,) = wrong
    with pytest.raises(MerlabError, match=f"^{name} must be"):
        score_on(clips, small_recognizer(), progress=False, **wrong)


@pytest.mark.parametrize(
    ("scheme", "of_card", "message"),
    [
        (None, "mine", "small has a label scheme of its own, mine; pass the same scheme"),
        ("casme2-5", "megc2019", "has the classes happiness, .* but those of small are negative, positive, surprise"),
        ("gone", "megc2019", "^unknown label scheme 'gone'"),
    ],
)
def test_a_scheme_of_other_classes_is_refused(clips, scheme, of_card, message):
    with pytest.raises(MerlabError, match=message):
        score(clips, small_recognizer(scheme=of_card), scheme=scheme)


def test_a_recognizer_with_a_scheme_of_your_own_is_scored_with_this_scheme(clips):
    own = {"negative": "negative", "positive": "positive", "surprise": "surprise"}
    assert score(clips, always(2, 1.0, scheme="mine"), scheme=own).clips == 24
