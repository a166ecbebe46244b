"""A method that draws from the global generators gives the same numbers for the same seed and fold."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest
import torch

from merlab.evaluation.engines import LocalEngine
from merlab.evaluation.experiment import run_plan
from merlab.evaluation.random_state import global_random_state
from tests.helpers import flow_plan, write_flow_tree


def drawn():
    return [random.random(), float(np.random.rand()), float(torch.rand(1))]  # noqa: NPY002 - what users write


def test_inside_numbers_follow_from_seed_and_fold_alone():
    def inside(seed, fold):
        with global_random_state(seed, fold):
            return drawn()

    assert inside(0, "lab/anna") == inside(0, "lab/anna")
    different = [inside(0, "lab/anna"), inside(1, "lab/anna"), inside(0, "lab/bob")]
    assert len({number for numbers in different for number in numbers}) == 9


def test_afterwards_the_generators_go_on_as_if_nothing_had_been_drawn():
    with global_random_state(0, "set"):
        before = drawn()
    with global_random_state(0, "set"):
        with global_random_state(5, "other"):
            drawn()
        assert drawn() == before


class Guessing:
    """Draws when it is made, fitted and asked, from all three global generators."""

    def __init__(self, task):
        self.classes, self.first = task.classes, random.random()

    def fit(self, inputs, labels):
        self.second = float(torch.rand(1))

    def predict_proba(self, inputs):
        values = np.random.rand(len(inputs), self.classes) + self.first + self.second  # noqa: NPY002
        return values / values.sum(axis=1, keepdims=True)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_order_of_work_and_the_number_of_processes_do_not_matter(tmp_path, jobs):
    root = write_flow_tree(tmp_path / "flow")

    def predictions(name, jobs):
        plan = flow_plan(root, [Guessing])
        table = run_plan(plan, tmp_path / name, cache=tmp_path / "cache", engine=LocalEngine(jobs))[1]
        return table.drop(columns="run")

    first = predictions("first", 1)
    drawn()
    pd.testing.assert_frame_equal(first, predictions("second", jobs))
    assert first.groupby("fold")["p_negative"].first().nunique() == first["fold"].nunique()
