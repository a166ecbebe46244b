"""Ensembles: the mean of the probabilities of their members, which nothing else influences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from merlab.errors import MerlabError
from merlab.evaluation.plan import make_entry
from merlab.inputs import mirror_of, parse_recipe
from merlab.methods import METHODS, ensemble, find_method, methods_of
from merlab.methods.ensembles import EnsembleClassifier, trained_parts
from merlab.methods.flow_cnn import FROM_SYNTHETIC_FLOW, FlowCnn
from merlab.methods.method import Classifier, Method, Preset, Task
from merlab.methods.own import as_method
from merlab.synthesis.flow_clips import OTHER_SIDE
from merlab.training import Material, NeuralClassifier, SyntheticClips, TrainingSettings

TASK = Task(classes=3, channels=3, height=28, width=28)
RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(12, 3, 28, 28)).astype(np.float32)
LABELS = np.arange(12) % 3
GROUPS = ["s"] * 12
FASTER = FROM_SYNTHETIC_FLOW.model_copy(update={"learning_rate": 0.5})
PRETRAINED28 = {"pretrained": Preset(training=FASTER, needs=("start",))}


class Stated:
    """Gives each class the share that is stated, and notes the seed."""

    def __init__(self, shares: list[float], seen: list[int]) -> None:
        self.shares = shares
        self.seen = seen

    def fit(self, inputs, labels, groups, seed) -> None:
        self.seed = seed
        self.seen.append(seed)

    def predict_proba(self, inputs):
        return np.tile(self.shares, (len(inputs), 1))

    def __deepcopy__(self, memo) -> Stated:
        return Stated(self.shares, self.seen)


def stated(name: str, shares: list[float], **options) -> tuple[Method, list[int]]:
    seen: list[int] = []
    return Method(name, pipeline=lambda task: Stated(shares, seen), **options), seen


def predicted(method: Method, preset: str = "default", seed: int = 0) -> np.ndarray:
    classifier = method.build(TASK, method.preset(preset))
    classifier.fit(INPUTS, LABELS, GROUPS, seed)
    return classifier.predict_proba(INPUTS)


def settings_of(network: Classifier) -> TrainingSettings:
    assert isinstance(network, NeuralClassifier)
    return network.settings


def test_the_probabilities_are_the_mean_of_the_members():
    one, other = stated("one", [1, 0, 0])[0], stated("other", [0, 0.5, 0.5])[0]
    assert predicted(ensemble("both", [one, other]))[0] == pytest.approx([0.5, 0.25, 0.25])


def test_each_method_has_the_same_weight_however_many_seeds_it_has():
    (one, seeds), (other, _) = stated("one", [1, 0, 0]), stated("other", [0, 1, 0])
    assert predicted(ensemble("both", [one, other], seeds=[5, 1]), seed=2)[0] == pytest.approx([0.5, 0.5, 0])
    assert seeds == [10, 11, 12, 13, 14]


def test_a_method_without_random_numbers_is_fitted_once():
    method, seen = stated("one", [1, 0, 0], seeded=False)
    predicted(ensemble("alone", [method], seeds=5))
    assert len(seen) == 1


def test_it_equals_the_mean_of_separate_fits_of_merlabs_methods():
    short = TrainingSettings(epochs=2, batch_size=4, learning_rate=1e-3)
    network = replace(METHODS["ststnet"], presets={"paper": Preset(training=short)})
    mean = np.mean([predicted(network, "paper", seed) for seed in (0, 1)], axis=0)
    svm = predicted(METHODS["linear-svm"], "paper")
    both = ensemble("both", [network, METHODS["linear-svm"]], seeds=2)
    assert predicted(both, "paper") == pytest.approx((mean + svm) / 2)


def test_a_name_states_methods_and_seeds():
    found = find_method("ensemble:5xststnet+linear-svm")
    assert found.name == "ensemble:5xststnet+linear-svm"
    assert set(found.presets) == {"paper", "reduced"}
    expected = "mean of ststnet (preset paper, 5 seeds) and linear-svm (preset paper)"
    assert found.preset("paper").source == expected
    assert (found.preset("paper").reduced, found.preset("reduced").reduced) == (False, True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ensemble:ststnett", "unknown method 'ststnett'; did you mean ststnet"),
        ("ensemble:", "unknown method ''"),
        ("ensemble:0xststnet", "1 or more seeds for each"),
        ("ensemble:1000xststnet", "at most 999 seeds of ststnet"),
        pytest.param(f"ensemble:{'9' * 5000}xststnet", "at most 999 seeds of ststnet", id="5000 digits"),
        ("ensemble:gfem+slstt-mean", "must take the same layout of input, got gfem image, slstt-mean sequence"),
        ("ensemble:ststnet+dbfem", "must take the same view of the face, got ststnet global, dbfem both"),
    ],
)
def test_a_wrong_name_is_an_error(name, message):
    with pytest.raises(MerlabError, match=message):
        find_method(name)


def test_settings_of_its_networks_can_be_changed_if_they_are_the_same():
    entry = make_entry(find_method("ensemble:2xststnet+linear-svm"), "paper", range(5), training={"epochs": 3})
    assert entry.preset.training is not None
    assert entry.preset.training.epochs == 3
    assert entry.stamps == ["REDUCED"]
    classifier = entry.method.build(TASK, entry.preset)
    assert isinstance(classifier, EnsembleClassifier)
    assert [settings_of(network).epochs for network in classifier.members[0]] == [3, 3]


def test_networks_of_different_settings_keep_their_own():
    method = find_method("ensemble:ststnet+rcn-a")
    assert method.preset("reduced").training is None
    classifier = method.build(TASK, method.preset("reduced"))
    assert isinstance(classifier, EnsembleClassifier)
    expected = [METHODS[name].preset("reduced").training for name in ("ststnet", "rcn-a")]
    assert [settings_of(network) for (network,) in classifier.members] == expected


def test_the_trained_methods_of_an_ensemble_are_named_with_their_presets():
    found = [
        (part.name, preset) for part, preset in trained_parts(find_method("ensemble:ststnet+flow-ensemble"), "paper")
    ]
    assert found == [("ststnet", "paper"), ("flow-cnn", "paper"), ("joint-svm", "paper")]
    assert [(part.name, preset) for part, preset in trained_parts(METHODS["ststnet"], "flow28")] == [
        ("ststnet", "flow28")
    ]


class TestMaterial:
    """flow-ensemble with synthetic clips and weights to start from: every member gets what is under its name."""

    SYNTHETIC = SyntheticClips(
        inputs=RNG.normal(size=(30, 3, 28, 28)).astype(np.float32),
        labels=np.arange(30) % 3,
        intensities=RNG.uniform(-1, 1, (30, 28)).astype(np.float32),
        other_side=np.asarray(OTHER_SIDE, np.int64),
        subjects=tuple(f"s{row // 3}" for row in range(30)),
    )

    def material(self) -> Material:
        torch.manual_seed(0)
        starts = tuple(FlowCnn(TASK).state_dict() for _ in range(2))
        return Material(self.SYNTHETIC, {"flow-cnn": starts})

    def shortened(self, method: Method, preset: str) -> Preset:
        found = method.preset(preset)
        short = found.training and found.training.model_copy(update={"epochs": 1, "steps": 2})
        return found.model_copy(update={"training": short})

    def predicted(self, name: str, preset: str, seed: int, material: Material) -> np.ndarray:
        method = METHODS[name]
        mirror = mirror_of(parse_recipe("flow:scale=centered"))
        classifier = method.build(TASK, self.shortened(method, preset), mirror, material)
        classifier.fit(INPUTS, LABELS, GROUPS, seed)
        return classifier.predict_proba(INPUTS)

    def test_the_recipe_is_the_mean_of_its_pretrained_members(self):
        material = self.material()
        members = [self.predicted(name, "pretrained", 1, material) for name in ("flow-cnn", "joint-svm")]
        assert self.predicted("flow-ensemble", "pretrained", 1, material) == pytest.approx(np.mean(members, axis=0))

    @pytest.mark.slow
    def test_five_of_each_have_five_seeds(self):
        material = self.material()
        members = [
            self.predicted(name, "pretrained", seed, material)
            for name in ("flow-cnn", "joint-svm")
            for seed in range(5, 10)
        ]
        found = self.predicted("flow-ensemble", "pretrained-five", 1, material)
        assert found == pytest.approx(np.mean(members, axis=0))

    def test_presets_state_what_their_members_need_and_whether_a_seed_matters(self):
        method = METHODS["flow-ensemble"]
        assert {name: preset.needs for name, preset in method.presets.items()} == {
            "paper": (),
            "reduced": (),
            "five": (),
            "pretrained": ("synthetic", "start"),
            "pretrained-five": ("synthetic", "start"),
        }
        alone = ensemble("alone", [METHODS["joint-svm"]], seeds=3)
        assert [alone.is_seeded(alone.preset(name)) for name in ("paper", "pretrained")] == [False, True]
        assert alone.preset("pretrained").source == "mean of joint-svm (preset pretrained, 3 seeds)"
        assert alone.preset("paper").source == "mean of joint-svm (preset paper)"

    @pytest.mark.parametrize(
        ("material", "message"),
        [
            (Material(SYNTHETIC), "this preset of flow-cnn starts from trained weights; pass --from FILE"),
            (Material(None, {"flow-cnn": ({},)}), "needs synthetic clips; pass --synthetic FOLDER"),
        ],
    )
    def test_what_a_member_lacks_is_named(self, material, message):
        with pytest.raises(MerlabError, match=message):
            self.predicted("flow-ensemble", "pretrained", 0, material)

    def test_members_of_different_settings_keep_their_own(self):
        method = ensemble("both", [METHODS["flow-cnn"], replace(METHODS["gfem"], presets=PRETRAINED28)])
        preset = method.preset("pretrained")
        assert preset.training is None
        classifier = method.build(
            TASK,
            preset,
            mirror_of(parse_recipe("flow:scale=centered")),
            Material(self.SYNTHETIC, {"flow-cnn": ({},), "gfem": ({},)}),
        )
        assert isinstance(classifier, EnsembleClassifier)
        assert [settings_of(network).learning_rate for (network,) in classifier.members] == [1.5e-3, 0.5]


class Nearest:
    """Of the second and third class alone; knows the subjects and nothing else that merlab gives."""

    def fit(self, inputs, labels, *, groups) -> None:
        assert list(groups) == GROUPS
        self.classes_ = [1, 2]

    def predict_proba(self, inputs):
        return np.tile([0.25, 0.75], (len(inputs), 1))


class InPlace:
    """Overwrites what it gets, as a scaler with ``copy=False`` does."""

    def fit(self, inputs, labels, groups) -> None:
        inputs[:], labels[:] = 0, 0
        groups.clear()

    def predict_proba(self, inputs):
        inputs[:] = 0
        return np.tile([1.0, 0.0, 0.0], (len(inputs), 1))


def test_a_member_that_changes_its_arrays_changes_nothing_for_the_others():
    inputs, labels, groups = INPUTS.copy(), LABELS.copy(), list(GROUPS)
    both = ensemble("both", [InPlace(), LogisticRegression()])
    classifier = both.build(TASK, both.preset("default"))
    alone = predicted(as_method(LogisticRegression(), find_method))
    classifier.fit(inputs, labels, groups, 0)
    assert classifier.predict_proba(inputs) == pytest.approx((alone + np.array([1.0, 0.0, 0.0])) / 2)
    assert (inputs == INPUTS).all()
    assert (labels == LABELS).all()
    assert groups == GROUPS


@pytest.mark.parametrize("given", [Nearest, Nearest(), Method("mine", pipeline=lambda task: Nearest())])  # type: ignore[arg-type, return-value]
def test_a_member_of_your_own_gets_what_its_fit_takes_and_states_its_classes(given):
    other, _ = stated("other", [1.0, 0.0, 0.0])
    assert predicted(ensemble("both", [other, given]))[0] == pytest.approx([0.5, 0.125, 0.375])


def test_a_member_can_be_an_estimator():
    alone = predicted(as_method(LogisticRegression(), find_method))
    assert predicted(ensemble("alone", [LogisticRegression()], seeds=2)) == pytest.approx(alone)


def test_members_can_be_named_in_a_file(tmp_path):
    (tmp_path / "mine.py").write_text(
        "class Mine:\n    def fit(self, x, y): ...\n    def predict_proba(self, x): ...\n"
    )
    name = f"ensemble:2x{tmp_path / 'mine.py'}:Mine+linear-svm"
    (found,) = methods_of(name)
    assert (found.name, found.origin) == (name, name)
    assert [method.name for method, _ in trained_parts(found, "default")] == ["Mine", "linear-svm"]


def test_a_name_in_place_of_a_method_is_refused():
    with pytest.raises(MerlabError, match=r"got the name 'ststnet'; pass merlab.methods.find_method\('ststnet'\)"):
        ensemble("alone", ["ststnet"])


def test_a_member_that_learns_from_action_units_is_refused():
    with pytest.raises(MerlabError, match="dikd learns from action units, which an ensemble does not pass on"):
        find_method("ensemble:dikd+madtn")
