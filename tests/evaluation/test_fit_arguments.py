"""What ``fit`` gets where a method declares it, and what it never gets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.evaluation.runner import prepared
from merlab.evaluation.study import Study
from merlab.evaluation.unit import Fit, UnitInputs, Worker, fit_and_predict
from merlab.methods.method import Method
from merlab.progress import silent
from tests.helpers import make_clip

UNITS = ("4", "12", "", "1+R2")
CLASSES = {"happiness": "positive", "disgust": "negative"}
SEEN: dict[str, object] = {}


class Recording:
    """Predicts the first class, and keeps what ``fit`` got."""

    def __init__(self, task):
        self.classes = task.classes

    def fit(self, inputs, labels, groups, seed, **given):
        SEEN.clear()
        SEEN.update(given, inputs=inputs, labels=labels)

    def predict_proba(self, inputs):
        return np.eye(self.classes)[np.zeros(len(inputs), int)]


def clips(tmp_path, units=UNITS):
    """Two databases of two subjects with both classes; every clip has the action units of its subject."""
    return ClipTable(
        tuple(
            make_clip(
                tmp_path / f"s{number}-{emotion}",
                database=f"db{number // 2}",
                subject=f"s{number}",
                name=emotion,
                emotion=emotion,
                action_units=unit,
            )
            for number, unit in enumerate(units)
            for emotion in CLASSES
        )
    )


def plan_of(tmp_path, protocol, units=UNITS, **declared):
    method = Method(name="recording", pipeline=Recording, seeded=False, **declared)
    return Study.of(clips(tmp_path, units), method, scheme=CLASSES, protocol=protocol, seeds=1).plan()


def fitted(plan, split=0):
    inputs = np.arange(8, dtype=np.float32).reshape(8, 1, 1, 1) * np.ones(
        (1, *plan.entries[0].recipe.shape), np.float32
    )
    fit_and_predict(plan, UnitInputs(inputs), Fit(0, split, 0, "key"))
    return dict(SEEN)


def numbers(inputs):
    return inputs[:, 0, 0, 0].astype(int).tolist()


def test_a_transductive_method_gets_the_test_inputs_of_a_held_out_database_and_no_label_of_them(tmp_path):
    seen = fitted(plan_of(tmp_path, "hold-out-database", transductive=True))
    # Clips 0 to 3 are of the first database, which is tested.
    assert numbers(seen["inputs"]) == [4, 5, 6, 7]
    assert numbers(seen["unlabeled"]) == [0, 1, 2, 3]
    assert set(seen) == {"inputs", "labels", "unlabeled"}
    assert len(seen["labels"]) == 4


@pytest.mark.parametrize("protocol", ["loso", "hold-out-database"])
def test_it_is_given_to_no_other_method_and_under_no_other_protocol(tmp_path, protocol):
    assert "unlabeled" not in fitted(plan_of(tmp_path, protocol, transductive=protocol == "loso"))


def test_results_of_an_adapted_method_are_stamped_and_have_a_key_of_their_own(tmp_path):
    adapted, plain = (plan_of(tmp_path, "hold-out-database", transductive=each).entries[0] for each in (True, False))
    assert "TRANSDUCTIVE" in adapted.stamps
    assert "TRANSDUCTIVE" not in plain.stamps
    assert "TRANSDUCTIVE" not in plan_of(tmp_path, "loso", transductive=True).entries[0].stamps
    assert adapted.key("i", "d", {}) != replace(adapted, adapts=False).key("i", "d", {})


class Described:
    """Has the parameters of ``fit`` that the guide describes, and no others."""

    def __init__(self, task):
        self.classes = task.classes

    def fit(self, inputs, labels, action_units, unlabeled):
        SEEN.clear()
        SEEN.update(action_units=action_units, unlabeled=unlabeled)

    def predict_proba(self, inputs):
        return np.full((len(inputs), self.classes), 1 / self.classes)


@pytest.mark.parametrize(("protocol", "unlabeled"), [("hold-out-database", [0, 1, 2, 3]), ("loso", None)])
def test_fit_needs_no_parameters_but_those_of_the_declared_keywords(tmp_path, monkeypatch, protocol, unlabeled):
    monkeypatch.setattr("tests.evaluation.test_fit_arguments.Recording", Described)
    seen = fitted(plan_of(tmp_path, protocol, action_units=True, transductive=True))
    assert seen["action_units"][-2:] == ["1+R2", "1+R2"]
    assert (None if seen["unlabeled"] is None else numbers(seen["unlabeled"])) == unlabeled


def test_a_method_that_declares_it_gets_the_action_units_of_the_training_clips_alone(tmp_path):
    seen = fitted(plan_of(tmp_path, "loso", action_units=True), split=1)
    # The second subject is tested; each subject has two clips.
    assert seen["action_units"] == ["4", "4", "", "", "1+R2", "1+R2"]
    assert "action_units" not in fitted(plan_of(tmp_path, "loso"))


def test_it_is_refused_before_anything_is_trained_if_no_clip_has_action_units(tmp_path):
    with pytest.raises(MerlabError, match="recording learns from the action units .* none of the 8 clips has any"):
        plan_of(tmp_path, "loso", units=("",) * 4, action_units=True)


def test_predictions_are_not_taken_from_a_run_with_other_action_units(tmp_path, monkeypatch):
    monkeypatch.setattr(Worker, "inputs", lambda *_: np.zeros((8, 1, 1, 1), np.float32))

    def key(units, **declared):
        _, (only,) = prepared(plan_of(tmp_path, "loso", units, **declared), None, silent)
        return only

    other = ("12", *UNITS[1:])
    assert key(UNITS, action_units=True) == key(UNITS, action_units=True) != key(other, action_units=True)
    assert key(UNITS) == key(other)
