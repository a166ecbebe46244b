"""The paper's networks: Table 7, shapes, views."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from merlab.errors import MerlabError
from merlab.inference.cost import macs, parameters
from merlab.methods import find_method
from merlab.methods.method import Preset, Task

# Table 7 of the paper: parameters in M, "complexity" in G (multiply-accumulates).
TABLE_7 = {
    "gfem": (2.59, 1.778),
    "ltfem": (6.26, 3.287),
    "dbfem": (8.13, 4.927),
    "dbfem-caffm": (8.46, 5.165),
    "dbfem-caffm-l": (8.49, 5.14),
    "dbfem-caffm-g": (8.50, 5.151),
}
NETWORKS = [*TABLE_7, "resnet18", "resnet34"]
TINY = {"width": 0.125}
GATES = {"ChannelGate", "SpatialGate", "SqueezeExcitation"}


def build(name: str, task: Task, **options):
    torch.manual_seed(0)
    return find_method(name).module(task, Preset(source="test", network=options)).eval()


def calibrated(network: nn.Module, inputs: torch.Tensor) -> nn.Module:
    """Set the statistics of batch normalization, without which the features of untrained layers are almost 0."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.inference_mode():
        network.train()(inputs)
    return network.eval()


def views_of(name: str) -> int:
    return 2 if find_method(name).view == "both" else 1


@pytest.mark.slow
@pytest.mark.parametrize("channels", [3, 6])
@pytest.mark.parametrize("name", TABLE_7)
def test_size_and_cost_are_within_one_percent_of_table_7(name, channels):
    task, method = Task(5, channels, 282, 231, views_of(name)), find_method(name)
    published_parameters, published_macs = TABLE_7[name]
    with torch.device("meta"):
        network = method.module(task, method.preset("paper"))
        assert parameters(network) / 1e6 == pytest.approx(published_parameters, rel=0.01)
        assert macs(network, *task.shape) / 1e9 == pytest.approx(published_macs, rel=0.01)


@pytest.mark.parametrize("name", TABLE_7)
def test_stacking_onset_and_apex_hardly_changes_the_size(name):
    three, six = (parameters(build(name, Task(5, channels, 282, 231, views_of(name)))) for channels in (3, 6))
    assert six == pytest.approx(three, rel=0.001)


@pytest.mark.slow
@given(
    name=st.sampled_from(NETWORKS),
    height=st.integers(28, 120),
    width=st.integers(28, 120),
    channels=st.integers(1, 8),
    stem_stride=st.sampled_from([1, 2]),
)
@settings(max_examples=25)
def test_any_size_and_any_number_of_channels_gives_one_logit_per_class(name, height, width, channels, stem_stride):
    views = views_of(name)
    network = build(name, Task(5, channels, height, width, views), stem_stride=stem_stride, **TINY)
    with torch.inference_mode():
        logits = network(torch.rand(2, views * channels, height, width))
    assert logits.shape == (2, 5)
    assert torch.isfinite(logits).all()


