"""Dropout that gives the numbers of ``nn.Dropout`` on a CPU in less than half of its time."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn


class QuickDropout(nn.Module):
    """Dropout with the random numbers of ``nn.Dropout``.

    Torch decides about each value with a branch on a random number, which no processor can predict. Drawing all the
    numbers first and comparing them with 1 - p gives the same decisions without branches.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, features: Tensor) -> Tensor:
        """Features of any shape; unchanged in evaluation mode."""
        keep = 1 - self.p
        if not self.training or not 0 < keep < 1:
            return nn.functional.dropout(features, self.p, self.training)
        drawn = torch.empty(features.numel(), dtype=torch.float64).uniform_()
        factors = torch.empty_like(features)
        # Torch draws in the order in which the values lie in memory.
        torch.lt(drawn, keep, out=factors.as_strided(drawn.shape, (1,)))
        return features * factors.div_(keep)


def with_quick_dropout(module: nn.Module) -> nn.Module:
    """The module, with every ``nn.Dropout`` replaced where this machine gives the same numbers faster."""
    if compares_uniform_numbers():
        for parent in module.modules():
            for name, child in parent.named_children():
                if type(child) is nn.Dropout:
                    setattr(parent, name, QuickDropout(child.p).train(child.training))
    return module


@lru_cache
def compares_uniform_numbers() -> bool:
    """Whether torch's ``bernoulli_`` compares uniform numbers here; with MKL on processors of Intel, it does not."""
    first, second = (torch.Generator().manual_seed(0) for _ in range(2))
    decided = torch.empty(256).bernoulli_(0.7, generator=first) == 1
    drawn = torch.empty(256, dtype=torch.float64).uniform_(generator=second)
    return torch.equal(decided, drawn < 0.7)
