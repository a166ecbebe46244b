import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.methods import find_method
from merlab.methods.da_dictionary import Dictionaries, DomainAdaptiveDictionary, Domains
from merlab.methods.joint_svm import balanced
from merlab.methods.method import Task
from tests.helpers import entry_of

LABELS = np.repeat([0, 1, 2], 10)
TASK = Task(3, 20, 1, 1)
GROUPS = ["s"] * len(LABELS)


def clips(shift=0.0, seed=0, spread=0.3):
    """30 vectors of 20 numbers around the mean of their class, all moved by ``shift`` from class 0 to class 1."""
    random = np.random.default_rng(seed)
    means = np.random.default_rng(9).normal(size=(3, 20))
    values = means[LABELS] + spread * random.normal(size=(30, 20))
    values += shift * (means[1] - means[0])
    return values.astype(np.float32)[..., None, None]


def domains(shift):
    source, target = (clips(seed=0)[..., 0, 0], clips(shift, seed=1)[..., 0, 0])
    return Domains(np.concatenate([source, target]).T.astype(float), np.eye(3)[LABELS].T - 1 / 3, balanced(LABELS))


def test_each_round_lowers_the_objective():
    given = domains(shift=2)
    learned = Dictionaries.starting(given, 8)
    reached = [learned.objective(given)]
    for _ in range(8):
        learned = learned.improved(given)
        reached.append(learned.objective(given))
    assert (np.diff(reached) <= 1e-9 * reached[0]).all()


def test_the_discrepancy_is_zero_for_equal_domains_and_without_a_target():
    source = clips()[..., 0, 0].T.astype(float)
    equal = Domains(np.concatenate([source, source], axis=1), np.eye(3)[LABELS].T, balanced(LABELS))
    alone = Domains(source, np.eye(3)[LABELS].T, balanced(LABELS))
    for given in (equal, alone):
        assert Dictionaries.starting(given, 8).discrepancy(given) == pytest.approx(0, abs=1e-20)


def test_learning_moves_a_shifted_domain_towards_the_source():
    given = domains(shift=3)
    start = Dictionaries.starting(given, 8)
    learned = start
    for _ in range(10):
        learned = learned.improved(given)
    assert learned.discrepancy(given) < 0.05 * start.discrepancy(given)


def test_da_dictionary_recognizes_a_shifted_database_better_with_its_unlabeled_clips():
    def accuracy(unlabeled):
        classifier = DomainAdaptiveDictionary(TASK)
        classifier.fit(clips(spread=0.5), LABELS, GROUPS, 0, unlabeled=unlabeled)
        return np.mean(classifier.predict_proba(clips(1, seed=1, spread=0.5)).argmax(axis=1) == LABELS)

    alone, adapted = accuracy(None), accuracy(clips(1, seed=2, spread=0.5))
    assert adapted > alone + 0.2
    assert adapted > 0.6


def test_probabilities_sum_to_1_and_a_class_without_training_clips_gets_0():
    classifier = find_method("da-dictionary").build(Task(4, 20, 1, 1), entry_of("da-dictionary", "paper").preset)
    classifier.fit(clips(), LABELS, GROUPS, 0)
    probabilities = classifier.predict_proba(clips(seed=1))
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(30))
    assert not probabilities[:, 3].any()
    assert (probabilities.argmax(axis=1) == LABELS).all()


def test_a_single_class_is_refused():
    with pytest.raises(MerlabError, match="training needs clips of two classes or more"):
        DomainAdaptiveDictionary(TASK).fit(clips(), np.zeros(30, np.int64), GROUPS, 0)
