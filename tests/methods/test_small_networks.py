"""The small networks on flow against their published sizes and costs."""

import math

import pytest
import torch
import torch.nn.functional as F

from merlab.errors import MerlabError
from merlab.inference.cost import macs, parameters
from merlab.methods import find_method
from merlab.methods.method import Task


def build(name: str, task: Task):
    method = find_method(name)
    return method.module(task, method.preset("paper")).eval()


def test_ststnet_has_the_published_1670_parameters():
    assert parameters(build("ststnet", Task(3, 3, 28, 28))) == pytest.approx(1670, rel=0.01)


def test_ststnet_classifies_400_features_of_28_pixels():
    assert build("ststnet", Task(3, 3, 28, 28)).classify.in_features == 400


def test_the_one_convolution_of_ststnet_equals_three_streams():
    # The published form: three parallel streams, here with the same weights.
    network = build("ststnet", Task(3, 3, 28, 28))
    convolution, normalization = network.streams[0], network.streams[2]
    torch.nn.init.normal_(normalization.weight)
    flow = torch.rand(4, 3, 28, 28)
    maps = []
    for rows in torch.arange(16).split([3, 5, 8]):
        stream = F.relu(F.conv2d(255 * flow, convolution.weight[rows], convolution.bias[rows], padding=2))
        stream = F.batch_norm(stream, None, None, normalization.weight[rows], normalization.bias[rows], training=True)
        maps.append(F.max_pool2d(stream, 3, stride=3, padding=1))
    expected = network.classify(F.avg_pool2d(torch.cat(maps, dim=1), 2).flatten(1))
    normalization.train()  # batch statistics; dropout stays off
    assert torch.allclose(network(flow), expected, rtol=1e-4, atol=1e-5)


def test_ststnet_scales_its_input_to_0_to_255():
    network = build("ststnet", Task(3, 3, 28, 28))
    seen = []
    network.streams[0].register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    network(torch.ones(1, 3, 28, 28))
    assert seen[0].unique().tolist() == [255]


@pytest.mark.parametrize("side", [28, 29, 45])
def test_ststnet_takes_other_sizes(side):
    assert build("ststnet", Task(5, 3, side, 28))(torch.rand(2, 3, side, 28)).shape == (2, 5)


def test_off_apexnet_has_the_2_66_million_parameters_of_its_re_implementation():
    # README of ECNU-Cross-Innovation-Lab/PRICAI2021-Off-TANet, 2 x 28 x 28 and 3 classes
    assert parameters(build("off-apexnet", Task(3, 2, 28, 28))) / 1e6 == pytest.approx(2.66, abs=0.005)


def test_off_apexnet_has_a_separate_stream_for_each_direction():
    network = build("off-apexnet", Task(3, 2, 28, 28))
    seen = []
    network.vertical.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    flow = torch.rand(1, 2, 28, 28)
    network(flow)
    assert torch.equal(seen[0], flow[:, 1:])


def test_dual_inception_has_the_6_45_million_parameters_of_its_re_implementation():
    # README of ECNU-Cross-Innovation-Lab/mini-AORCNN, 3 classes: 6.45 M and 12.64 M operations (its own count)
    network = build("dual-inception", Task(3, 2, 28, 28))
    assert parameters(network) / 1e6 == pytest.approx(6.45, abs=0.005)
    assert macs(network, 2, 28, 28) / 1e6 == pytest.approx(12.64, rel=0.03)


def test_feature_refinement_adds_one_gate_and_one_proposal_per_expression():
    hidden = 1024
    shared = parameters(build("dual-inception", Task(3, 2, 28, 28))) - (3 * hidden + 3)
    gates, proposals, classifier = 3 * (hidden**2 + hidden), 3 * (hidden + 1), 3 * 3 * hidden + 3
    assert parameters(build("fr", Task(3, 2, 28, 28))) == shared + gates + proposals + classifier


def test_the_proposal_loss_is_one_against_the_rest():
    network = build("fr", Task(2, 2, 28, 28))
    logits, proposals = torch.zeros(1, 2), torch.tensor([[2.0, -1.0]])
    # Cross-entropy of equal logits is log 2; the proposals give sigma(2) to "class 0" and sigma(1) to "not class 1".
    expected = math.log(2) + (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))) / 2
    assert float(network.loss((logits, proposals), torch.tensor([0]), None)) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["off-apexnet", "dual-inception", "fr", "dssn"])
def test_networks_of_two_streams_name_the_recipe_that_they_need(name):
    with pytest.raises(MerlabError, match="3 channels; use a recipe with channels=(uv|ms)"):
        build(name, Task(3, 3, 227, 227))


@pytest.mark.parametrize("name", ["sssn", "dssn"])
def test_shallow_streams_are_alexnet_up_to_its_second_convolution(name):
    network = build(name, Task(5, 1 if name == "sssn" else 2, 227, 227))
    stream = network.stream if name == "sssn" else network.strain
    # AlexNet's second convolution has 307 456 parameters in two groups, its first 96 filters of 11 x 11 (one channel).
    assert [parameters(layer) for layer in stream if isinstance(layer, torch.nn.Conv2d)] == [96 * 121 + 96, 307_456]
    assert stream(torch.rand(1, 1, 227, 227)).shape == (1, 256, 13, 13)


def test_dssn_multiplies_its_streams():
    network = build("dssn", Task(3, 2, 227, 227))
    flow = torch.rand(2, 2, 227, 227)
    merged = network.magnitude(flow[:, :1]) * network.strain(flow[:, 1:])
    assert torch.allclose(network(flow), network.classify(merged))


def test_shallow_streams_refuse_inputs_that_are_too_small():
    with pytest.raises(
        MerlabError, match="28x28 pixels are too few for shallow AlexNet streams at stride 4; use a larger size"
    ):
        build("sssn", Task(3, 1, 28, 28))
