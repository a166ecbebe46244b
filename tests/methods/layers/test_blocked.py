"""Layers in oneDNN's format give what the same layers give one by one."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from merlab.methods.layers.blocked import BlockedSequential
from merlab.methods.ststnet import STSTNet
from merlab.methods.task import Task
from merlab.training.loop import Loop
from merlab.training.settings import TrainingSettings
from merlab.training.steps import in_memory_format, seeded

CPU = torch.device("cpu")
INPUTS = torch.rand(24, 3, 28, 28, generator=torch.Generator().manual_seed(0))


def layers() -> list[nn.Module]:
    with seeded(0, CPU):
        return [
            *(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True), nn.BatchNorm2d(8), nn.MaxPool2d(3, padding=1)),
            *(nn.Conv2d(8, 5, 3, bias=False), nn.BatchNorm2d(5), nn.ReLU(inplace=True), nn.AvgPool2d(2)),
            *(nn.Flatten(), nn.Linear(80, 3)),
        ]


def learned(module: nn.Module, inputs: Tensor) -> list[Tensor]:
    """Outputs, gradients and running statistics after one step forward and back."""
    outputs = module(inputs)
    outputs.square().sum().backward()
    return [outputs.detach(), *(parameter.grad for parameter in module.parameters()), *module.buffers()]


def test_outputs_gradients_and_statistics_are_those_in_double_precision():
    expected = learned(nn.Sequential(*layers()).double(), INPUTS.double())
    found = learned(BlockedSequential(*layers()), INPUTS)
    for value, right in zip(found, map(Tensor.double, expected), strict=True):
        assert torch.allclose(value.double(), right, rtol=1e-3, atol=1e-5 + 1e-4 * float(right.abs().max()))


def test_inputs_get_their_gradient_in_any_memory_order():
    expected = INPUTS.double().requires_grad_()
    nn.Sequential(*layers()).double()(expected).square().sum().backward()
    inputs = INPUTS.contiguous(memory_format=torch.channels_last).requires_grad_()
    BlockedSequential(*layers())(inputs).square().sum().backward()
    assert inputs.grad is not None
    assert expected.grad is not None
    assert torch.allclose(inputs.grad.double(), expected.grad, atol=1e-3 * float(expected.grad.abs().max()))


def test_evaluation_and_names_are_those_of_sequential():
    plain, blocked = nn.Sequential(*layers()).eval(), BlockedSequential(*layers()).eval()
    assert list(plain.state_dict()) == list(blocked.state_dict())
    assert torch.equal(plain(INPUTS), blocked(INPUTS))


def test_a_training_has_the_losses_of_the_layers_one_by_one():
    """The same random numbers reach the same values; after 20 steps the losses differ by rounding, below 0.1 %."""
    settings = TrainingSettings(epochs=10, batch_size=12, learning_rate=1e-3)
    with seeded(0, CPU):
        blocked = STSTNet(Task(3, 3, 28, 28))
    plain = copy.deepcopy(blocked)
    plain.streams = nn.Sequential(*plain.streams)  # type: ignore[assignment]
    losses = []
    for module in (plain, blocked):
        in_memory_format(module, channels_last=True)
        loop = Loop(module, INPUTS, torch.arange(24) % 3, classes=3, settings=settings)
        with seeded(1, CPU):
            losses.append([loop.epoch() for _ in range(10)])
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
