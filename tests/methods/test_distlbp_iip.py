import numpy as np
import pytest
from sklearn.svm import LinearSVC

from merlab.errors import MerlabError
from merlab.methods import find_method
from merlab.methods.distlbp_iip import DiscriminativeSvm, PairMachine, group_starts, kept_groups, laplacian_scores
from merlab.methods.method import Task
from tests.helpers import entry_of

RANDOM = np.random.default_rng(0)


def test_a_group_scores_the_share_of_its_scatter_inside_the_classes():
    labels = np.array([0, 0, 1, 1])
    # The first group is the class; the second has equal means, one value of variance 1; the third does not vary.
    # The fourth is 0, 2 | 2, 4: a scatter of 8 in all, of 2 + 2 inside the classes.
    features = np.array([[0, 5, 1, 7, 0], [0, 5, -1, 7, 2], [3, 6, 1, 7, 2], [3, 6, -1, 7, 4]], float)
    starts = np.array([0, 2, 3, 4])
    assert laplacian_scores(features, labels, starts).tolist() == [0, 1, 1, 0.5]


def test_a_pair_keeps_the_groups_that_tell_its_classes_apart():
    labels = np.repeat([0, 1], 20)
    features = RANDOM.normal(size=(40, 30))
    features[labels == 1, 6:9] += 3
    machine = PairMachine.fitted(features, labels, np.arange(0, 30, 3))
    assert kept_groups(10) == 2
    assert machine.columns.sum() == 6
    assert machine.columns[6:9].all()
    assert ((machine.margins(features) < 0) == labels).all()


def test_its_machine_does_not_depend_on_the_version_of_scikit_learn(monkeypatch):
    """Before 1.5, the default was the dual problem."""
    monkeypatch.setitem(LinearSVC.__init__.__kwdefaults__, "dual", True)
    labels = np.repeat([0, 1], 4)
    assert PairMachine.fitted(RANDOM.normal(size=(8, 4)), labels, np.array([0, 2])).machine.dual == "auto"


def test_distlbp_iip_selects_other_groups_for_each_pair_of_classes():
    entry = entry_of("distlbp-iip", "paper")
    task = Task.of(3, entry.recipe)
    assert task.channels == 25 * 630
    assert len(group_starts(task.channels)) == 100
    classifier = DiscriminativeSvm(task)
    labels = np.repeat([0, 1, 2], 8)
    inputs = RANDOM.uniform(0, 0.02, (24, task.channels, 1, 1)).astype(np.float32)
    inputs[labels == 1, :256] += 0.5
    inputs[labels == 2, -59:] += 0.5
    classifier.fit(inputs, labels, ["s"] * 24, 0)
    assert classifier.predict_proba(inputs).argmax(axis=1).tolist() == labels.tolist()
    # The pairs are (0, 1), (0, 2), (1, 2): the first group is needed for class 1, the last for class 2.
    assert classifier.machines[0].columns[0]
    assert classifier.machines[1].columns[-1]
    assert classifier.machines[2].columns[[0, -1]].all()


def test_vectors_of_another_input_and_a_single_class_are_refused():
    with pytest.raises(MerlabError, match="takes vectors of the input stlbp-iip, and got 72 numbers"):
        find_method("distlbp-iip").build(Task(3, 72, 1, 1), entry_of("distlbp-iip", "paper").preset)
    classifier = find_method("distlbp-iip").build(Task(3, 630, 1, 1), entry_of("distlbp-iip", "paper").preset)
    with pytest.raises(MerlabError, match="training needs clips of two classes or more"):
        classifier.fit(np.zeros((3, 630, 1, 1), np.float32), np.zeros(3, np.int64), ["s"] * 3, 0)
