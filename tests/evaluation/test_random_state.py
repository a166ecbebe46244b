"""A method that draws from the global generators gives the same numbers for the same seed and fold."""

from __future__ import annotations

import pickle
import random
import tempfile
import threading
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.utils import check_random_state

from merlab.evaluation.engines import LocalEngine
from merlab.evaluation.experiment import run_plan
from merlab.evaluation.random_state import global_random_state
from merlab.evaluation.unit import Fit, Worker
from tests.evaluation.guessing import Guessing
from tests.helpers import flow_plan, write_flow_tree


def drawn():
    return [random.random(), float(np.random.rand()), float(torch.rand(1))]  # noqa: NPY002 - what users write


def test_inside_numbers_follow_from_seed_and_fold_alone():
    def inside(seed, fold):
        with global_random_state(seed, fold, ""):
            return drawn()

    assert inside(0, "lab/anna") == inside(0, "lab/anna")
    different = [inside(0, "lab/anna"), inside(1, "lab/anna"), inside(0, "lab/bob")]
    assert len({number for numbers in different for number in numbers}) == 9


def test_afterwards_the_generators_go_on_as_if_nothing_had_been_drawn():
    with global_random_state(0, "set", ""):
        before = drawn()
    with global_random_state(0, "set", ""):
        with global_random_state(5, "other", ""):
            drawn()
        assert drawn() == before


def test_a_unit_of_work_of_a_method_of_your_own_draws_the_same_numbers_again(tmp_path):
    root = write_flow_tree(tmp_path / "flow", ("sub01", "s03"), each=1)
    worker = Worker(flow_plan(root, [Guessing]), tmp_path / "cache")
    first, other = (worker.run(Fit(0, split, 0, "key"))["p_negative"].tolist() for split in (0, 1))
    assert worker.run(Fit(0, 0, 0, "key"))["p_negative"].tolist() == first != other
    assert worker.run(Fit(0, 0, 1, "key"))["p_negative"].tolist() != first


@pytest.mark.parametrize(
    "draw",
    [
        lambda: np.random.default_rng().random(),
        lambda: np.random.default_rng(seed=None).random(),
        lambda: np.random.RandomState().rand(),
        lambda: np.random.seed(None),  # noqa: NPY002 - it undoes the state that follows from the seed
        lambda: random.Random().random(),
        lambda: random.seed(None),
        lambda: random.Random(0).seed(),
        lambda: [random.Random().random(), random.Random(0).random()],
    ],
)
def test_a_generator_without_a_seed_is_told_with_its_line(draw):
    watched = (np.random, "default_rng"), (np.random, "RandomState"), (np.random, "seed"), (random, "seed")
    before = [random.Random.seed, *(getattr(*each) for each in watched)]
    with pytest.warns(UserWarning, match=r"method mine makes .* without a seed \(.*test_random_state\.py, line \d+\)"):
        inside(draw)
    assert [random.Random.seed, *(getattr(*each) for each in watched)] == before


def test_what_draws_from_the_global_generators_gives_the_same_numbers_and_is_not_told():
    """So do estimators of scikit-learn without a random_state, and layers of torch."""
    inputs, labels = np.random.default_rng(0).random((30, 4)), [0, 1, 2] * 10

    def numbers():
        forest = RandomForestClassifier(3).fit(inputs, labels)
        return [*drawn(), *forest.predict_proba(inputs).ravel(), *torch.nn.Linear(2, 2).weight.ravel().tolist()]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, again = [], []
        inside(lambda: first.extend(numbers()))
        inside(lambda: again.extend(numbers()))
    assert first == again


class Unseeded(Guessing):
    def fit(self, inputs, labels):
        self.second = np.random.default_rng().random()


def test_a_unit_of_work_of_a_method_with_a_generator_without_a_seed_is_told(tmp_path):
    worker = Worker(flow_plan(write_flow_tree(tmp_path / "flow", ("sub01", "s03"), each=1), [Unseeded]), None)
    with pytest.warns(UserWarning, match="method unseeded makes a generator of random numbers without a seed"):
        worker.run(Fit(0, 0, 0, "key"))


@pytest.mark.parametrize(
    "draw",
    [
        lambda: np.random.default_rng(0).random(),
        lambda: np.random.RandomState(0).rand(),
        lambda: random.Random(0).random(),
        lambda: random.Random(x=0).random(),
        lambda: random.Random().seed(0),
        lambda: random.Random().setstate(random.Random(0).getstate()),
        lambda: pickle.loads(pickle.dumps(random.Random(0))),
        lambda: check_random_state(np.random.RandomState(0)),
        tempfile.mkdtemp,
        # As a library does for what is no result.
        lambda: eval(compile("np.random.default_rng()", pytest.__file__, "eval"), {"np": np}),
        lambda: in_another_thread(unseeded),
    ],
)
def test_others_are_not_told(draw):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inside(draw)


def test_the_type_of_generators_of_numpy_stays_usable_as_a_type():
    """A library that is imported by a method may derive from it, or read its functions."""
    made: list[Any] = []

    def derive():
        class Own(np.random.RandomState):
            pass

        made.extend([Own(0), np.random.RandomState(0), Own, np.random.RandomState.rand])
        assert pickle.loads(pickle.dumps(np.random.RandomState)) is np.random.RandomState

    inside(derive)
    own, plain, kind, rand = made
    assert (type(own), type(plain)) == (kind, np.random.RandomState)
    assert [isinstance(each, kind) for each in (own, plain)] == [True, False]
    assert isinstance(own, np.random.RandomState)
    assert rand(own) == rand(plain) == np.random.RandomState(0).rand()


def unseeded():
    return [np.random.default_rng().random() for _ in range(2)]


def inside(draw):
    with global_random_state(0, "set", "method mine"):
        draw()


def in_another_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.slow
def test_what_was_drawn_before_does_not_matter(tmp_path):
    """Nor does the number of processes: ``test_runner.py``."""
    root = write_flow_tree(tmp_path / "flow")

    def predictions(name):
        plan = flow_plan(root, [Guessing])
        table = run_plan(plan, tmp_path / name, cache=tmp_path / "cache", engine=LocalEngine(1))[1]
        return table.drop(columns="run")

    first = predictions("first")
    drawn()
    pd.testing.assert_frame_equal(first, predictions("second"))
    assert first.groupby("fold")["p_negative"].first().nunique() == first["fold"].nunique()
