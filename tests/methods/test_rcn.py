"""RCN against the size and cost of its released code, and its modules without parameters against the definition."""

import pytest
import torch
from torch import nn

from merlab.inference.cost import macs, parameters
from merlab.methods import find_method
from merlab.methods.method import Task
from merlab.methods.rcn import RecurrentUnit, ShortcutUnit, attention_of
from merlab.training.schedules import learning_rate

NAMES = ["rcn-a", "rcn-s", "rcn-w", "rcn-f"]


def build(name: str, task: Task, preset: str = "paper") -> nn.Module:
    method = find_method(name)
    return method.module(task, method.preset(preset)).eval()


def test_rcn_f_has_the_size_and_cost_of_the_released_code():
    # Counted on the public code at 5 classes, 64 maps, 7 x 7: 0.059 M parameters, 0.047 G at 60 x 60 pixels.
    network = build("rcn-f", Task(5, 3, 60, 60))
    assert parameters(network) / 1e6 == pytest.approx(0.059, abs=0.0005)
    assert macs(network, 3, 60, 60) / 1e9 == pytest.approx(0.047, abs=0.0005)


@pytest.mark.parametrize("name", NAMES)
def test_the_learning_rate_is_constant_as_in_the_released_loop_which_takes_no_step_of_its_schedule(name):
    training = find_method(name).preset("paper").training
    assert training is not None
    assert [learning_rate(training, done) for done in (0, 10, 50, 99)] == [5e-4] * 4


@pytest.mark.parametrize(("plain", "extended"), [("rcn-a", "rcn-s"), ("rcn-w", "rcn-f")])
def test_shortcuts_and_attention_have_no_parameters(plain, extended):
    assert parameters(build(plain, Task(3, 3, 28, 28))) == parameters(build(extended, Task(3, 3, 28, 28)))


@pytest.mark.parametrize("side", [28, 45, 60])
@pytest.mark.parametrize("name", NAMES)
def test_any_size_gives_one_logit_per_class_and_every_parameter_learns(name, side):
    network = build(name, Task(5, 3, side, 28), "reduced").train()
    logits = network(torch.rand(3, 3, side, 28))
    assert logits.shape == (3, 5)
    logits.square().sum().backward()
    assert [label for label, value in network.named_parameters() if value.grad is None] == []


class AddOne(nn.Module):
    def forward(self, state):
        return state + 1


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        # x = 1 gives the first state y = 2. Two steps get x and the state: 1 + 2 + 1 = 4, then 1 + 4 + 1.
        (RecurrentUnit(1), 6.0),
        # Three steps get x and all states: 3 + 1 = 4, then 3 + 4 + 1 = 8, then 3 + 4 + 8 + 1.
        (ShortcutUnit(1), 16.0),
    ],
)
def test_a_step_gets_the_input_and_the_last_state_or_all_states(unit, expected):
    unit.enter = unit.step = AddOne()
    assert float(unit(torch.ones(1, 1, 1, 1), torch.ones(()))) == expected


def test_attention_is_the_mean_of_the_scaled_activation_maps_of_all_classes():
    features = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    weights = torch.tensor([[1.0, 1.0, 1.0], [4.0, 2.0, 0.0]])  # maps 1, 2, 3 and 4, 4, 0
    # Scaled to [0, 1]: 0, 1/2, 1 and 1, 1, 0.
    assert torch.allclose(attention_of(weights, features), torch.tensor([[[[0.5, 0.75, 0.5]]]]))


def test_attention_of_a_constant_map_does_not_divide_by_zero():
    assert torch.equal(attention_of(torch.ones(2, 4), torch.ones(1, 1, 2, 2)), torch.zeros(1, 1, 2, 2))
