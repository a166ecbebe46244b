"""The fusion on numbers computed by hand from the sentence of the paper, and the depths of its ResNets."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from merlab.methods.dual_branch.fusion import CAFFM, Cbams, OneSidedCAFFM
from merlab.methods.dual_branch.global_branch import GlobalBranch


class AddOne(nn.Module):
    """Takes the place of a CBAM, so that each one that was passed is counted."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """One more."""
        return features + 1


def with_known_weights(merged: tuple[float, float, float], cbams: Cbams = "consecutive") -> CAFFM:
    """One channel; masks 1/4 and 3/4; ``merged`` weights what the three CBAMs give; each CBAM adds 1."""
    fusion = CAFFM(1, 1, 1, "none", cbams).eval()
    for module in fusion.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.0
    weights = {
        "align_global.0.weight": torch.ones(1, 1, 1, 1),
        "align_local.0.weight": torch.ones(1, 1, 1, 1),
        "masks.1.weight": torch.zeros(2, 4, 1, 1),
        "masks.1.bias": torch.tensor([-math.log(3), math.log(3)]),
        "merge.0.weight": torch.tensor(merged).view(1, 3, 1, 1),
    }
    fusion.load_state_dict({**fusion.state_dict(), **weights})
    for place in ("first", "second", "third"):
        setattr(fusion, place, AddOne())
    fusion.refine[0], fusion.refine[1] = AddOne(), AddOne()
    return fusion


@pytest.mark.parametrize(
    ("local", "merged", "expected"),
    [
        # f = 2/4 - 2 * 3/4 = -1. Consecutive CBAMs give 0, 1, 2; their sum 3 passes the ReLU: 3 - 1, then two CBAMs.
        (-2.0, (1.0, 1.0, 1.0), 4.0),
        # 0 + 1 - 4 = -3 becomes 0 before the residual sum: 0 - 1, then two CBAMs. A ReLU after the sum would give 2.
        (-2.0, (1.0, 1.0, -2.0), 1.0),
        # f = 1/2 - 7.5 = -7: -7 + 2 is below 0, and the activation after both CBAMs makes it 0.
        (-10.0, (0.0, 0.0, 0.0), 0.0),
    ],
)
def test_three_cbams_concatenation_relu_residual_sum_two_cbams_activation(local, merged, expected):
    fused = with_known_weights(merged)(torch.full((1, 1, 1, 1), 2.0), torch.full((1, 1, 1, 1), local), (1, 1))
    assert fused.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("cbams", "expected"), [("consecutive", 3 + 4 + 5), ("parallel", 3 + 3 + 3)])
def test_parallel_cbams_all_get_the_fused_map(cbams, expected):
    # f = 2/4 + 2 * 3/4 = 2; the sum of what the three CBAMs give, f, and 2 of the two CBAMs after them.
    fused = with_known_weights((1.0, 1.0, 1.0), cbams)(*[torch.full((1, 1, 1, 1), 2.0)] * 2, (1, 1))
    assert fused.item() == pytest.approx(expected + 2 + 2)


def test_one_sided_parallel_cbams_all_get_the_fused_map_and_the_guide():
    fusion = OneSidedCAFFM(8, 8, 8, "local", cbams="parallel").eval()
    merged = []
    fusion.merge.register_forward_pre_hook(lambda module, inputs: merged.append(inputs[0]))
    for cbam in (fusion.second, fusion.third):
        cbam.load_state_dict(fusion.first.state_dict())
    fusion(torch.rand(1, 8, 2, 2), torch.rand(1, 8, 2, 2), (4, 4))
    first, second, third = merged[0].chunk(3, dim=1)
    assert torch.equal(first, second)
    assert torch.equal(first, third)


def test_max_pooling_is_last():
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 9.0]]]])
    fused = with_known_weights((0.0, 0.0, 0.0))(maps, maps, (2, 2))
    assert fused.shape == (1, 1, 1, 1)
    assert fused.item() == pytest.approx(9 + 2)


@pytest.mark.parametrize("fusion", [CAFFM(8, 8, 8), OneSidedCAFFM(8, 8, 8, "local")])
def test_the_fusion_has_the_papers_three_and_two_cbams(fusion):
    kinds = [type(module).__name__ for module in fusion.modules()]
    assert kinds.count("ChannelGate") == kinds.count("SpatialGate") == 3 + 2


@pytest.mark.parametrize("depth", [12, 18, 34])
def test_a_resnet_has_as_many_layers_as_its_name_says(depth):
    with torch.device("meta"):
        branch = GlobalBranch(3, depth)
    layers = [module for module in branch.modules() if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3)]
    assert len(layers) == depth
