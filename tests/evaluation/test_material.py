"""What methods use beside the clips of a fold: who gets it, that it is used, and that test labels stay unseen."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from merlab.databases import load
from merlab.errors import MerlabError
from merlab.evaluation import material, synthetic_flow
from merlab.evaluation.plan import Plan
from merlab.evaluation.runner import prepared
from merlab.evaluation.study import Study
from merlab.evaluation.unit import Fit, Worker
from merlab.methods import Method, find_method
from merlab.models.starts import load_starts
from merlab.progress import silent
from merlab.schemes import Scheme
from tests.helpers import FLOW_SUBJECTS, write_flow_tree
from tests.training_material import CENTERED, hand_made_flow, write_start

FOLDER = Path("flow-clips")
NAMES = ("flow-cnn", "joint-svm", "flow-ensemble")
COLUMNS = ["p_negative", "p_positive", "p_surprise"]
SHORT = {"epochs": 1, "steps": 2}
WITHOUT_FLOW = {**SHORT, "synthetic_share": 0, "unit_loss": 0}


@pytest.fixture
def clips(tmp_path):
    return load("ststnet-flow", write_flow_tree(tmp_path / "flow"))


@pytest.fixture(autouse=True)
def flow(monkeypatch):
    """The folder of synthetic flow of every test here."""
    read: list[Path] = []

    def read_flow(folder: Path):
        read.append(folder)
        return hand_made_flow()

    for module in (material, synthetic_flow):
        monkeypatch.setattr(module, "read_flow", read_flow)
    return read


@pytest.fixture
def starts(tmp_path):
    return load_starts(write_start(tmp_path / "start.safetensors"))


def planned(clips, methods, starts=(), synthetic: Path | None = FOLDER, **options) -> Plan:
    given = {"scheme": "megc2019", "protocol": "loso", "seeds": 1, "preset": "pretrained", "training": SHORT, **options}
    return Study.of(clips, methods, starts=starts, synthetic=synthetic, **given).plan()


def predictions(plan: Plan, tmp_path: Path, seed: int = 0) -> pd.DataFrame:
    return Worker(plan, tmp_path / "cache").run(Fit(0, 0, seed, "key"))[COLUMNS]


@pytest.mark.parametrize("name", NAMES)
def test_a_label_of_a_test_subject_changes_no_prediction_of_its_fold(clips, starts, tmp_path, name):
    plan = planned(clips, [name], starts if name != "joint-svm" else ())
    _require_that_test_labels_change_nothing(plan, tmp_path)


@pytest.mark.slow
def test_neither_does_it_in_a_network_of_the_paper_with_both_views(clips, tmp_path):
    preset = find_method("dbfem-caffm").preset("pretrained28")
    file = tmp_path / "start.safetensors"
    write_start(file, "dbfem-caffm", recipe=preset.input or "", network=preset.network)
    plan = planned(clips, ["dbfem-caffm"], load_starts(file), preset="pretrained28")
    assert plan.entries[0].recipe.view == "both"
    _require_that_test_labels_change_nothing(plan, tmp_path)


def _require_that_test_labels_change_nothing(plan: Plan, tmp_path: Path) -> None:
    test = list(plan.splits[0].test)
    labels = plan.labeled.labels.copy()
    labels[test] = (labels[test] + 1) % 3
    relabeled = replace(plan, labeled=replace(plan.labeled, labels=labels))
    pd.testing.assert_frame_equal(predictions(plan, tmp_path), predictions(relabeled, tmp_path))


@pytest.mark.slow
def test_training_begins_at_the_start_of_its_seed(clips, tmp_path):
    """One step at a learning rate of almost 0 leaves the network of the start of this seed."""
    files = [write_start(tmp_path / f"{number}.safetensors", seed=number) for number in range(2)]
    still = {"epochs": 1, "steps": 1, "learning_rate": 1e-12, "weight_decay": 0}
    plan = planned(clips, ["flow-cnn"], load_starts(files), training=still, seeds=3)
    first, second, third = (predictions(plan, tmp_path, seed).to_numpy() for seed in range(3))
    alone = planned(clips, ["flow-cnn"], load_starts(files[1]), training=still)
    assert second == pytest.approx(predictions(alone, tmp_path, 1).to_numpy(), abs=1e-6)
    assert abs(first - second).max() > 0.01
    assert abs(first - third).max() < abs(first - second).max()


@pytest.mark.slow
def test_synthetic_clips_change_what_is_learned(clips, starts, tmp_path, monkeypatch):
    plan = planned(clips, ["flow-cnn"], starts, training={"epochs": 2, "steps": 8})
    before = predictions(plan, tmp_path)
    flow = hand_made_flow()
    monkeypatch.setattr(synthetic_flow, "read_flow", lambda folder: replace(flow, emotions=flow.emotions[::-1]))
    assert not before.equals(predictions(plan, tmp_path))


@pytest.mark.slow
def test_the_folder_is_read_once_for_a_recipe_and_not_for_each_fold(clips, starts, tmp_path, flow):
    plan = planned(clips, ["flow-cnn"], starts)
    assert len(flow) == 1
    worker = Worker(plan, tmp_path / "cache")
    for split in range(len(plan.splits)):
        worker.run(Fit(0, split, 0, "key"))
    assert len(flow) == 2


def test_each_method_gets_what_it_can_use(clips, starts):
    plan = planned(clips, ["flow-ensemble", "joint-svm", "linear-svm", "constant"], starts)
    used = {entry.name: (len(entry.starts), entry.synthetic is not None) for entry in plan.entries}
    assert used == {
        "flow-ensemble": (1, True),
        "joint-svm": (0, True),
        "linear-svm": (0, False),
        "constant": (0, False),
    }


def test_an_ensemble_of_the_command_line_gets_what_its_members_use(clips, starts):
    (entry,) = planned(clips, ["ensemble:2xflow-cnn+joint-svm"], starts).entries
    assert (len(entry.starts), entry.synthetic is not None) == (1, True)
    (entry,) = planned(clips, ["ensemble:2xflow-cnn"], starts, None, training=WITHOUT_FLOW).entries
    assert (len(entry.starts), entry.synthetic) == (1, None)


def test_a_start_can_be_used_without_synthetic_clips_and_they_without_it(clips, starts, tmp_path):
    plan = planned(clips, ["flow-cnn"], starts, None, training=WITHOUT_FLOW)
    (started,) = plan.entries
    assert (len(started.starts), started.synthetic) == (1, None)
    assert len(predictions(plan, tmp_path)) == 6
    scratch = {**SHORT, "synthetic_share": 0.25}
    (mixed,) = planned(clips, ["flow-cnn"], preset="paper", training=scratch).entries
    assert (mixed.starts, mixed.synthetic is not None) == ((), True)
    assert "START" not in mixed.stamps


def test_a_start_for_a_preset_that_does_not_expect_one_is_marked(clips, starts):
    (entry,) = planned(clips, ["flow-cnn"], starts, None, preset="paper").entries
    assert "START" in entry.stamps
    assert "START" not in planned(clips, ["flow-cnn"], starts).entries[0].stamps


@pytest.mark.parametrize(
    ("methods", "by"),
    [
        (["joint-svm"], None),
        (["linear-svm"], ""),
        (["linear-svm", "constant", "joint-svm"], " by linear-svm, constant"),
    ],
)
def test_a_class_that_only_synthetic_clips_have_is_not_said_to_be_unknown_to_who_trains_on_them(tmp_path, methods, by):
    _, *others = FLOW_SUBJECTS
    tree = write_flow_tree(tmp_path / "flow")
    for subject in others:
        shutil.rmtree(tree / subject / "u_test" / "2")
    synthetic = FOLDER if "joint-svm" in methods else None
    preset = "pretrained" if synthetic else None
    told = f"^2 test clips of {6 + 4 * len(others)} cannot be recognized{by}, because no training clip"
    with pytest.warns(UserWarning, match=told) if by is not None else warnings.catch_warnings():
        warnings.simplefilter("error" if by is None else "always")
        planned(load("ststnet-flow", tree), methods, synthetic=synthetic, preset=preset, training=None)


def test_keys_depend_on_the_start_and_the_flow_that_a_method_uses(clips, starts, tmp_path):
    other = load_starts(write_start(tmp_path / "other.safetensors", seed=1))

    def keys(*given, **options):
        return [
            entry.key("a", "b", {}) for entry in planned(clips, ["flow-cnn", "linear-svm"], *given, **options).entries
        ]

    network, baseline = keys(starts)
    assert keys(starts) == [network, baseline]
    assert keys(other)[0] != network
    assert keys(other)[1] == baseline
    without = planned(clips, ["linear-svm"], synthetic=None, preset=None).entries[0]
    assert without.key("a", "b", {}) == baseline


PRETRAINING = "merlab pretrain start.safetensors --method flow-cnn --preset synthetic --synthetic flow-clips"


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        (
            "flow-cnn",
            {"synthetic": None},
            "flow-cnn with preset pretrained needs weights to start from and synthetic flow; add "
            "--synthetic flow-clips --from start.safetensors, made once by "
            f"merlab make-flow flow-clips && {PRETRAINING}",
        ),
        (
            "joint-svm",
            {"synthetic": None},
            "joint-svm with preset pretrained needs synthetic flow; add --synthetic flow-clips, made once by "
            "merlab make-flow flow-clips",
        ),
        (
            "linear-svm",
            {"preset": "paper"},
            "no method of this run mixes synthetic clips into its training: linear-svm (preset paper); choose a preset "
            "that does, such as --preset pretrained, set synthetic_share, or leave --synthetic out",
        ),
        (
            "joint-svm",
            {"scheme": {"positive": "good", "negative": "bad", "surprise": "good"}},
            "--synthetic has clips with the labels disgust, happiness, which scheme your-own does not map to a class; "
            "choose a scheme that does, such as megc2019, or leave --synthetic out",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_with_what_to_type(clips, method, options, message):
    with pytest.raises(MerlabError) as caught:
        planned(clips, [method], **options)
    assert str(caught.value) == message


def test_synthetic_flow_without_the_input_of_a_method_is_refused(clips):
    with pytest.raises(MerlabError, match="magnif"):
        planned(clips, ["joint-svm"], input=f"{CENTERED},magnify=linear2")


@pytest.mark.parametrize(
    ("databases", "options", "message"),
    [
        (["samm"], {}, "start.safetensors was trained on samm, whose subjects are tested"),
        (
            [],
            {"input": "flow:channels=uvs,scale=minmax,size=28x28"},
            "but flow-cnn of this run reads flow:.*minmax",
        ),
        (
            [],
            {"scheme": {"surprise": "surprise", "negative": "negative", "positive": "positive"}},
            "start.safetensors has the classes negative, positive, surprise, but this run has surprise, negative, pos",
        ),
    ],
)
def test_a_start_that_saw_the_test_subjects_or_other_inputs_or_classes_is_refused(
    clips, tmp_path, databases, options, message
):
    starts = load_starts(write_start(tmp_path / "start.safetensors", databases=databases))
    with pytest.raises(MerlabError, match=message):
        planned(clips, ["flow-cnn"], starts, None, training=WITHOUT_FLOW, **options)


def test_a_start_of_another_method_is_refused_by_name(clips, starts):
    with pytest.raises(MerlabError, match=r"start.safetensors holds weights of flow-cnn, .* of this run: joint-svm;"):
        planned(clips, ["joint-svm"], starts)


def test_a_network_of_other_options_is_refused_by_its_tensor(clips, tmp_path):
    starts = load_starts(write_start(tmp_path / "start.safetensors", "gfem", recipe="flow", network={"width": 0.5}))
    with pytest.raises(MerlabError, match=r"start.safetensors has another network than gfem of this run: the tensor"):
        planned(clips, ["gfem"], starts, None, preset="flow28", input="flow")


def test_training_on_intensities_without_synthetic_clips_is_refused_before_anything_is_computed(clips):
    with pytest.raises(MerlabError, match=r"flow-cnn with preset synthetic trains on intensities .*unit_loss=4"):
        planned(clips, ["flow-cnn"], synthetic=None, preset="synthetic")


class OfTheUser:
    """A classifier that requests the material, and notes it."""

    def __init__(self, task, *, material) -> None:
        self.material = material

    def fit(self, inputs, labels, groups, seed) -> None:
        assert self.material.synthetic.inputs.shape == (12, *inputs.shape[1:])

    def predict_proba(self, inputs):
        return np.full((len(inputs), 3), 1 / 3)


def test_a_method_of_your_own_may_request_the_synthetic_clips(clips, tmp_path):
    plan = planned(clips, [Method("mine", pipeline=OfTheUser)], preset=None)
    assert len(predictions(plan, tmp_path)) == len(plan.splits[0].test)


def test_tested_synthetic_faces_are_marked_because_training_may_have_their_subjects(clips, starts):
    faces = replace(clips, stamps=("SYNTHETIC",))
    stamp = "SYNTHETIC TRAINING: it may have the subjects of the test"
    with_both, with_flow, without = planned(faces, ["flow-cnn", "joint-svm", "linear-svm"], starts).entries
    (with_start,) = planned(faces, ["flow-cnn"], starts, None, training=WITHOUT_FLOW).entries
    marked = [stamp in entry.stamps for entry in (with_both, with_flow, with_start, without)]
    assert marked == [True, True, True, False]
    assert stamp not in planned(clips, ["flow-cnn"], starts).entries[0].stamps


def test_other_classes_of_synthetic_labels_are_another_run_though_no_clip_has_these_labels(clips, tmp_path):
    of_clips = {name: name for name in ("negative", "positive", "surprise")}
    schemes = [
        Scheme("mine", "", tuple(of_clips), {**of_clips, "disgust": disgust, "happiness": happiness})
        for disgust, happiness in (("negative", "positive"), ("positive", "negative"))
    ]
    keys = [
        prepared(planned(clips, ["joint-svm", "linear-svm"], scheme=scheme), tmp_path / "cache", silent)[1]
        for scheme in schemes
    ]
    assert [one == other for one, other in zip(*keys, strict=True)] == [False, True]
