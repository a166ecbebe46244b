"""KFC-MER, kfc-mer: its size, split attention, the transform by masks, and the motion of stored flow."""

import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference.cost import macs, parameters
from merlab.methods import find_method
from merlab.methods.kfc_mer import SpatialFeatureTransform, SplitAttention, orders_of_stored_flow
from merlab.methods.method import Task


def build(task: Task, preset: str, **options):
    method = find_method("kfc-mer")
    return method.module(task, method.preset_with(preset, options)).eval()


@pytest.mark.slow
def test_it_has_the_size_and_cost_of_the_released_layers():
    # Counted on the public code: 53.2 M parameters, 51.4 M of them in one layer, and 3.7 G multiply-accumulates.
    network = build(Task(5, 16, 224, 224), "paper")
    assert parameters(network) / 1e6 == pytest.approx(53.2, abs=0.05)
    assert parameters(network.join[2]) / 1e6 == pytest.approx(51.4, abs=0.05)
    assert macs(network, 16, 224, 224) / 1e9 == pytest.approx(3.7, abs=0.05)


def test_each_stream_conditions_its_transform_by_five_convolutions_of_its_own():
    network = build(Task(5, 16, 32, 32), "reduced")
    # By hand: 4 x 4 from 10 masks to 64 maps, three of 64 to 64, one of 64 to 32; each with a bias.
    expected = (16 * 10 * 64 + 64) + 3 * (64 * 64 + 64) + (64 * 32 + 32)
    assert [parameters(stream.condition) for stream in (network.first, network.second)] == [expected, expected]
    assert not torch.equal(network.first.condition[0].weight, network.second.condition[0].weight)


def test_averaged_maps_need_a_196th_of_the_weights_of_that_layer():
    network = build(Task(5, 16, 224, 224), "paper", pooled=True)
    assert network.join[2].in_features == 1024


def test_the_shares_of_the_splits_sum_to_one_and_equal_splits_give_themselves():
    attention = SplitAttention(8).eval()
    splits = torch.rand(3, 1, 8, 5, 5).expand(-1, 2, -1, -1, -1)
    shares = attention.shares(splits)
    assert torch.allclose(shares.sum(dim=1), torch.ones(3, 8, 1, 1))
    assert torch.allclose((shares * splits).sum(dim=1), splits[:, 0], atol=1e-6)


def test_the_transform_scales_and_shifts_where_the_condition_says():
    transform = SpatialFeatureTransform(4)
    for layers, value in ((transform.scale, 1.0), (transform.shift, 2.0)):
        nothing = {name: torch.zeros_like(weights) for name, weights in layers.state_dict().items()}
        layers.load_state_dict({**nothing, "2.bias": torch.full((4,), value)})
    features = torch.rand(1, 4, 6, 6)
    assert torch.allclose(transform(features, torch.rand(1, 32, 6, 6)), 2 * features + 2)


def test_the_masks_decide_the_logits():
    task = Task(5, 16, 32, 32)
    network = build(task, "reduced")
    clip = torch.rand(1, *task.shape)
    other = clip.clone()
    other[:, 6:] = 1 - other[:, 6:]
    assert not torch.equal(network(clip), network(other))


def test_stored_flow_gives_u_v_and_the_derivatives_along_the_axes():
    y, x = torch.meshgrid(torch.arange(6.0), torch.arange(8.0), indexing="ij")
    # du/dx = 2 x for u = x^2 inside, dv/dy = 3 everywhere for v = 3 y
    flow = torch.stack([x**2, 3 * y, torch.ones_like(x)])[None]
    first, second = orders_of_stored_flow(flow)
    assert torch.equal(first, flow[:, :2])
    assert torch.equal(second[:, 2], flow[:, 2])
    exx = second[0, 0, :, 1:-1]
    assert torch.allclose(exx / exx[:, :1], x[:, 1:-1])


def test_other_channels_are_refused_by_name():
    with pytest.raises(MerlabError, match=r"got 3 channels; use a recipe with flow-orders"):
        build(Task(5, 3, 32, 32), "reduced")
    with pytest.raises(MerlabError, match=r"got 2 channels; use a recipe with channels=uvs"):
        build(Task(5, 2, 28, 28), "flow28")