@pytest.mark.slow
@given(height=st.integers(28, 120), width=st.integers(28, 120), stem_stride=st.sampled_from([1, 2]))
@settings(max_examples=20)
def test_both_branches_end_on_the_same_grid(height, width, stem_stride):
    network = build("dbfem", Task(5, 1, height, width, 2), stem_stride=stem_stride, **TINY)
    view = torch.rand(1, 1, height, width)
    with torch.inference_mode():
        global_map, local_map = network.global_branch(view), network.local_branch(view)
    expected = [-(-side // (8 * stem_stride)) for side in (height, width)]
    assert list(global_map.shape[2:]) == list(local_map.shape[2:]) == expected


def test_without_a_stride_in_the_stem_28_pixels_end_on_4_and_not_2():
    for stem_stride, side in ((1, 4), (2, 2)):
        network = build("gfem", Task(3, 3, 28, 28), stem_stride=stem_stride)
        assert network.branch(torch.rand(1, 3, 28, 28)).shape == (1, 256, side, side)


def test_the_grids_at_the_papers_size():
    network = build("dbfem", Task(5, 3, 282, 231, 2), **TINY)
    assert network.global_branch(torch.rand(1, 3, 282, 231)).shape[2:] == (18, 15)
    assert network.fusion_grid(torch.rand(1, 6, 282, 231)) == (36, 29)


@pytest.mark.parametrize(
    ("name", "uses_global", "uses_local"),
    [
        ("gfem", True, False),
        ("resnet18", True, False),
        ("ltfem", False, True),
        ("dbfem", True, True),
        ("dbfem-caffm", True, True),
        ("dbfem-caffm-l", True, True),
        ("dbfem-caffm-g", True, True),
    ],
)
def test_a_network_uses_only_the_views_that_it_needs(name, uses_global, uses_local):
    inputs = torch.rand(4, 4, 40, 33)
    network = calibrated(build(name, Task(3, 2, 40, 33, views=2), **TINY), inputs)
    other_global, other_local = inputs.clone(), inputs.clone()
    other_global[:, :2] += torch.rand(4, 2, 40, 33)
    other_local[:, 2:] += torch.rand(4, 2, 40, 33)
    with torch.inference_mode():
        logits = network(inputs)
        assert torch.equal(network(other_global), logits) is not uses_global
        assert torch.equal(network(other_local), logits) is not uses_local


@pytest.mark.parametrize("name", ["dbfem", "dbfem-caffm"])
def test_both_branches_get_a_single_view(name):
    one, two = (build(name, Task(3, 2, 40, 33, views), **TINY) for views in (1, 2))
    two.load_state_dict(one.state_dict())
    view = torch.rand(1, 2, 40, 33)
    with torch.inference_mode():
        assert torch.equal(one(view), two(torch.cat([view, view], dim=1)))


@pytest.mark.parametrize(("name", "other_half"), [("dbfem-caffm-l", slice(0, 2)), ("dbfem-caffm-g", slice(2, 4))])
def test_one_sided_fusion_computes_its_masks_from_one_branch(name, other_half):
    inputs = torch.rand(4, 4, 40, 33)
    network = calibrated(build(name, Task(3, 2, 40, 33, views=2), **TINY), inputs)
    seen = []
    network.get_submodule("fusion.masks").register_forward_hook(lambda module, given, made: seen.append(made))
    changed = inputs.clone()
    changed[:, other_half] += torch.rand(4, 2, 40, 33)
    with torch.inference_mode():
        network(inputs)
        network(changed)
        network(inputs + torch.rand_like(inputs))
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])


@pytest.mark.parametrize("attention", ["cbam", "se", "sam", "none"])
@pytest.mark.parametrize("name", NETWORKS)
def test_attention_is_replaced_everywhere_and_every_parameter_learns(name, attention):
    network = build(name, Task(3, 1, 32, 32, views_of(name)), attention=attention, **TINY).train()
    network(torch.rand(4, views_of(name), 32, 32)).square().sum().backward()
    gates = {type(module).__name__ for module in network.modules() if type(module).__name__ in GATES}
    expected = {
        "cbam": {"ChannelGate", "SpatialGate"},
        "se": {"SqueezeExcitation"},
        "sam": {"SpatialGate"},
        "none": set(),
    }
    assert gates == expected[attention]
    assert [label for label, value in network.named_parameters() if value.grad is None] == []


@pytest.mark.parametrize("name", NETWORKS)
def test_less_than_28_pixels_is_refused_with_the_remedy(name):
    with pytest.raises(MerlabError, match="28 pixels per side, got 27x40; choose a larger size"):
        build(name, Task(3, 3, 40, 27, views_of(name)))


class TestTheHeadForActionUnits:
    @pytest.mark.parametrize("name", NETWORKS)
    def test_adds_one_linear_layer_and_leaves_the_logits_as_they_are(self, name):
        task = Task(3, 3, 28, 28, views_of(name))
        plain, two_heads = build(name, task, **TINY), build(name, task, units=28, **TINY)
        added = {label: value.shape for label, value in two_heads.state_dict().items()}
        for label in plain.state_dict():
            del added[label]
        assert list(added) == ["intensities.weight", "intensities.bias"]
        plain.load_state_dict(two_heads.state_dict(), strict=False)
        inputs = torch.rand(2, 3 * views_of(name), 28, 28)
        with torch.inference_mode():
            logits, intensities = two_heads.heads(inputs)
            assert torch.equal(logits, plain(inputs))
            assert torch.equal(two_heads(inputs), plain(inputs))
        assert intensities.shape == (2, 28)

    def test_is_missed_by_name(self):
        with pytest.raises(MerlabError, match="no head for action units; give it one by its option units"):
            build("gfem", Task(3, 3, 28, 28), **TINY).heads(torch.rand(1, 3, 28, 28))


@pytest.mark.parametrize("name", NETWORKS)
def test_synthetic28_and_pretrained28_are_one_network_with_the_training_of_flow_cnn(name):
    method, flow_cnn = find_method(name), find_method("flow-cnn")
    for preset, other in (("synthetic28", "synthetic"), ("pretrained28", "pretrained")):
        assert method.preset(preset).training == flow_cnn.preset(other).training
        assert method.preset(preset).needs == flow_cnn.preset(other).needs
        assert method.preset(preset).input == flow_cnn.input
        assert method.preset(preset).network == {**method.preset("flow28").network, "units": 28}
