"""The networks with convolutions over time and space: 3d-cnn-transfer, dtscnn and se-densenet-3d."""

import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference.cost import macs, parameters
from merlab.inputs import as_recipe
from merlab.methods import find_method
from merlab.methods.dtscnn import at_half_rate
from merlab.methods.method import Task
from merlab.methods.se_densenet_3d import DenseLayer

NAMES = ["3d-cnn-transfer", "dtscnn", "se-densenet-3d"]


def build(name: str, preset: str, task: Task | None = None):
    method = find_method(name)
    chosen = method.preset(preset)
    task = task or Task.of(5, as_recipe(chosen.input or method.input))
    return method.module(task, chosen).eval()


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_learns_and_odd_sizes_are_taken(name):
    network = build(name, "reduced", Task(3, 2, 33, 40, frames=10)).train()
    logits = network(torch.rand(3, 10, 2, 33, 40))
    assert logits.shape == (3, 3)
    logits.square().sum().backward()
    assert [label for label, value in network.named_parameters() if value.grad is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_frames_matters(name):
    network = build(name, "reduced", Task(3, 2, 32, 32, frames=8))
    sequence = torch.rand(1, 8, 2, 32, 32)
    assert not torch.allclose(network(sequence), network(sequence.flip(1)))


@pytest.mark.parametrize("name", NAMES)
def test_images_are_refused_with_a_recipe_of_a_sequence(name):
    with pytest.raises(MerlabError, match=f"{name} takes inputs that are sequences, and this one is an image; use"):
        build(name, "paper", Task(3, 1, 64, 64))


def test_the_3d_cnn_has_the_size_and_cost_of_its_layers():
    network = build("3d-cnn-transfer", "paper")
    weights = 27 * (1 * 16 + 16 * 32 + 32 * 64 + 64 * 128) + 2 * (16 + 32 + 64 + 128)
    hidden = 128 * (2 * 4 * 4) * 256 + 256  # 16 x 64 x 64 becomes 2 x 4 x 4
    assert parameters(network) == weights + hidden + 256 * 5 + 5
    # Positions of the four convolutions: 16 x 64 x 64, 16 x 32 x 32, 8 x 16 x 16, 4 x 8 x 8.
    convolutions = 27 * (16 * 16 * 64**2 + 16 * 32 * 16 * 32**2 + 32 * 64 * 8 * 16**2 + 64 * 128 * 4 * 8**2)
    assert macs(network, 16, 1, 64, 64) == convolutions + 4096 * 256 + 256 * 5


def test_the_slow_stream_gets_the_flow_over_two_steps():
    network = build("dtscnn", "reduced", Task(3, 1, 28, 28, frames=4))
    seen: dict[str, torch.Tensor] = {}
    network.fast.register_forward_pre_hook(lambda module, given: seen.update(fast=given[0]))
    network.slow.register_forward_pre_hook(lambda module, given: seen.update(slow=given[0]))
    steps = torch.tensor([1.0, 2.0, 4.0, 8.0]).view(1, 4, 1, 1, 1).expand(1, 4, 1, 28, 28)
    network(steps)
    assert seen["fast"][0, 0, :, 0, 0].tolist() == [1, 2, 4, 8]
    assert seen["slow"][0, 0, :, 0, 0].tolist() == [3, 12]
    assert at_half_rate(seen["fast"]).shape == (1, 1, 2, 28, 28)


def test_the_streams_of_dtscnn_have_their_own_weights():
    network = build("dtscnn", "paper")
    stream = 27 * (2 * 16 + 16 * 32 + 32 * 64 + 64 * 64) + 2 * (16 + 32 + 64 + 64)
    assert parameters(network) == 2 * stream + 128 * 5 + 5


def test_dtscnn_refuses_an_odd_number_of_frames():
    with pytest.raises(MerlabError, match="successive pairs of 11 fields of flow; use an even number"):
        build("dtscnn", "paper", Task(3, 2, 28, 28, frames=11))


def test_se_densenet_is_densenet_121_with_3d_kernels_and_four_se_blocks():
    # torchvision's DenseNet-121 has 7 978 856 parameters, 1 025 000 of which are its last layer for 1000 classes. Its
    # kernels of 7 x 7 (3 channels, 64 filters) and of 3 x 3 (58 layers of 128 x 32) get a third side.
    images = 7_978_856 - 1_025_000
    videos = images - 64 * 3 * 49 + 64 * 343 + 58 * 128 * 32 * (27 - 9)
    excitation = sum(2 * maps * (maps // 16) + maps // 16 + maps for maps in (256, 512, 1024, 1024))
    assert parameters(build("se-densenet-3d", "paper")) == videos + excitation + 1024 * 5 + 5


def test_a_dense_layer_keeps_the_maps_before_it():
    layer = DenseLayer(4, 3).eval()
    maps = torch.rand(2, 4, 3, 5, 5)
    added = layer(maps)
    assert added.shape == (2, 7, 3, 5, 5)
    assert torch.equal(added[:, :4], maps)
