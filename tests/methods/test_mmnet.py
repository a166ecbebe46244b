"""MMNet against the size of its released code, and its two branches."""

import math

import pytest
import torch
from torch import nn

from merlab.errors import MerlabError
from merlab.inference.cost import parameters
from merlab.methods import find_method
from merlab.methods.method import Task
from merlab.methods.mmnet import ContinuousAttentionBlock


def build(task: Task, preset: str = "paper"):
    method = find_method("mmnet")
    return method.module(task, method.preset(preset)).eval()


def test_it_has_the_parameters_of_the_released_layers():
    # Counted by hand from the released layers at 5 classes; layers that the release does not use are left out.
    def block(inside, maps, shortcut):
        attention = 2 + 2
        return 9 * inside * maps + maps**2 + 4 * maps + attention + shortcut * (inside * maps + 2 * maps)

    enter = 9 * 3 * 180 + 2 * 180 + 9 * 180 * 128 + 2 * 128
    blocks = block(128, 128, 0) + block(128, 128, 1) + block(128, 256, 1) + block(256, 512, 1)
    transformer = (3 * 512 + 512) + 196 * 512 + 2 * (12 * 512**2 + 13 * 512) + 2 * 512
    assert parameters(build(Task(5, 6, 224, 224))) == enter + blocks + transformer + 196 * 512 * 5 + 5


def test_layer_normalization_has_the_constant_of_the_released_code():
    with torch.device("meta"):
        network = build(Task(5, 6, 224, 224))
    assert {layer.eps for layer in network.modules() if isinstance(layer, nn.LayerNorm)} == {1e-6}


def test_a_gate_is_never_larger_than_the_gate_of_the_block_before():
    block = ContinuousAttentionBlock(4, 8, 1).eval()
    before = torch.rand(2, 1, 6, 6)
    maps, gate = block(torch.randn(2, 4, 6, 6), before)
    assert (gate <= before).all()
    before[:, :, 2, 3] = 0
    maps, _ = block(torch.randn(2, 4, 6, 6), before)
    assert not maps[:, :, 2, 3].any()


def test_the_gate_is_computed_from_the_mean_and_the_maximum_of_the_maps():
    block = ContinuousAttentionBlock(2, 2, 1).eval()
    block.residual, block.shortcut = nn.Sequential(), nn.Identity()  # the features are twice the maps
    nn.init.ones_(block.get_parameter("gate.0.0.weight"))
    features = torch.tensor([1.0, 3.0]).view(1, 2, 1, 1)
    _, gate = block(features, torch.ones(()))
    # Mean 4 and maximum 6 of the features 2 and 6; the normalization of an untrained block divides by sqrt(1 + 1e-5).
    assert gate.item() == pytest.approx(1 / (1 + math.exp(-10)), abs=1e-6)


def test_the_main_branch_gets_the_difference_and_the_position_branch_the_onset():
    network = build(Task(3, 2, 32, 32), "reduced")
    seen: dict[str, torch.Tensor] = {}
    network.enter.register_forward_pre_hook(lambda module, given: seen.update(motion=given[0]))
    network.position.register_forward_pre_hook(lambda module, given: seen.update(onset=given[0]))
    onset, apex = torch.rand(2, 1, 1, 32, 32)
    network(torch.cat([onset, apex], dim=1))
    assert torch.allclose(seen["motion"], (apex - onset) / 0.226, atol=1e-5)
    assert torch.allclose(seen["onset"], (onset - 0.449) / 0.226, atol=1e-5)


def test_without_an_onset_frame_the_positions_are_the_same_for_all_clips():
    network = build(Task(3, 3, 28, 28), "flow28")
    assert torch.equal(network.position(torch.rand(1, 3, 28, 28)), network.position(torch.rand(1, 3, 28, 28)))
    assert network(torch.rand(4, 3, 28, 28)).shape == (4, 3)


def test_the_position_of_a_pixel_of_the_onset_changes_the_embedding():
    network = build(Task(3, 2, 32, 32), "reduced")
    onset = torch.zeros(2, 1, 32, 32)
    onset[0, 0, 4, 4] = onset[1, 0, 20, 20] = 50
    first, second = network.position(onset)
    assert not torch.allclose(first.mean(dim=(1, 2)), second.mean(dim=(1, 2)))


def test_flow_is_refused_where_an_onset_frame_is_needed():
    with pytest.raises(MerlabError, match="2 or 6 channels, and got 3; use a recipe such as onset-apex"):
        build(Task(3, 3, 224, 224))
