"""What a full reproduction will cost."""

from __future__ import annotations

import pytest
import torch

from merlab.evaluation.engines import LocalEngine
from merlab.methods import Method
from merlab.reproduction import Bench, expected_cost
from merlab.reproduction.expected_cost import ExpectedCost, expected_costs
from tests.helpers import flow_plan, write_flow_tree

# By hand, OFF-ApexNet on 2 x 28 x 28 and 3 classes: two streams of two convolutions, then three linear layers.
STREAM = 28 * 28 * 6 * 25 + 14 * 14 * 16 * 6 * 25
OFF_APEXNET = 2 * STREAM + 1568 * 1024 + 1024 * 1024 + 1024 * 3


@pytest.fixture
def bench(tmp_path):
    root = write_flow_tree(tmp_path / "flow")
    heard: list[str] = []
    made = Bench(
        tmp_path / "out",
        database="ststnet-flow",
        root=root,
        full=True,
        epochs=2,
        seeds=2,
        engine=LocalEngine(1),
        cache=tmp_path / "cache",
        announce=heard.append,
    )
    return made, heard


def test_it_is_three_forward_passes_of_all_training_clips_in_all_epochs_folds_and_seeds(bench):
    bench, _ = bench
    plan = bench._study([bench.setup("constant"), bench.setup("off-apexnet")]).plan()
    trained_clips = sum(len(split.train) for split in plan.splits)
    assert expected_costs(plan) == [ExpectedCost("off-apexnet", 3 * OFF_APEXNET * trained_clips * 2 * 2)]


def test_steps_count_instead_of_clips_and_a_pipeline_that_trains_networks_is_not_counted(bench):
    bench, _ = bench
    setups = [bench.setup("off-apexnet", {"steps": 5, "batch_size": 4}), bench.setup("madtn")]
    plan = bench._study(setups).plan()
    drawn = 5 * 4 * len(plan.splits)
    expected = [ExpectedCost("off-apexnet", 3 * OFF_APEXNET * drawn * 2 * 2), ExpectedCost("madtn", None)]
    assert expected_costs(plan) == expected


def test_a_network_of_your_own_that_needs_the_values_of_its_tensors_is_not_counted(tmp_path):
    def network(task):
        rates = [rate.item() for rate in torch.linspace(0, 0.1, 3)]
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(rates[-1]), torch.nn.LazyLinear(task.classes))

    plan = flow_plan(write_flow_tree(tmp_path / "flow"), [Method("mine", network=network)])
    assert expected_costs(plan) == [ExpectedCost("mine", None)]


def test_the_cost_is_stated_in_days_or_hours_and_names_what_is_not_counted(tmp_path, monkeypatch):
    """Two cores make 2e10 multiply-accumulates a second."""
    day = 2e10 * 24 * 60 * 60
    costs = {"a": 1234 * day, "b": 2 * day, "c": 1.5 * day, "d": day / 24, "e": day / 25, "mine": None}
    listed = [ExpectedCost(name, macs) for name, macs in costs.items()]
    monkeypatch.setattr(expected_cost, "expected_costs", lambda plan: listed)
    plan = flow_plan(write_flow_tree(tmp_path / "flow", ("sub01", "sub02"), each=1), ["constant"])
    assert expected_cost.expected_cost_text(plan).startswith(
        "Published settings: expect 1,238 days of training on two CPU cores (a 1,234 days, b 2 days, c 36 hours, d 1 "
        "hour, e less than an hour; not counted: mine), by the number"
    )
    listed.clear()
    assert expected_cost.expected_cost_text(plan) == ""


@pytest.mark.slow
def test_a_full_reproduction_announces_its_cost_before_it_starts(bench):
    bench, heard = bench
    bench.measure([bench.setup("linear-svm"), bench.setup("off-apexnet")])
    assert heard == [
        "Published settings: expect less than an hour of training on two CPU cores (off-apexnet less than an hour), by "
        "the number of multiply-accumulates. A GPU is used if there is one. You can stop it at any moment; the same "
        "command resumes it."
    ]
