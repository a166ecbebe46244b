"""Quick dropout has the numbers of torch's, on maps in any memory order."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from merlab.training.dropout import QuickDropout, compares_uniform_numbers, with_quick_dropout
from merlab.training.steps import seeded

CPU = torch.device("cpu")


@pytest.mark.skipif(not compares_uniform_numbers(), reason="torch draws its decisions in another way on this processor")
@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("step", [1, 2])
def test_has_every_bit_of_torch_s_dropout(p, order, step):
    features = torch.randn(5, 6, 7, 8).contiguous(memory_format=order)[:, ::step, :, ::step]
    with seeded(1, CPU):
        expected, following = nn.Dropout(p)(features), torch.rand(3)
    with seeded(1, CPU):
        assert torch.equal(QuickDropout(p)(features), expected)
        assert torch.equal(torch.rand(3), following)


def test_replaces_dropouts_within_a_network_and_changes_nothing_in_evaluation():
    linear = nn.Linear(3, 3)
    network = with_quick_dropout(nn.Sequential(nn.Sequential(linear, nn.Dropout(0.3)), nn.Dropout(0.5)))
    kinds = {type(layer) for layer in network.modules()} - {nn.Sequential, nn.Linear}
    assert kinds == {QuickDropout if compares_uniform_numbers() else nn.Dropout}
    features = torch.randn(4, 3)
    assert torch.equal(network.eval()(features), linear(features))
