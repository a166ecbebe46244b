"""Layers in oneDNN's format give what the same layers give one by one."""

from __future__ import annotations

import copy
import platform

import pytest
import torch
from torch import Tensor, nn

from merlab.methods.layers import blocked, opaque
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
            *(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(inplace=True), nn.BatchNorm2d(16), nn.MaxPool2d(3, padding=1)),
            *(nn.Conv2d(16, 5, 3, bias=False), nn.BatchNorm2d(5), nn.ReLU(inplace=True), nn.AvgPool2d(2)),
            *(nn.Flatten(), nn.Linear(80, 3)),
        ]


def learned(module: nn.Module, inputs: Tensor) -> list[Tensor]:
    """Outputs, gradients and running statistics after one step forward and back."""
    outputs = module(inputs)
    outputs.square().sum().backward()
    return [outputs.detach(), *(parameter.grad for parameter in module.parameters()), *module.buffers()]


def is_learned_in_double_precision(ours: list[nn.Module], same: list[nn.Module], inputs: Tensor = INPUTS) -> bool:
    """Whether the layers give what the same layers give one by one in double precision, up to rounding."""
    found = learned(BlockedSequential(*ours), inputs)
    expected = learned(nn.Sequential(*same).double(), inputs.double())
    return all(
        torch.allclose(value.double(), right.double(), rtol=1e-3, atol=1e-5 + 1e-4 * float(right.abs().max()))
        for value, right in zip(found, expected, strict=True)
    )


@pytest.mark.parametrize("clips", [64, 10, 0.5])
def test_outputs_gradients_and_statistics_are_those_in_double_precision(clips, monkeypatch):
    monkeypatch.setattr(blocked, "VALUES_OF_A_GROUP", int(clips * 16 * 30 * 30))
    from_dark_to_bright = INPUTS * torch.linspace(0.1, 2, len(INPUTS))[:, None, None, None]
    assert is_learned_in_double_precision(layers(), layers(), from_dark_to_bright)


@pytest.mark.skipif(
    platform.machine() not in {"x86_64", "AMD64"} or not torch.backends.mkldnn.is_available(),
    reason="other processors may have another order of memory",
)
def test_layers_are_trained_in_groups_on_usual_processors():
    """Without, only the time would differ. What comes from groups lies in memory with the channels last."""
    assert BlockedSequential(*layers()[:4])(INPUTS).is_contiguous(memory_format=torch.channels_last)
    assert not nn.Sequential(*layers()[:4])(INPUTS).is_contiguous(memory_format=torch.channels_last)


def test_statistics_of_few_values_are_those_in_double_precision():
    assert is_learned_in_double_precision(layers()[:4], layers()[:4], 10 * INPUTS[:2, :, :4, :4])


@pytest.mark.parametrize("filters", [16, 64])
def test_values_that_hardly_differ_are_normalized_as_in_double_precision(filters):
    """The mean of the squares, less the square of the mean, has no right digit here."""
    with seeded(0, CPU):
        first = [nn.Conv2d(3, filters, 3), nn.ReLU(), nn.BatchNorm2d(filters), nn.MaxPool2d(3)]
    expected = nn.Sequential(*copy.deepcopy(first)).double()(128 + INPUTS.double())
    assert torch.allclose(BlockedSequential(*first)(128 + INPUTS).double(), expected, atol=1e-3)


@pytest.mark.parametrize("filters", [8, 32, 64])
def test_maps_of_one_and_of_several_blocks_of_channels(filters):
    first = [nn.Conv2d(3, filters, 3, padding=2), nn.ReLU(), nn.BatchNorm2d(filters), nn.MaxPool2d(3, padding=1)]
    assert is_learned_in_double_precision(copy.deepcopy(first), first)


def test_inputs_that_are_not_a_batch_have_the_message_of_the_layer():
    with pytest.raises(ValueError, match="4D"):
        BlockedSequential(*layers())(INPUTS[0])


@pytest.mark.parametrize("factor", [-1.0, 0.0])
def test_a_factor_that_is_not_positive_changes_the_order_of_values(factor):
    both = layers(), layers()
    for each in both:
        nn.init.constant_(each[2].weight[3:5], factor)  # type: ignore[index]
    assert is_learned_in_double_precision(*both)


@pytest.mark.parametrize(
    ("place", "layer"),
    [
        (0, nn.Conv2d(3, 16, (3, 1), padding=(0, 2), stride=(1, 2), dilation=(2, 1))),
        (0, nn.Conv2d(3, 16, 3, padding=1, padding_mode="reflect")),
        (0, nn.Conv2d(3, 16, 3, padding="same")),
        (0, nn.Conv2d(3, 16, 3, bias=False)),
        (2, nn.BatchNorm2d(16, momentum=None)),
        (2, nn.BatchNorm2d(16, affine=False)),
        (2, nn.BatchNorm2d(16, track_running_stats=False)),
        (2, nn.BatchNorm2d(16, eps=0.1, momentum=0.3)),
        (2, nn.BatchNorm2d(16).eval()),
        (3, nn.MaxPool2d(3, ceil_mode=True)),
        (3, nn.MaxPool2d(3, dilation=2)),
        (3, nn.MaxPool2d((3, 2), stride=2, padding=(1, 0))),
    ],
    ids=str,
)
def test_layers_of_other_settings_learn_what_they_learn_one_by_one(place, layer):
    first = layers()[:4]
    first[place] = layer
    if isinstance(layer, nn.Conv2d):
        with seeded(1, CPU):
            layer.reset_parameters()
    assert is_learned_in_double_precision(copy.deepcopy(first), copy.deepcopy(first))


def test_layer_by_layer_where_the_memory_of_onednn_is_in_another_order(monkeypatch):
    monkeypatch.setattr(opaque, "BLOCKS", ())
    opaque.block_of.cache_clear()
    plain, found = (learned(kind(*layers()), INPUTS) for kind in (nn.Sequential, BlockedSequential))
    opaque.block_of.cache_clear()
    assert all(map(torch.equal, plain, found))


def test_layer_by_layer_where_onednn_is_turned_off(monkeypatch):
    learned(BlockedSequential(*layers()), INPUTS)
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    assert is_learned_in_double_precision(layers(), layers())


def test_layer_by_layer_in_other_precisions():
    double = [kind(*layers()).double() for kind in (nn.Sequential, BlockedSequential)]
    assert all(map(torch.equal, *(learned(module, INPUTS.double()) for module in double)))
    with torch.autocast("cpu", torch.bfloat16):
        assert all(map(torch.equal, *(learned(kind(*layers()), INPUTS) for kind in (nn.Sequential, BlockedSequential))))


@pytest.mark.parametrize("name", ["0.weight", "0.bias", "2.weight", "2.bias"])
def test_a_parameter_that_is_nan_gives_nan(name):
    """Otherwise the loss stays a number, and a training that went wrong ends without its message."""
    for kind in (nn.Sequential, BlockedSequential):
        module = kind(*layers())
        nn.init.constant_(module.get_parameter(name), float("nan"))
        assert module(INPUTS).isnan().all()


def test_inputs_that_are_nan_give_nan():
    inputs = INPUTS.clone()
    inputs[3, 1, 5, 5] = float("nan")
    for kind in (nn.Sequential, BlockedSequential):
        assert kind(*layers())(inputs).isnan().all()


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
