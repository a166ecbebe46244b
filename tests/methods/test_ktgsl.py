import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.methods import find_method
from merlab.methods.ktgsl import ChiSquaredKernel, Problem, solve
from merlab.methods.method import Task
from tests.helpers import entry_of

LABELS = np.repeat([0, 1, 2], 12)


def vectors(informative_texture=(), informative_motion=(), blocks=6, seed=0):
    """Vectors of ``lbp-top-hoof`` whose histograms depend on the class in some blocks only."""
    random = np.random.default_rng(seed)
    texture = random.dirichlet(np.full(177, 5), (len(LABELS), blocks))
    motion = random.dirichlet(np.full(8, 5), (len(LABELS), blocks)) / blocks
    for block in informative_texture:
        texture[np.arange(len(LABELS)), block, LABELS] += 0.3
    for block in informative_motion:
        motion[np.arange(len(LABELS)), block, LABELS] += 0.3
    return np.concatenate([texture.reshape(36, -1), motion.reshape(36, -1)], axis=1).astype(np.float32)[..., None, None]


def fitted(inputs, classes=3):
    classifier = find_method("ktgsl").build(Task(classes, inputs.shape[1], 1, 1), entry_of("ktgsl", "paper").preset)
    classifier.fit(inputs, LABELS, ["s"] * len(LABELS), 0)
    return classifier


@pytest.mark.parametrize(("texture", "motion"), [((2,), ()), ((), (4,)), ((1,), (5,))])
def test_ktgsl_gives_weight_only_to_the_blocks_that_are_informative(texture, motion):
    classifier = fitted(vectors(texture, motion))
    weights = classifier.solution.weights
    informative = [*texture, *(6 + block for block in motion)]
    rest = np.delete(weights, informative)
    assert weights.min() >= 0
    assert weights[informative].sum() > 20 * rest.sum()
    assert (rest == 0).sum() >= 8


def test_it_recognizes_new_clips_and_a_class_without_training_clips_gets_0():
    classifier = fitted(vectors((1,), (5,)), classes=4)
    probabilities = classifier.predict_proba(vectors((1,), (5,), seed=1))
    assert (probabilities.argmax(axis=1) == LABELS).all()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(36))
    assert not probabilities[:, 3].any()


def test_each_step_lowers_the_objective_and_a_large_penalty_removes_its_group():
    parts = vectors((1,), (5,))[..., 0, 0].astype(np.float64)
    kernels = np.stack([ChiSquaredKernel(parts[:, 177:354]).of_training, ChiSquaredKernel(parts[:, -8:]).of_training])
    targets = np.eye(3)[LABELS] - 1 / 3
    free = solve(Problem(kernels, targets, np.ones(36), np.array([0.1, 0.1])))
    assert (np.diff(free.objectives) <= 1e-9).all()
    assert free.weights[1] > 0
    without_motion = solve(Problem(kernels, targets, np.ones(36), np.array([0.1, 1e4])))
    assert without_motion.weights[0] > 0
    assert without_motion.weights[1] == 0


def test_the_kernel_of_training_clips_is_centered_and_repeats_for_the_same_clips():
    histograms = np.random.default_rng(0).dirichlet(np.ones(8), 10)
    kernel = ChiSquaredKernel(histograms)
    assert kernel.of_training.mean(axis=0) == pytest.approx(np.zeros(10), abs=1e-12)
    assert kernel(histograms) == pytest.approx(kernel.of_training)


def test_vectors_of_another_input_and_a_single_class_are_refused():
    preset = entry_of("ktgsl", "paper").preset
    with pytest.raises(MerlabError, match="takes vectors of the input lbp-top-hoof, and got 72 numbers"):
        find_method("ktgsl").build(Task(3, 72, 1, 1), preset)
    classifier = find_method("ktgsl").build(Task(3, 185, 1, 1), preset)
    with pytest.raises(MerlabError, match="training needs clips of two classes or more"):
        classifier.fit(np.zeros((3, 185, 1, 1), np.float32), np.zeros(3, np.int64), ["s"] * 3, 0)
