"""Baselines, which every method must exceed."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from merlab.errors import MerlabError
from merlab.frames import read_image
from merlab.methods import find_method
from merlab.methods.method import Task

RELEASED_FLOW = Path(__file__).resolve().parents[3] / "shared" / "data" / "ststnet_flow"
TASK = Task(classes=3, channels=1, height=4, width=4)


def build(name: str, task: Task = TASK):
    method = find_method(name)
    return method.build(task, method.preset("paper"))


def blobs(clips: int = 60) -> tuple[np.ndarray, np.ndarray, list[str]]:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, clips)
    inputs = generator.random((clips, 1, 4, 4)).astype(np.float32)
    inputs[np.arange(clips), 0, labels] += 2
    return inputs, labels, ["s"] * clips


def test_constant_predicts_the_majority_class_with_the_class_shares():
    baseline = build("constant")
    baseline.fit(np.zeros((5, 1, 4, 4), np.float32), np.array([2, 0, 2, 2, 0]), ["s"] * 5, seed=0)
    assert baseline.predict_proba(np.zeros((2, 1, 4, 4), np.float32)) == pytest.approx(np.array([[0.4, 0, 0.6]] * 2))


def test_random_predicts_every_class_equally_often_for_any_training_fold():
    baseline = build("random")
    baseline.fit(np.zeros((4, 1, 4, 4), np.float32), np.zeros(4, np.int64), ["s"] * 4, seed=0)
    probabilities = baseline.predict_proba(np.zeros((3000, 1, 4, 4), np.float32))
    shares = np.bincount(probabilities.argmax(axis=1), minlength=3) / 3000
    assert shares == pytest.approx(np.full(3, 1 / 3), abs=0.04)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(3000))


def test_random_repeats_with_the_same_seed_and_differs_between_seeds_and_folds():
    inputs, labels, groups = blobs()

    def samples(seed: int, clips: np.ndarray) -> np.ndarray:
        baseline = build("random")
        baseline.fit(inputs, labels, groups, seed)
        return np.asarray(baseline.predict_proba(clips))

    assert np.array_equal(samples(1, inputs[:9]), samples(1, inputs[:9]))
    assert not np.array_equal(samples(1, inputs[:9]), samples(2, inputs[:9]))
    assert not np.array_equal(samples(1, inputs[:9]), samples(1, inputs[9:18]))


def test_the_svm_learns_and_does_not_depend_on_the_seed():
    inputs, labels, groups = blobs()
    first, second = build("linear-svm"), build("linear-svm")
    first.fit(inputs, labels, groups, seed=1)
    second.fit(inputs, labels, groups, seed=2)
    assert (first.predict_proba(inputs).argmax(axis=1) == labels).mean() > 0.9
    assert np.array_equal(first.predict_proba(inputs), second.predict_proba(inputs))


@pytest.mark.parametrize("absent", [0, 1, 2])
def test_the_svm_gives_a_class_without_training_clips_probability_zero(absent):
    inputs, labels, groups = blobs()
    seen = labels != absent
    baseline = build("linear-svm")
    baseline.fit(inputs[seen], labels[seen], groups[: seen.sum()], seed=0)
    probabilities = baseline.predict_proba(inputs[seen])
    assert (probabilities[:, absent] == 0).all()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(seen.sum()))
    assert (probabilities.argmax(axis=1) == labels[seen]).mean() > 0.9


def test_the_svm_refuses_training_clips_of_one_class():
    with pytest.raises(MerlabError, match="two classes or more, but all 4 are of one class; evaluate on more clips"):
        build("linear-svm").fit(np.zeros((4, 1, 4, 4), np.float32), np.ones(4, np.int64), ["s"] * 4, seed=0)


@pytest.mark.slow
@pytest.mark.skipif(not RELEASED_FLOW.exists(), reason="the released STSTNet flow is not on this machine")
def test_the_svm_reaches_its_known_score_on_the_released_flow():
    # LOSO over the 40 subjects of CASME II and SMIC, pooled; computed with scikit-learn only, without merlab.
    files = sorted(RELEASED_FLOW.glob("*/u_test/*/*.png"))
    inputs = np.stack([read_image(file)[..., ::-1].transpose(2, 0, 1) for file in files]).astype(np.float32) / 255
    labels = np.array([int(file.parent.name) for file in files])
    subjects = np.array([file.parts[-4] for file in files])
    predicted = np.empty_like(labels)
    for subject in np.unique(subjects):
        test = subjects == subject
        baseline = build("linear-svm", Task(3, 3, 28, 28))
        baseline.fit(inputs[~test], labels[~test], list(subjects[~test]), seed=0)
        predicted[test] = baseline.predict_proba(inputs[test]).argmax(axis=1)
    assert f1_score(labels, predicted, average="macro") == pytest.approx(0.7251, abs=0.005)
    assert recall_score(labels, predicted, average="macro") == pytest.approx(0.7354, abs=0.005)
