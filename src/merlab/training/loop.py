"""The plain training loop: one step of the optimizer per batch, in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from merlab.training.augmentation import Mirror, augmented
from merlab.training.schedules import learning_rate
from merlab.training.steps import balanced_weights, epoch_batches, make_optimizer, outputs_of, training_loss

if TYPE_CHECKING:
    from merlab.training.settings import TrainingSettings

State = dict[str, Tensor]


class Loop:
    """Trains one network on the clips of one fold, epoch by epoch.

    Random numbers come from torch's global generators. ``inputs`` (N, [T,] C, H, W) float32 and ``labels`` (N,) are on
    the network's device; ``reduced`` computes in bfloat16 where autocast allows it. For ``rate`` () see
    ``make_optimizer``.
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Tensor,
        labels: Tensor,
        *,
        classes: int,
        settings: TrainingSettings,
        mirror: Mirror | None = None,
        reduced: bool = False,
        rate: Tensor | None = None,
    ) -> None:
        self.module = module
        self.inputs = inputs
        self.labels = labels
        self.settings = settings
        self.mirror = mirror
        self.reduced = reduced
        self.done = 0
        balanced = settings.class_weights == "balanced"
        self.weights = balanced_weights(labels, classes) if balanced else None
        self.optimizer = make_optimizer(settings, module, rate=rate)

    def epoch(self) -> float:
        """Train on all training clips once; returns the mean loss per clip."""
        self.module.train()
        batches = epoch_batches(self.settings, self.labels)
        total = torch.zeros((), device=self.labels.device)
        for number, rows in enumerate(batches):
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(self.settings, self.done + number / len(batches))
            batch = augmented(self.inputs[rows], self.settings, self.mirror)
            outputs = outputs_of(self.module, batch, channels_last=self.settings.channels_last, reduced=self.reduced)
            loss = training_loss(self.module, outputs, self.labels[rows], self.weights, self.settings.label_smoothing)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            total += loss.detach() * len(rows)
        self.done += 1
        return float(total) / sum(map(len, batches))
