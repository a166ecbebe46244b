"""Attention against numbers computed by hand: equations 2 and 3 of Woo et al. 2018 and of Hu et al. 2018."""

import math

import pytest
import torch

from merlab.inference.cost import parameters
from merlab.methods.layers import (
    Attention,
    ChannelGate,
    GuidedAttention,
    SpatialGate,
    SqueezeExcitation,
    scaled,
    squeezed,
)


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def all_ones(module: torch.nn.Module) -> torch.nn.Module:
    for parameter in module.parameters():
        torch.nn.init.ones_(parameter)
    return module


FEATURES = torch.tensor([[[[1.0, 3.0]], [[-2.0, 4.0]]]])  # (1, 2, 1, 2): means 2 and 1, maxima 3 and 4


def test_the_channel_gate_is_one_perceptron_over_averages_and_maxima():
    # All weights 1, 4 hidden units: each is 2 + 1 = 3 of the averages, 3 + 4 = 7 of the maxima; 4 x 3 + 4 x 7 = 40.
    gate = all_ones(ChannelGate(2))
    for parameter in gate.parameters():
        parameter.data *= 0.1
    expected = sigmoid(4 * 0.1 * (0.1 * 3) + 4 * 0.1 * (0.1 * 7))
    assert torch.allclose(gate(FEATURES), torch.full((1, 2, 1, 1), expected))


def test_the_perceptron_rectifies_each_descriptor_before_the_sum():
    gate = all_ones(ChannelGate(2))
    features = torch.tensor([[[[-5.0, 1.0]], [[-5.0, 1.0]]]])  # means -2, maxima 1: only the maxima pass the ReLU
    assert torch.allclose(gate(features), torch.full((1, 2, 1, 1), sigmoid(4 * 2)))


def test_the_spatial_gate_is_a_7x7_convolution_over_channel_average_and_maximum():
    # Columns: averages -0.5 and 3.5, maxima 1 and 4. A 7 x 7 kernel of 0.1 reaches both columns from either.
    gate = SpatialGate()
    torch.nn.init.constant_(gate.convolution.weight, 0.1)
    assert torch.allclose(gate(FEATURES), torch.full((1, 1, 1, 2), sigmoid(0.1 * (-0.5 + 3.5 + 1 + 4))))


def test_squeeze_and_excitation_uses_only_the_averages():
    # All weights 0.1 and biases 1: 4 hidden units of 1 + 0.1 x (2 + 1), then 1 + 0.1 x 4 x 1.3.
    gate = all_ones(SqueezeExcitation(2))
    for parameter in gate.parameters():
        if parameter.ndim == 2:
            parameter.data *= 0.1
    assert torch.allclose(gate(FEATURES), torch.full((1, 2, 1, 1), sigmoid(1 + 0.1 * 4 * 1.3)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cbam", 2 * 256 * 16 + 2 * 49),
        ("se", 2 * 256 * 16 + 16 + 256),  # Hu et al. count 2 C^2 / r and leave out the biases
        ("sam", 2 * 49),
        ("none", 0),
    ],
)
def test_the_parameters_of_each_attention_at_256_channels(name, expected):
    assert parameters(Attention(name, 256)) == expected


def test_no_attention_changes_nothing():
    assert torch.equal(Attention("none", 2)(FEATURES), FEATURES)


def test_the_channel_gate_comes_before_the_spatial_one():
    module = Attention("cbam", 2)
    for parameter in module.get_submodule("channel").parameters():
        torch.nn.init.zeros_(parameter)  # gate 1/2 everywhere
    torch.nn.init.constant_(module.get_parameter("spatial.convolution.weight"), 0.1)
    # The spatial gate gets features that are already halved: 0.1 x 8 / 2.
    assert torch.allclose(module(FEATURES), FEATURES * 0.5 * sigmoid(0.4))


@pytest.mark.parametrize("name", ["cbam", "se", "sam", "none"])
def test_guided_gates_are_computed_from_the_guide_and_weight_both_maps(name):
    module = Attention(name, 2)
    both = GuidedAttention(name, 2)
    both.load_state_dict(module.state_dict())
    guided, guide = both(torch.ones(1, 2, 1, 2), FEATURES)
    assert torch.allclose(guide, module(FEATURES))
    assert torch.allclose(guided * FEATURES, guide)


def test_widths_are_multiples_of_eight_and_gates_keep_at_least_four_units():
    assert [scaled(channels, 0.25) for channels in (32, 64, 96, 768)] == [8, 16, 24, 192]
    assert scaled(8, 0.01) == 8
    assert scaled(83, 1) == 83
    assert (squeezed(256), squeezed(8)) == (16, 4)
