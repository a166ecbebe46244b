"""HTNet against the size and cost of its released code, and the grouping of its tokens."""

import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference.cost import macs, parameters
from merlab.methods import find_method
from merlab.methods.htnet import Level
from merlab.methods.method import Task


def build(task: Task, **options):
    method = find_method("htnet")
    preset = method.preset_with("paper", options)
    return method.module(task, preset).eval()


@pytest.mark.slow
def test_it_has_the_size_and_cost_of_the_released_code():
    # Counted on the public code: 139.6 M parameters, 0.21 G multiply-accumulates at 28 x 28.
    network = build(Task(3, 3, 28, 28))
    assert parameters(network) / 1e6 == pytest.approx(139.6, abs=0.05)
    assert macs(network, 3, 28, 28) / 1e9 == pytest.approx(0.21, abs=0.005)


def test_with_the_published_sizes_attention_has_one_token_and_nothing_to_weight():
    network = build(Task(3, 3, 28, 28), width="6", blocks="1")
    network(torch.rand(2, 3, 28, 28)).square().sum().backward()
    for level in (network.levels[1], network.levels[3], network.levels[5]):
        projection = level.blocks[0].attention.project
        queries, keys, values = projection.weight.grad.chunk(3)
        assert not queries.any()
        assert not keys.any()
        assert values.any()


def test_smaller_tokens_are_weighted():
    network = build(Task(3, 3, 28, 28), width="6", blocks="1", side="1")
    network(torch.rand(2, 3, 28, 28)).square().sum().backward()
    assert network.levels[1].blocks[0].attention.project.weight.grad.chunk(3)[0].any()


def test_a_level_attends_only_within_its_groups():
    level = Level(width=6, heads=3, blocks=1, groups=2, positions=4).eval()
    maps = torch.rand(1, 6, 4, 4)
    changed = maps.clone()
    changed[0, :, 3, 0] += torch.rand(6)  # in the group below on the left
    different = (level(maps) != level(changed)).any(dim=1)[0]
    expected = torch.zeros(4, 4, dtype=torch.bool)
    expected[2:, :2] = True
    assert torch.equal(different, expected)


def test_an_input_that_cannot_be_divided_is_refused_with_the_size_that_can():
    with pytest.raises(MerlabError, match="64x64 cannot be divided; use size=28x28"):
        build(Task(3, 3, 64, 64))


def test_it_takes_images_of_which_a_side_is_a_multiple():
    assert build(Task(5, 2, 56, 28), width="6", blocks="1")(torch.rand(2, 2, 56, 28)).shape == (2, 5)


def test_every_parameter_that_can_learn_does():
    network = build(Task(3, 3, 28, 28), width="6", blocks="1").train()
    network(torch.rand(3, 3, 28, 28)).square().sum().backward()
    assert [name for name, value in network.named_parameters() if value.grad is None] == []
