"""The pieces of a training step: random batches, augmentation, loss, optimizer, learning rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from merlab.training.settings import TrainingSettings

Mirror = Callable[[Tensor], Tensor]

MOMENTUM = 0.9


class NetworkWithLoss(nn.Module):
    """A network with its own loss, instead of the cross-entropy of its logits.

    In evaluation mode it returns logits (N, classes), as every network; in training mode, what ``loss`` needs.
    """

    def loss(self, outputs: Any, labels: Tensor, weights: Tensor | None) -> Tensor:
        """The loss () of a batch: ``outputs`` in training mode, labels (N,), class weights (classes,)."""
        raise NotImplementedError


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch inside, on the CPU and on ``device``; afterwards restore its random state."""
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.default_generator.manual_seed(seed)
        if gpus:
            torch.cuda.manual_seed(seed)
        yield


def make_optimizer(settings: TrainingSettings, module: nn.Module) -> torch.optim.Optimizer:
    """The optimizer of the settings."""
    common: dict[str, Any] = {
        "lr": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "fused": True,
    }
    if settings.optimizer == "sgd":
        return torch.optim.SGD(module.parameters(), momentum=MOMENTUM, **common)
    return torch.optim.Adam(module.parameters(), **common)


def training_loss(module: nn.Module, outputs: Any, labels: Tensor, weights: Tensor | None) -> Tensor:
    """The network's own loss if it has one, otherwise the class-weighted cross-entropy of its logits."""
    if isinstance(module, NetworkWithLoss):
        return module.loss(outputs, labels, weights)
    return F.cross_entropy(outputs.float(), labels, weights)


def balanced_weights(labels: Tensor, classes: int) -> Tensor:
    """One weight per class (classes,): N / (classes present x clips of the class); 0 for a class without clips."""
    counts = torch.bincount(labels, minlength=classes).float()
    return torch.where(counts > 0, len(labels) / ((counts > 0).sum() * counts.clamp(min=1)), 0.0)


def random_batches(count: int, size: int, device: torch.device) -> list[Tensor]:
    """Rows 0..count-1 in random order, divided into batches; a single last row is added to the batch before it.

    Batch normalization needs more than one value per channel, which one clip on a grid of 1 x 1 does not give.
    """
    batches = list(torch.split(torch.randperm(count, device=device), size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        single = batches.pop()
        batches[-1] = torch.cat([batches[-1], single])
    return batches


def shifted(batch: Tensor, pixels: int) -> Tensor:
    """Move each of (N, ..., H, W) by random whole pixels, -pixels..pixels along both axes; the border is repeated."""
    count, height, width = len(batch), *batch.shape[-2:]
    down, right = torch.randint(-pixels, pixels + 1, (2, count, 1), device=batch.device)
    rows = (torch.arange(height, device=batch.device) - down).clamp(0, height - 1)
    columns = (torch.arange(width, device=batch.device) - right).clamp(0, width - 1)
    clips = torch.arange(count, device=batch.device).view(-1, 1, 1)
    planes = batch.reshape(count, -1, height, width)
    moved = planes.permute(0, 2, 3, 1)[clips, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2).reshape(batch.shape)
