"""A training that is stopped continues with its last stored epoch, and gives the predictions of one that was not."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from merlab.evaluation.engines import LocalEngine
from merlab.evaluation.predictions import PREDICTIONS_FILE
from merlab.evaluation.runner import finished, prepared, run
from merlab.evaluation.unit import Fit, Worker
from merlab.methods import METHODS
from merlab.outputs.checkpoints import Pace
from merlab.progress import silent
from merlab.training import NeuralClassifier
from tests.evaluation.test_runner import NEURAL_OR_FITTED, random_inputs
from tests.helpers import flow_plan, write_flow_tree

EPOCHS = 3
SETTINGS = [
    {"optimizer": "sgd", "selection": "validation"},
    {"optimizer": "rmsprop", "selection": "best-epoch-on-test"},
    {"optimizer": "adamw", "schedule": "cosine", "loop": "accelerated"},
    {"loop": "accelerated", "mirror": True, "channels_last": True},
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_flow_tree(tmp_path_factory.mktemp("few"), each=1)


@pytest.fixture
def always_stored(monkeypatch):
    """The state is stored after each epoch, as after each of a long training."""
    monkeypatch.setattr(Pace, "is_due", True)


def stop_in(epoch: int):
    def on_epoch(done: int, total: int, loss: float) -> None:
        if done == epoch:
            raise KeyboardInterrupt

    return on_epoch


def continued(plan, kept: Path) -> tuple[pd.DataFrame, list[int]]:
    """The predictions of a training that was stopped in its second epoch, and the epochs after the stop."""
    fit, epochs = Fit(0, 0, 0, "key", kept), list[int]()
    with pytest.raises(KeyboardInterrupt):
        Worker(plan, None).run(fit, stop_in(2))
    return Worker(plan, None).run(fit, lambda done, total, loss: epochs.append(done)), epochs


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NEURAL_OR_FITTED if METHODS[name].network is not None])
def test_every_network_has_all_its_state_in_the_file(name, root, tmp_path, monkeypatch, always_stored):
    monkeypatch.setattr(Worker, "inputs", random_inputs)
    preset = "flow28" if "flow28" in METHODS[name].presets else None
    plan = flow_plan(root, [name], preset=preset, training={"epochs": 2})
    undisturbed = Worker(plan, None).run(Fit(0, 0, 0, "key"))
    table, epochs = continued(plan, tmp_path / "kept.training")
    assert epochs == [2]
    pd.testing.assert_frame_equal(table, undisturbed, check_exact=True)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_optimizers_selections_and_loops_continue(settings, root, tmp_path, always_stored):
    plan = flow_plan(root, ["ststnet"], training={"epochs": EPOCHS, **settings})
    undisturbed = Worker(plan, None).run(Fit(0, 0, 0, "key"))
    table, epochs = continued(plan, tmp_path / "kept.training")
    assert epochs == [2, 3]
    pd.testing.assert_frame_equal(table, undisturbed, check_exact=True)


def test_the_best_epoch_may_be_before_the_stop(root, tmp_path, monkeypatch, always_stored):
    worse = itertools.count(0, -1)
    monkeypatch.setattr(NeuralClassifier, "_score", lambda *given: next(worse))
    plan = flow_plan(root, ["ststnet"], training={"epochs": EPOCHS, "selection": "validation"})
    undisturbed = Worker(plan, None).run(Fit(0, 0, 0, "key"))
    table, _ = continued(plan, tmp_path / "kept.training")
    pd.testing.assert_frame_equal(table, undisturbed, check_exact=True)


def test_a_run_continues_and_leaves_no_training_behind(root, tmp_path, always_stored):
    plan, out, stopped = flow_plan(root, ["ststnet"], training={"epochs": EPOCHS}), tmp_path / "out", []
    plan, keys = prepared(plan, tmp_path / "cache", silent)

    def once_more(folder: Path, progress=silent) -> pd.DataFrame:
        found = finished(plan, keys, folder)
        engine = LocalEngine(1)
        return run(plan, keys, folder, found, cache=tmp_path / "cache", engine=engine, progress=progress)

    def stop(done: float, total: int, what: str) -> None:
        stopped.append(what)
        if what.endswith(f"{plan.splits[1].name} epoch 2/{EPOCHS}"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        once_more(out, stop)
    assert [path.name for path in out.rglob("*.training")] == ["casme2_sub02-seed0.training"]
    again: list[str] = []
    table = once_more(out, lambda done, total, what: again.append(what))
    assert again[1].endswith(f"{plan.splits[1].name} epoch 2/{EPOCHS}")
    pd.testing.assert_frame_equal(table, once_more(tmp_path / "undisturbed"), check_exact=True)
    assert {path.suffix for path in out.rglob("*") if path.is_file()} == {".parquet"}
    assert (out / PREDICTIONS_FILE).is_file()


def test_a_damaged_file_begins_the_training_anew(root, tmp_path, always_stored):
    plan = flow_plan(root, ["ststnet"], training={"epochs": EPOCHS})
    kept, epochs = tmp_path / "kept.training", list[int]()
    fit = Fit(0, 0, 0, "key", kept)
    undisturbed = Worker(plan, None).run(replace(fit, unfinished=None))
    with pytest.raises(KeyboardInterrupt):
        Worker(plan, None).run(fit, stop_in(3))
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 1
    kept.write_bytes(content)
    with pytest.warns(UserWarning, match=r"kept\.training is damaged .*; it is made anew"):
        table = Worker(plan, None).run(fit, lambda done, total, loss: epochs.append(done))
    assert epochs == [1, 2, 3]
    pd.testing.assert_frame_equal(table, undisturbed, check_exact=True)


def test_the_last_epoch_is_not_stored_because_nothing_is_left_to_continue(root, tmp_path, always_stored):
    kept = tmp_path / "kept.training"
    Worker(flow_plan(root, ["ststnet"], training={"epochs": 1}), None).run(Fit(0, 0, 0, "key", kept))
    assert not kept.exists()


def test_a_short_training_and_one_of_a_network_of_your_own_store_nothing(root, tmp_path, monkeypatch):
    kept = tmp_path / "kept.training"
    Worker(flow_plan(root, ["ststnet"], training={"epochs": EPOCHS}), None).run(Fit(0, 0, 0, "key", kept))
    assert not kept.exists()
    monkeypatch.setattr(Pace, "is_due", True)
    own = replace(METHODS["ststnet"], name="mine")
    Worker(flow_plan(root, [own], training={"epochs": EPOCHS}), None).run(Fit(0, 0, 0, "key", kept))
    assert not kept.exists()
