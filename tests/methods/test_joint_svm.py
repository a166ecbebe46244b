"""joint-svm: margins against scikit-learn's own decisions, mirrored clips, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.svm import SVC

from merlab.errors import MerlabError
from merlab.inputs import mirror_of, parse_recipe
from merlab.methods import find_method
from merlab.methods.joint_svm import balanced, class_margins
from merlab.methods.method import Task

RECIPE = parse_recipe("flow:scale=centered,size=8x8")
MIRROR = mirror_of(RECIPE)
GROUPS = ["s"] * 60


def build(classes: int = 3):
    method = find_method("joint-svm")
    return method.build(Task.of(classes, RECIPE), method.preset("paper"), mirror=MIRROR)


def flows(classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """60 clips (60, 3, 8, 8); the height of a vertical movement on the left is the class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(60) % classes
    inputs = rng.normal(0, 0.5, (60, 3, 8, 8)).astype(np.float32)
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
    with pytest.raises(MerlabError, match="2 classes, but all 60 are of class 1"):
        build().fit(flows()[0], np.ones(60, np.int64), GROUPS, 0)


def test_an_input_that_cannot_be_mirrored_is_refused_with_the_remedy():
    method = find_method("joint-svm")
    with pytest.raises(MerlabError, match="needs an input that can be mirrored, such as flow:channels=uvs"):
        method.build(Task.of(3, RECIPE), method.preset("paper"), mirror=None)
