import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.evaluation.engines import LocalEngine
from merlab.evaluation.experiment import run_plan
from merlab.evaluation.predictions import read_predictions, write_predictions
from merlab.evaluation.runner import Tally, finished, prepared, run
from merlab.evaluation.unit import Fit, Worker
from merlab.inputs import parse_recipe
from merlab.methods import METHODS
from merlab.progress import silent
from tests.evaluation.guessing import Guessing
from tests.helpers import files_in, flow_plan, own_input, write_flow_tree

HERE = LocalEngine(1)
ONE_EPOCH = {"epochs": 1}


@pytest.fixture
def root(tmp_path):
    return write_flow_tree(tmp_path / "flow")


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """One clip per class and subject, which are only read."""
    return write_flow_tree(tmp_path_factory.mktemp("few"), each=1)


def make_plan(root, methods, seeds=1, **options):
    return flow_plan(root, methods, **{"seeds": seeds, "training": ONE_EPOCH, **options})


def run_here(plan, tmp_path, name="run", engine=HERE):
    plan, keys = prepared(plan, tmp_path / "cache", silent)
    out = tmp_path / name
    found = finished(plan, keys, out)
    return run(plan, keys, out, found, cache=tmp_path / "cache", engine=engine, progress=silent)


def test_every_clip_is_predicted_once_per_seed_by_a_model_that_never_saw_its_subject(root, tmp_path):
    plan = make_plan(root, ["linear-svm", "ststnet"], seeds=2)
    table = run_here(plan, tmp_path)
    per_clip = table.groupby(["method", "seed", "database", "subject", "clip"]).size()
    assert (per_clip == 1).all()
    assert len(table) == 24 * (1 + 2)
    for split in plan.splits:
        groups = plan.labeled.table.groups
        assert not {groups[row] for row in split.train} & {groups[row] for row in split.test}


def test_probabilities_sum_to_one_and_the_decision_is_the_largest(root, tmp_path):
    table = run_here(make_plan(root, ["random", "linear-svm"]), tmp_path)
    probabilities = table[["p_negative", "p_positive", "p_surprise"]]
    assert probabilities.sum(axis=1).to_numpy() == pytest.approx(np.ones(len(table)))
    assert (probabilities.idxmax(axis=1).str.removeprefix("p_") == table["prediction"]).all()


def test_a_method_learns_what_is_there_to_learn(root, tmp_path):
    table = run_here(make_plan(root, ["linear-svm"]), tmp_path)
    assert (table["truth"] == table["prediction"]).mean() > 0.9


@pytest.mark.slow
def test_what_the_last_method_lacks_is_named_before_inputs_of_the_first_are_made(root, tmp_path, monkeypatch):
    plan = make_plan(root, ["constant"])
    first, last = (replace(plan.entries[0], recipe=parse_recipe(f"flow:size={size}")) for size in ("8x8", "231x282"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100_000))
    with pytest.raises(MerlabError, match=r"the inputs of .*size=231x282.*, but the disk has"):
        run_here(replace(plan, entries=(first, last)), tmp_path)
    assert not list(tmp_path.rglob("*.npy"))


def test_finished_work_is_not_repeated_and_the_table_is_the_same(root, tmp_path):
    plan = make_plan(root, ["ststnet"], seeds=2)
    undisturbed = run_here(plan, tmp_path)
    parts = sorted((tmp_path / "run" / "parts").rglob("*.parquet"))
    lost, kept = parts[::3], {part: part.stat().st_mtime_ns for part in parts if part not in parts[::3]}
    for part in lost:
        part.unlink()
    again = run_here(plan, tmp_path)
    pd.testing.assert_frame_equal(undisturbed, again)
    assert {part: part.stat().st_mtime_ns for part in kept} == kept
    assert all(part.exists() for part in lost)


