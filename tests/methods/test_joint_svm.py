"""joint-svm: margins against scikit-learn's own decisions, mirrored clips, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.svm import SVC

from merlab.errors import MerlabError
from merlab.inputs import mirror_of, parse_recipe
from merlab.methods import find_method
from merlab.methods.joint_svm import JointSvm, balanced, class_margins, with_synthetic
from merlab.methods.method import Task
from merlab.training import Material, SyntheticClips

RECIPE = parse_recipe("flow:scale=centered,size=8x8")
MIRROR = mirror_of(RECIPE)
GROUPS = ["s"] * 60


def build(classes: int = 3):
    method = find_method("joint-svm")
    return method.build(Task.of(classes, RECIPE), method.preset("paper"), mirror=MIRROR)


def flows(classes: int = 3, seed: int = 0, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """60 clips (60, 3, 8, 8); the height of a vertical movement on the left is the class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(60) % classes
    inputs = rng.normal(0, noise, (60, 3, 8, 8)).astype(np.float32)
    inputs[np.arange(60), 1, 2 * labels, 1:3] += 2
    return inputs, labels


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_the_largest_margin_is_the_class_with_all_votes_of_scikit_learn(classes):
    rng = np.random.default_rng(0)
    labels = np.arange(80) % classes
    values = rng.normal(size=(80, 5)) + 4 * np.eye(5)[labels]
    machine = SVC(decision_function_shape="ovo").fit(values, labels)
    margins = class_margins(machine.decision_function(values), classes)
    assert margins.shape == (80, classes)
    assert np.array_equal(margins.argmax(axis=1), machine.predict(values))
    assert margins.sum(axis=1) == pytest.approx(np.zeros(80), abs=1e-12)


def test_margins_are_clipped_and_averaged_over_the_other_classes():
    # Columns (0, 1), (0, 2), (1, 2): class 0 wins by 5 (counts 2) and by 1, class 2 wins against class 1 by 0.5.
    assert class_margins(np.array([[5.0, 1.0, -0.5]]), 3)[0] == pytest.approx([1.5, -1.25, -0.25])


def test_every_class_has_the_same_total_weight():
    weights = balanced(np.array([0, 0, 0, 1, 2, 2]))
    assert weights.mean() == pytest.approx(1)
    assert [weights[:3].sum(), weights[3:4].sum(), weights[4:].sum()] == pytest.approx([2, 2, 2])


def test_it_learns_and_does_not_depend_on_the_seed():
    inputs, labels = flows()
    test, truth = flows(seed=1)
    first, second = build(), build()
    first.fit(inputs, labels, GROUPS, 0)
    second.fit(inputs, labels, GROUPS, 1)
    probabilities = first.predict_proba(test)
    assert (probabilities.argmax(axis=1) == truth).mean() > 0.9
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(60))
    assert np.array_equal(probabilities, second.predict_proba(test))


def test_a_mirrored_clip_gets_the_same_probabilities():
    inputs, labels = flows()
    classifier = build()
    classifier.fit(inputs, labels, GROUPS, 0)
    assert MIRROR is not None
    mirrored = MIRROR(torch.from_numpy(inputs)).numpy()
    assert classifier.predict_proba(mirrored) == pytest.approx(classifier.predict_proba(inputs))


def test_a_movement_learned_on_the_left_is_recognized_on_the_right():
    inputs, labels = flows()
    classifier = build()
    classifier.fit(inputs, labels, GROUPS, 0)
    right, truth = flows(seed=2)
    assert (classifier.predict_proba(right[..., ::-1].copy()).argmax(axis=1) == truth).mean() > 0.9


def test_a_class_without_training_clips_gets_probability_zero():
    inputs, labels = flows()
    seen = labels != 1
    classifier = build()
    classifier.fit(inputs[seen], labels[seen], GROUPS, 0)
    probabilities = classifier.predict_proba(inputs[seen])
    assert (probabilities[:, 1] == 0).all()
    assert (probabilities.argmax(axis=1) == labels[seen]).mean() > 0.9


def test_clips_of_one_class_are_refused():
    with pytest.raises(MerlabError, match="two classes or more, but all 60 are of one class; evaluate on more clips"):
        build().fit(flows()[0], np.ones(60, np.int64), GROUPS, 0)


def test_an_input_that_cannot_be_mirrored_is_refused_with_the_remedy():
    method = find_method("joint-svm")
    with pytest.raises(MerlabError, match="needs an input that can be mirrored, such as flow:channels=uvs"):
        method.build(Task.of(3, RECIPE), method.preset("paper"), mirror=None)


