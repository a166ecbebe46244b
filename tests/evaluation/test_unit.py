"""A unit of work gets the inputs of its own method, mirrors them as their kind states, and reports its epochs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from merlab.evaluation.unit import Fit, Worker
from merlab.inputs import parse_recipe
from merlab.methods.method import Method
from tests.helpers import flow_plan, write_flow_tree

FIRST = Fit(0, 0, 0, "key")


@pytest.fixture
def root(tmp_path):
    return write_flow_tree(tmp_path / "flow", ("sub01", "sub02"), each=1)


def test_each_recipe_has_its_own_inputs_and_those_of_the_last_one_are_kept(root):
    worker = Worker(flow_plan(root, ["constant"]), None)
    reported: list[str] = []
    whole = worker.inputs(parse_recipe("flow"), lambda done, total, what: reported.append(f"{done}/{total}"))
    components = worker.inputs(parse_recipe("flow:channels=uv"))
    assert worker.inputs(parse_recipe("flow:channels=uv")) is components
    np.testing.assert_array_equal(components, whole[:, :2])
    np.testing.assert_array_equal(worker.inputs(parse_recipe("flow")), whole)
    assert reported[-1] == "6/6"


def test_each_recipe_has_its_own_synthetic_clips_and_those_of_the_last_one_are_kept(root):
    plan = flow_plan(root, ["constant"])
    flow: Any = SimpleNamespace(clips_as=lambda recipe, scheme: [str(recipe), scheme.name])
    whole, components = (
        replace(plan.entries[0], synthetic=flow, recipe=parse_recipe(recipe)) for recipe in ("flow", "flow:channels=uv")
    )
    worker: Any = Worker(plan, None)
    assert worker.synthetic(plan.entries[0]) is None
    assert worker.synthetic(whole) == [str(whole.recipe), "megc2019"]
    kept = worker.synthetic(components)
    assert kept == [str(components.recipe), "megc2019"]
    assert worker.synthetic(components) is kept


def test_a_network_reports_each_of_its_epochs(root):
    reported = []
    worker = Worker(flow_plan(root, ["ststnet"], training={"epochs": 2}), None)
    worker.run(FIRST, lambda epoch, of, loss: reported.append((epoch, of)))
    assert reported == [(1, 2), (2, 2)]


@pytest.mark.filterwarnings("ignore:method mine changed")
def test_a_method_gets_the_mirror_of_its_input(root):
    """Flow to the right becomes flow to the left, on the other side; stored flow has 0 in the middle of 0..1."""
    given = []

    class Mirroring:
        def __init__(self, task, *, mirror):
            given.append(mirror)

        def fit(self, inputs, labels, groups, seed):
            pass

        def predict_proba(self, inputs):
            return np.full((len(inputs), 3), 1 / 3)

    Worker(flow_plan(root, [Method("mine", pipeline=Mirroring)], input="flow:channels=uv"), None).run(FIRST)
    flow = torch.tensor([[[[0.25, 0.5]], [[0.0, 1.0]]]])
    assert given[0](flow).tolist() == [[[[0.5, 0.75]], [[1.0, 0.0]]]]


@pytest.mark.filterwarnings("ignore:method mine changed")
def test_a_method_is_fitted_with_the_seed_of_the_unit(root):
    given = []

    class Seeded:
        def __init__(self, task):
            pass

        def fit(self, inputs, labels, groups, seed):
            given.append(seed)

        def predict_proba(self, inputs):
            return np.full((len(inputs), 3), 1 / 3)

    worker = Worker(flow_plan(root, [Method("mine", pipeline=Seeded)]), None)
    for seed in (0, 7):
        worker.run(replace(FIRST, seed=seed))
    assert given == [0, 7]


LOADED_INSIDE = """
from merlab.evaluation.unit import _one_thread
from threadpoolctl import threadpool_info
with _one_thread():
    import scipy.optimize, sklearn.svm
    print({each["num_threads"] for each in threadpool_info()})
"""


@pytest.mark.slow
def test_what_the_first_unit_of_a_process_imports_has_one_thread_as_in_the_next():
    """Else, the last digits would depend on which unit a process begins with, and so on the number of processes."""
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2")
    ended = subprocess.run([sys.executable, "-c", LOADED_INSIDE], env=environment, capture_output=True, check=True)
    assert ended.stdout.split() == [b"{1}"]
