"""The pieces of a training step: random batches, augmentation, loss, optimizer, learning rate.

This file and the loops need nothing but torch; ``benchmarks/gpu.py`` runs where the other libraries are absent.
"""

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


def make_optimizer(
    settings: TrainingSettings, module: nn.Module, *, rate: Tensor | None = None
) -> torch.optim.Optimizer:
    """The optimizer of the settings. ``rate`` () holds the learning rate on a GPU, where a CUDA graph reads it."""
    common: dict[str, Any] = {
        "lr": settings.learning_rate if rate is None else rate,
        "weight_decay": settings.weight_decay,
        "fused": True,
    }
    if settings.optimizer == "sgd":
        return torch.optim.SGD(module.parameters(), momentum=MOMENTUM, **common)
    return torch.optim.Adam(module.parameters(), capturable=rate is not None, **common)


def learning_rate(settings: TrainingSettings, done: int) -> float:
    """The learning rate of the epoch after ``done`` epochs: a step decay."""
    rate = settings.learning_rate
    for _ in range(done // settings.decay_every):
        rate *= settings.decay
    return rate


def training_loss(module: nn.Module, outputs: Any, labels: Tensor, weights: Tensor | None) -> Tensor:
    """The network's own loss if it has one, otherwise the class-weighted cross-entropy of its logits."""
    if isinstance(module, NetworkWithLoss):
        return module.loss(outputs, labels, weights)
    return F.cross_entropy(outputs.float(), labels, weights)


def masked_loss(logits: Tensor, labels: Tensor, weights: Tensor | None, mask: Tensor) -> Tensor:
    """The same cross-entropy over the rows whose ``mask`` (N,) is 1; the rows with 0 have no influence."""
    each = F.cross_entropy(logits.float(), labels, weights, reduction="none")
    share = mask if weights is None else mask * weights[labels]
    return (each * mask).sum() / share.sum()


def balanced_weights(labels: Tensor, classes: int) -> Tensor:
    """One weight per class (classes,): N / (classes present x clips of the class); 0 for a class without clips."""
    counts = torch.bincount(labels, minlength=classes).float()
    return torch.where(counts > 0, len(labels) / ((counts > 0).sum() * counts.clamp(min=1)), 0.0)


def random_batches(
    count: int, size: int, device: torch.device, generator: torch.Generator | None = None
) -> list[Tensor]:
    """Rows 0..count-1 in random order, divided into batches; a single last row is added to the batch before it.

    Batch normalization needs more than one value per channel, which one clip on a grid of 1 x 1 does not give.
    """
    order = torch.randperm(count, device=device, generator=generator)
    return list(torch.split(order, batch_sizes(count, size)))


def batch_sizes(count: int, size: int) -> list[int]:
    """The sizes of the batches of one epoch; a last batch of 1 is added to the batch before it."""
    sizes = [size] * (count // size) + ([count % size] if count % size else [])
    return [*sizes[:-2], sizes[-2] + 1] if len(sizes) > 1 and sizes[-1] == 1 else sizes


def augmented(
    batch: Tensor, settings: TrainingSettings, mirror: Mirror | None, generator: torch.Generator | None = None
) -> Tensor:
    """A batch (N, ..., H, W), randomly mirrored and shifted as the settings say."""
    if settings.mirror and mirror is not None:
        chosen = torch.rand(len(batch), device=batch.device, generator=generator) < 0.5
        batch = torch.where(chosen.view(-1, *[1] * (batch.ndim - 1)), mirror(batch), batch)
    return shifted(batch, settings.shift, generator) if settings.shift else batch


def shifted(batch: Tensor, pixels: int, generator: torch.Generator | None = None) -> Tensor:
    """Move each of (N, ..., H, W) by random whole pixels, -pixels..pixels along both axes; the border is repeated."""
    count, height, width = len(batch), *batch.shape[-2:]
    down, right = torch.randint(-pixels, pixels + 1, (2, count, 1), device=batch.device, generator=generator)
    rows = (torch.arange(height, device=batch.device) - down).clamp(0, height - 1)
    columns = (torch.arange(width, device=batch.device) - right).clamp(0, width - 1)
    clips = torch.arange(count, device=batch.device).view(-1, 1, 1)
    planes = batch.reshape(count, -1, height, width)
    moved = planes.permute(0, 2, 3, 1)[clips, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2).reshape(batch.shape)


def in_memory_order(batch: Tensor, *, channels_last: bool) -> Tensor:
    """A batch in contiguous memory; an image batch (N, C, H, W) in channels-last order if the settings request it."""
    ordered = channels_last and batch.ndim == 4
    return batch.contiguous(memory_format=torch.channels_last if ordered else torch.contiguous_format)