class TestWithSyntheticClips:
    def material(self, labels: np.ndarray | None = None, noise: float = 0.5) -> Material:
        inputs, shown = flows(seed=5, noise=noise)
        synthetic = SyntheticClips(
            inputs=inputs,
            labels=shown if labels is None else labels,
            intensities=np.zeros((60, 2), np.float32),
            other_side=np.array([1, 0]),
            subjects=tuple(f"s{row // 5}" for row in range(60)),
        )
        return Material(synthetic)

    def fitted(self, material: Material, labels: np.ndarray, seed: int = 0) -> JointSvm:
        method = find_method("joint-svm")
        classifier = method.build(Task.of(3, RECIPE), method.preset("pretrained"), MIRROR, material)
        assert isinstance(classifier, JointSvm)
        classifier.fit(flows()[0], labels, GROUPS, seed)
        return classifier

    def test_both_kinds_have_the_same_total_weight_and_every_class_within_each(self):
        labels, weights = with_synthetic(np.array([0, 0, 0, 1, 2, 2]), np.array([0, 1, 1, 2]))
        assert labels.tolist() == [0, 0, 0, 1, 2, 2, 0, 1, 1, 2]
        assert [weights[:6].sum(), weights[6:].sum()] == pytest.approx([6, 6])
        assert [weights[6:][labels[6:] == each].sum() for each in range(3)] == pytest.approx([2, 2, 2])
        assert [weights[:6][labels[:6] == each].sum() for each in range(3)] == pytest.approx([2, 2, 2])

    def test_it_decides_as_scikit_learns_machine_on_all_clips_with_these_weights(self):
        inputs, labels = flows()
        test, _ = flows(seed=1)
        synthetic = self.material().synthetic
        assert synthetic is not None
        assert MIRROR is not None

        def with_mirror_images(clips: np.ndarray) -> np.ndarray:
            assert MIRROR is not None
            return np.concatenate([clips, MIRROR(torch.from_numpy(clips)).numpy()]).reshape(2 * len(clips), -1)

        values = np.concatenate([with_mirror_images(inputs), with_mirror_images(synthetic.inputs)])
        machine = SVC(C=1, gamma=2 / (192 * inputs.var()), decision_function_shape="ovo")
        every, weights = with_synthetic(np.tile(labels, 2), np.tile(synthetic.labels, 2))
        machine.fit(values, every, sample_weight=weights)
        margins = class_margins(machine.decision_function(with_mirror_images(test)), 3)
        exponentials = np.exp((margins[:60] + margins[60:]) / 2 / 0.5)
        expected = exponentials / exponentials.sum(axis=1, keepdims=True)
        assert self.fitted(self.material(), labels).predict_proba(test) == pytest.approx(expected, abs=1e-3)

    def test_a_class_that_only_synthetic_clips_have_is_recognized(self):
        inputs, labels = flows(noise=0.2)
        method, seen = find_method("joint-svm"), labels != 2
        classifier = method.build(Task.of(3, RECIPE), method.preset("pretrained"), MIRROR, self.material(noise=0.2))
        classifier.fit(inputs[seen], labels[seen], GROUPS[:40], 0)
        test, truth = flows(seed=1, noise=0.2)
        assert (classifier.predict_proba(test).argmax(axis=1) == truth).mean() > 0.9

    def test_the_seed_chooses_the_subjects_and_repeats(self):
        inputs, labels = flows()
        synthetic = self.material().synthetic
        assert synthetic is not None
        many = SyntheticClips(
            np.random.default_rng(0).normal(size=(180, 3, 8, 8)).astype(np.float32),
            np.tile(synthetic.labels, 3),
            np.zeros((180, 2), np.float32),
            synthetic.other_side,
            tuple(f"s{row}" for row in range(180)),
        )
        material = Material(many)
        first, again, other = (self.fitted(material, labels, seed).predict_proba(inputs) for seed in (0, 0, 1))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_other_presets_do_not_use_them(self):
        inputs, labels = flows()
        method = find_method("joint-svm")
        classifier = method.build(Task.of(3, RECIPE), method.preset("paper"), MIRROR, self.material(labels * 0))
        plain = build()
        for each in (classifier, plain):
            each.fit(inputs, labels, GROUPS, 0)
        assert np.array_equal(classifier.predict_proba(inputs), plain.predict_proba(inputs))

    def test_a_preset_that_needs_them_is_refused_without(self):
        with pytest.raises(MerlabError, match="adds synthetic clips to the training clips; pass --synthetic FOLDER"):
            self.fitted(Material(), flows()[1])

    def test_only_the_preset_with_them_depends_on_a_seed(self):
        method = find_method("joint-svm")
        seeded = {name: method.is_seeded(preset) for name, preset in method.presets.items()}
        assert seeded == {"paper": False, "reduced": False, "pretrained": True}