def test_two_folds_whose_names_differ_only_by_a_replaced_sign_are_both_in_the_table(root, tmp_path):
    plan = make_plan(root, ["linear-svm"])
    names = ("lab/2_anna", "lab_2/anna", "lab/Bob", "lab/bob")
    plan = replace(
        plan, splits=tuple(replace(split, name=name) for split, name in zip(plan.splits, names, strict=True))
    )
    table = run_here(plan, tmp_path)
    assert table.groupby("fold").size().to_dict() == dict.fromkeys(names, 6)
    pd.testing.assert_frame_equal(run_here(plan, tmp_path), table)


def test_two_units_with_one_file_are_refused(root, tmp_path):
    plan = make_plan(root, ["linear-svm"])
    plan = replace(plan, splits=tuple(replace(split, name="same") for split in plan.splits))
    with pytest.raises(MerlabError, match="linear-svm fold same and .* have the same file of predictions"):
        run_here(plan, tmp_path)


def test_a_stored_fold_that_lost_a_clip_or_has_another_decision_is_refused(root, tmp_path):
    plan = make_plan(root, ["linear-svm"])
    run_here(plan, tmp_path)
    part = min((tmp_path / "run" / "parts").rglob("*.parquet"))
    stored = read_predictions(part)
    write_predictions(part, stored.iloc[1:])
    with pytest.raises(MerlabError, match="method linear-svm, seed 0 has no prediction for"):
        run_here(plan, tmp_path)
    others = {"negative": "positive", "positive": "surprise", "surprise": "negative"}
    write_predictions(part, stored.assign(prediction=stored["prediction"].map(others)))
    with pytest.raises(MerlabError, match="not the class of the highest probability"):
        run_here(plan, tmp_path)


class NoEngine:
    def work(self, *_):
        raise AssertionError("a damaged run must be refused before any training")


def test_a_damaged_file_is_refused_before_any_training_and_changes_nothing(root, tmp_path):
    plan, out = make_plan(root, ["ststnet"]), tmp_path / "run"
    run_plan(plan, out, cache=tmp_path / "cache", engine=HERE)
    first, second, *_ = sorted((out / "parts").rglob("*.parquet"))
    first.unlink()
    second.write_bytes(b"PAR1 cut off")
    stored = files_in(out)
    with pytest.raises(MerlabError, match=rf"{second.name} cannot be read as Parquet: .*; remove the file and run"):
        run_plan(plan, out, cache=tmp_path / "cache", engine=NoEngine())
    assert files_in(out) == stored


@pytest.mark.slow
def test_predictions_made_with_other_settings_are_not_taken_over(root, tmp_path):
    run_here(make_plan(root, ["ststnet"]), tmp_path)
    longer = make_plan(root, ["ststnet"], training={"epochs": 4})
    pd.testing.assert_frame_equal(run_here(longer, tmp_path), run_here(longer, tmp_path, name="fresh"))


@pytest.mark.slow
def test_a_method_with_an_input_of_your_own_stays_as_it_is_when_another_is_added(root, tmp_path):
    out, cache = tmp_path / "run", tmp_path / "cache"
    # The same for all clips.
    own = own_input(lambda *_: np.ones((1, 8, 8), np.float32), frames_needed=lambda clip, recipe: [])
    run_plan(make_plan(root, ["linear-svm"], input=own), out, cache=cache, engine=HERE)
    before = read_predictions(out / "predictions.parquet")
    run_plan(make_plan(root, ["constant"]), out, cache=cache, engine=HERE)
    after = read_predictions(out / "predictions.parquet")
    pd.testing.assert_frame_equal(after[after["method"] == "linear-svm"].reset_index(drop=True), before)


@pytest.mark.slow
def test_the_table_does_not_depend_on_the_number_of_workers(root, tmp_path):
    plan = make_plan(root, ["random", Guessing, "linear-svm", "ststnet", "dbfem-caffm"])
    alone, together = run_here(plan, tmp_path, "alone"), run_here(plan, tmp_path, "together", LocalEngine(2))
    pd.testing.assert_frame_equal(alone, together)


