"""AMAN, aman: its size, and the weights of factors and frames."""

import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference.cost import macs, parameters
from merlab.methods import find_method
from merlab.methods.aman import AttentiveMean
from merlab.methods.method import Task

SMALL = Task(4, 3, 32, 32, frames=3)


def build(task: Task, preset: str, **options):
    method = find_method("aman")
    return method.module(task, method.preset_with(preset, options)).eval()


def test_what_is_trained_has_the_size_and_cost_of_the_released_layers():
    # 8.4 M parameters and 0.41 G multiply-accumulates for each of 99 images, from maps of 14 x 14.
    network = build(Task(5, 27, 224, 224, frames=11), "paper", frozen=True)
    assert parameters(network) / 1e6 == pytest.approx(8.4, abs=0.01)
    assert macs(network.tail, 256, 14, 14) / 1e9 == pytest.approx(0.41, abs=0.005)
    assert network.trunk(torch.rand(1, 3, 224, 224)).shape == (1, 256, 14, 14)


def test_the_weights_of_factors_and_frames_sum_to_one():
    vectors = torch.rand(2, 3, 5, 8)
    mean = AttentiveMean(8)
    assert torch.allclose(mean.weights(vectors).sum(dim=2), torch.ones(2, 3, 1))
    mean.score.load_state_dict({"0.weight": torch.zeros(1, 8), "0.bias": torch.ones(1)})
    assert torch.allclose(mean(vectors), vectors.mean(dim=2), atol=1e-6)


def test_a_larger_score_is_a_larger_weight():
    mean = AttentiveMean(1)
    mean.score.load_state_dict({"0.weight": torch.ones(1, 1), "0.bias": torch.zeros(1)})
    vectors = torch.tensor([[-20.0], [0.0], [20.0]])
    # Sigmoids 0, 1/2 and 1.
    assert mean.weights(vectors).flatten().tolist() == pytest.approx([0, 1 / 3, 2 / 3], abs=1e-6)


def test_the_order_of_factors_and_of_frames_does_not_matter():
    network = build(SMALL, "reduced")
    clips = torch.rand(2, *SMALL.shape)
    expected = network(clips)
    assert torch.allclose(network(clips.flip(1)), expected, atol=1e-5)
    assert torch.allclose(network(clips.flip(2)), expected, atol=1e-5)


def test_a_frozen_trunk_does_not_change_in_training():
    network = build(SMALL, "reduced", frozen=True).train()
    before = {name: value.clone() for name, value in network.trunk.state_dict().items()}
    network(torch.rand(2, *SMALL.shape)).sum().backward()
    assert all(torch.equal(value, before[name]) for name, value in network.trunk.state_dict().items())
    assert all(each.grad is None for each in network.trunk.parameters())


def test_channels_that_the_factors_do_not_divide_are_refused():
    with pytest.raises(MerlabError, match="4 channels cannot be divided among 3 factors"):
        build(Task(4, 4, 32, 32, frames=3), "reduced")
