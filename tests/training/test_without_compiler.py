"""Optimizers that do not load PyTorch's compiler; that they do not is tested with other late imports."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from merlab.training.without_compiler import made


def trained(optimizer_of: Any, kind: type[torch.optim.Optimizer], **settings: Any) -> Tensor:
    """The weights of a small network after ten steps."""
    random = torch.Generator().manual_seed(0)
    network = nn.Linear(3, 2)
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_(torch.rand(weights.shape, generator=random))
    optimizer = optimizer_of(kind, network.parameters(), lr=0.1, weight_decay=0.1, **settings)
    for inputs in torch.rand(10, 8, 3, generator=random):
        optimizer.zero_grad()
        (network(inputs) ** 2).mean().backward()
        optimizer.step()
    return torch.cat([weights.detach().flatten() for weights in network.parameters()])


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (torch.optim.Adam, {"fused": True}),
        (torch.optim.Adam, {}),
        (torch.optim.AdamW, {"fused": True}),
        (torch.optim.SGD, {"momentum": 0.9, "fused": True}),
        (torch.optim.RMSprop, {}),
    ],
)
def test_they_take_the_same_steps_bit_by_bit(monkeypatch, kind, settings):
    expected = trained(lambda kind, *given, **settings: kind(*given, **settings), kind, **settings)
    # Another test, or the line above, has loaded it.
    monkeypatch.delitem(sys.modules, "torch._dynamo", raising=False)
    assert torch.equal(trained(made, kind, **settings), expected)


def test_their_hooks_are_called(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch._dynamo", raising=False)
    weights, seen = nn.Parameter(torch.ones(1)), []
    optimizer = made(torch.optim.SGD, [weights], lr=1.0)
    optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    weights.grad = torch.ones(1)
    optimizer.step()
    assert (seen, weights.item()) == (["before", "after"], 0.0)
