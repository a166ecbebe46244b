"""How a network learns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkTraining:
    """How a network learns: epochs, batch size and learning rate of Adam, and how many samples of each label.

    ``negatives`` is how many samples without a movement are used for each with one; ``mirrored`` adds the mirror images
    of those with one.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    negatives: float
    weight_decay: float = 0.0
    mirrored: bool = False
