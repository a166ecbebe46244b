"""The weights of the best epoch, for the selections that score every epoch."""

from __future__ import annotations

import math

from torch import Tensor, nn


class BestEpoch:
    """The epoch with the best score so far (the first of several), and a copy of its weights."""

    def __init__(self) -> None:
        self.epoch = 0
        self.score = -math.inf
        self.weights: dict[str, Tensor] = {}

    def consider(self, epoch: int, score: float, module: nn.Module) -> None:
        """Keep this epoch if its score is higher than all scores before."""
        if self.epoch == 0 or score > self.score:
            self.epoch, self.score = epoch, score
            self.weights = {name: value.clone() for name, value in module.state_dict().items()}
