"""self-attention-transfer: a ResNet-18 whose last positions attend to each other."""

import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference.cost import parameters
from merlab.methods import find_method
from merlab.methods.method import Task


def build(task: Task, preset: str, **options):
    method = find_method("self-attention-transfer")
    return method.module(task, method.preset_with(preset, options)).eval()


def test_it_is_resnet_18_with_one_layer_of_attention_over_7_x_7_positions():
    attention = 4 * 512**2 + 4 * 512
    # ResNet-18 without its last layer has 11 176 512 parameters.
    expected = 11_176_512 + 49 * 512 + 2 * 512 + attention + 512 * 5 + 5
    assert parameters(build(Task(5, 3, 224, 224), "paper")) == expected


def test_a_position_attends_to_all_others():
    network = build(Task(3, 3, 28, 28), "flow28")
    seen = []
    network.normalize.register_forward_hook(lambda module, given, tokens: seen.append(tokens))
    network(torch.rand(2, 3, 28, 28))
    _, weights = network.attention.attend(seen[0])
    assert weights.shape == (2, 8, 16, 16)
    assert torch.allclose(weights.sum(dim=3), torch.ones(2, 8, 16), atol=1e-5)
    assert (weights > 0).all()


@pytest.mark.parametrize(("preset", "channels", "side"), [("reduced", 1, 64), ("reduced", 1, 50), ("flow28", 3, 28)])
def test_it_takes_other_sizes(preset, channels, side):
    assert build(Task(4, channels, side, 64), preset)(torch.rand(2, channels, side, 64)).shape == (2, 4)


def test_heads_that_do_not_divide_the_maps_are_refused():
    with pytest.raises(MerlabError, match="a width of 512 cannot be divided among 5 heads"):
        build(Task(5, 3, 224, 224), "paper", heads="5")