def test_progress_counts_units_and_the_epochs_of_running_ones(root):
    reported = []
    plan = make_plan(root, ["ststnet"])
    first, second = Fit(0, 0, 0, "key"), Fit(0, 1, 0, "key")
    tally = Tally(plan, 1, 4, lambda done, total, what: reported.append((done, total)))
    tally.epoch(first, 1, 2)
    tally.epoch(second, 1, 4)
    tally.finish(first)
    tally.epoch(first, 2, 2)
    assert reported == [(1, 4), (1.5, 4), (1.75, 4), (2.25, 4)]


def first_fold(plan, tmp_path, seed=0):
    return Worker(plan, tmp_path / "cache").run(Fit(0, 0, seed, "key"))


# A method that learns from action units needs clips that have them: tests/evaluation/test_fit_arguments.py.
NEURAL_OR_FITTED = [
    name for name, method in METHODS.items() if name not in {"constant", "random"} and not method.action_units
]


def random_inputs(worker, recipe, progress=None):
    """Random inputs: the clips of this tree are stored flow, which not every method takes."""
    shape = (len(worker.plan.labeled.table), *recipe.shape)
    lowest = 0 if recipe.kind.layout == "vector" else -1
    inputs = np.random.default_rng(0).uniform(lowest, 1, shape).astype(np.float32)
    if recipe.kind.name == "flow" and "s" in recipe["channels"]:
        # The strain is never negative.
        inputs[:, recipe["channels"].index("s")] += 1
    return inputs


@pytest.mark.parametrize("name", NEURAL_OR_FITTED)
def test_a_models_predictions_do_not_depend_on_the_labels_of_its_test_clips(name, few, tmp_path, monkeypatch):
    monkeypatch.setattr(Worker, "inputs", random_inputs)
    plan = make_plan(few, [name], preset="flow28" if "flow28" in METHODS[name].presets else None)
    labels = plan.labeled.labels.copy()
    labels[list(plan.splits[0].test)] = (labels[list(plan.splits[0].test)] + 1) % 3
    relabeled = replace(plan, labeled=replace(plan.labeled, labels=labels))
    columns = ["p_negative", "p_positive", "p_surprise"]
    pd.testing.assert_frame_equal(first_fold(plan, tmp_path)[columns], first_fold(relabeled, tmp_path)[columns])


def test_only_the_leaky_mode_looks_at_the_test_fold(root, tmp_path, monkeypatch):
    from merlab.training import NeuralClassifier

    seen = []
    fit = NeuralClassifier.fit

    def spy(self, inputs, labels, groups, seed, **options):
        seen.append((self.settings.selection, options.get("monitor") is not None))
        fit(self, inputs, labels, groups, seed, **options)

    monkeypatch.setattr(NeuralClassifier, "fit", spy)
    for selection in ("fixed", "validation", "best-epoch-on-test"):
        first_fold(make_plan(root, ["ststnet"], training={"epochs": 1, "selection": selection}), tmp_path)
    assert seen == [("fixed", False), ("validation", False), ("best-epoch-on-test", True)]


class Failing:
    def fit(self, inputs, labels, seed):
        if seed == 1:
            raise ValueError("no convergence")

    def predict_proba(self, inputs):
        return np.full((len(inputs), 3), np.nan)


@pytest.mark.parametrize(("seed", "what"), [(0, "not finite"), (1, "fit raised ValueError: no convergence")])
def test_a_fault_of_a_method_is_reported_with_method_fold_and_seed(root, tmp_path, seed, what):
    plan = make_plan(root, [Failing()], seeds=[seed])
    where = rf"this happened in method failing, fold {plan.splits[0].name}, seed {seed}"
    with pytest.raises(MerlabError, match=f"{what}.*; {where}"):
        first_fold(plan, tmp_path, seed)
