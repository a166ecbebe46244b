"""STSTNet and OFF-ApexNet against the figures published for them."""

import pytest
import torch
import torch.nn.functional as F

from merlab.errors import MerlabError
from merlab.evaluation.cost import parameters
from merlab.methods import find_method
from merlab.methods.base import Task


def build(name: str, task: Task):
    method = find_method(name)
    return method.module(task, method.preset("paper")).eval()


def test_ststnet_has_the_published_1670_parameters():
    assert parameters(build("ststnet", Task(3, 3, 28, 28))) == pytest.approx(1670, rel=0.01)


def test_ststnet_classifies_400_features_of_28_pixels():
    assert build("ststnet", Task(3, 3, 28, 28)).classify.in_features == 400


def test_ststnets_one_convolution_is_its_three_streams():
    """The published form, three streams side by side, from the same weights."""
    network = build("ststnet", Task(3, 3, 28, 28))
    convolution, normalisation = network.streams[0], network.streams[2]
    torch.nn.init.normal_(normalisation.weight)
    flow = torch.rand(4, 3, 28, 28)
    maps = []
    for rows in torch.arange(16).split([3, 5, 8]):
        stream = F.relu(F.conv2d(255 * flow, convolution.weight[rows], convolution.bias[rows], padding=2))
        stream = F.batch_norm(stream, None, None, normalisation.weight[rows], normalisation.bias[rows], training=True)
        maps.append(F.max_pool2d(stream, 3, stride=3, padding=1))
    expected = network.classify(F.avg_pool2d(torch.cat(maps, dim=1), 2).flatten(1))
    normalisation.train()  # batch statistics; dropout stays off
    assert torch.allclose(network(flow), expected, rtol=1e-4, atol=1e-5)


def test_ststnet_computes_on_0_to_255():
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


def test_off_apexnet_has_a_stream_of_its_own_for_each_direction():
    network = build("off-apexnet", Task(3, 2, 28, 28))
    seen = []
    network.vertical.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    flow = torch.rand(1, 2, 28, 28)
    network(flow)
    assert torch.equal(seen[0], flow[:, 1:])


def test_off_apexnet_names_the_recipe_that_it_needs():
    with pytest.raises(MerlabError, match="3 channels; use a recipe with channels=uv"):
        build("off-apexnet", Task(3, 3, 28, 28))
