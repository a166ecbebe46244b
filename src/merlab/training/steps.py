"""The pieces of a training step: random batches, loss, optimizer.

This file and the loops need nothing but torch; ``benchmarks/gpu.py`` runs where the other libraries are absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.spelling import counted
from merlab.training.without_compiler import made

if TYPE_CHECKING:
    from merlab.training.settings import TrainingSettings

MOMENTUM = 0.9
SUM_OF_PROBABILITIES = 1e-5  # how far rounding takes it from 1


class NetworkWithLoss(nn.Module):
    """A network with its own loss, instead of the cross-entropy of its logits.

    In evaluation mode it returns logits (N, classes), as every network; in training mode, what ``loss`` needs.
    """

    def loss(self, outputs: Any, labels: Tensor, weights: Tensor | None) -> Tensor:
        """The loss () of a batch: ``outputs`` in training mode, labels (N,), class weights (classes,)."""
        raise NotImplementedError


@runtime_checkable
class NetworkWithUnits(Protocol):
    """A network with a second head, which predicts the intensities of action units."""

    def heads(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, classes) as ``forward`` gives them, and intensities (N, units)."""


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
    }
    if settings.optimizer == "rmsprop":
        return made(torch.optim.RMSprop, module.parameters(), capturable=rate is not None, **common)
    if settings.optimizer == "sgd":
        return made(torch.optim.SGD, module.parameters(), momentum=MOMENTUM, fused=True, **common)
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return made(kind, module.parameters(), capturable=rate is not None, fused=True, **common)


def in_memory_format(module: nn.Module, *, channels_last: bool) -> nn.Module:
    """The module; if the settings request it, its kernels of images (out, in, H, W) are in channels-last order.

    Kernels of sequences (out, in, T, H, W) stay as they are.
    """
    if channels_last:
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.ndim == 4:
                tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)
    return module


def require_logits(module: nn.Module, outputs: object, clips: int, classes: int) -> None:
    """Raises MerlabError for outputs that are not one tensor of logits (clips, classes), unless the loss is its own."""
    if isinstance(module, NetworkWithLoss) or (isinstance(outputs, Tensor) and outputs.shape == (clips, classes)):
        return
    given = f"a tensor of shape {tuple(outputs.shape)}" if isinstance(outputs, Tensor) else type(outputs).__name__
    raise MerlabError(
        f"the network returned {given} for {counted(clips, 'clip')} and {classes} classes; it must return one tensor "
        f"of logits of shape ({clips}, {classes}), also for a single clip"
    )


def refuse_probabilities(module: nn.Module, outputs: Tensor) -> None:
    """Raises MerlabError for outputs that went through a softmax already: through two, no class gets near 1 or 0."""
    if isinstance(module, NetworkWithLoss) or (outputs < 0).any():
        return
    if (abs(outputs.detach().sum(dim=1) - 1) < SUM_OF_PROBABILITIES).all():
        raise MerlabError(
            "the network returned probabilities, whose sum is 1 for every clip; it must return logits: leave the "
            "softmax at its end out, because the loss applies it"
        )


def training_loss(
    module: nn.Module, outputs: Any, labels: Tensor, weights: Tensor | None, smoothing: float = 0.0
) -> Tensor:
    """The network's own loss if it has one, otherwise the class-weighted cross-entropy of its logits.

    Raises MerlabError for ``smoothing`` of labels with a network that has its own loss.
    """
    if isinstance(module, NetworkWithLoss):
        if smoothing:
            raise MerlabError("a network with its own loss takes labels as they are; set label_smoothing to 0")
        return module.loss(outputs, labels, weights)
    return F.cross_entropy(outputs.float(), labels, weights, label_smoothing=smoothing)


def unit_loss(predicted: Tensor, intensities: Tensor) -> Tensor:
    """The mean squared error () of predicted intensities of action units (N, units).

    Clips without known intensities, which are NaN, have no influence. Raises MerlabError if the network predicts
    another number of action units.
    """
    if predicted.shape != intensities.shape:
        raise MerlabError(
            f"the network predicts {predicted.shape[1]} intensities of action units, but the clips have "
            f"{intensities.shape[1]}; choose a network with as many, or set unit_loss to 0"
        )
    known = ~intensities.isnan()
    errors = torch.where(known, predicted.float() - intensities, 0.0)
    return errors.square().sum() / known.sum().clamp(min=1)


def masked_loss(logits: Tensor, labels: Tensor, weights: Tensor | None, mask: Tensor, smoothing: float = 0.0) -> Tensor:
    """The same cross-entropy over the rows whose ``mask`` (N,) is 1; the rows with 0 have no influence."""
    each = F.cross_entropy(logits.float(), labels, weights, reduction="none", label_smoothing=smoothing)
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


def drawn_batches(labels: Tensor, size: int, number: int, generator: torch.Generator | None = None) -> list[Tensor]:
    """``number`` batches of ``size`` rows, drawn with replacement; every class that occurs is equally likely."""
    chances = 1 / torch.bincount(labels).double()
    drawn = torch.multinomial(chances[labels], size * number, replacement=True, generator=generator)
    return list(torch.split(drawn, size))


def epoch_batches(
    settings: TrainingSettings, labels: Tensor, generator: torch.Generator | None = None, synthetic: int = 0
) -> list[Tensor]:
    """The rows of every batch of one epoch: all rows in random order, or with ``settings.steps`` drawn ones.

    With ``synthetic`` clips in the rows after those of the labels, each batch has the share of them that the settings
    state; they are drawn with replacement and follow the real ones.
    """
    drawn = round(settings.synthetic_share * settings.batch_size) if synthetic else 0
    size = settings.batch_size - drawn
    if settings.steps is None:
        batches = random_batches(len(labels), size, labels.device, generator)
    else:
        batches = drawn_batches(labels, size, settings.steps, generator)
    if not drawn:
        return batches
    shape = (len(batches), drawn)
    chosen = len(labels) + torch.randint(synthetic, shape, device=labels.device, generator=generator)
    return [torch.cat(pair) for pair in zip(batches, chosen, strict=True)]


def batch_sizes(count: int, size: int) -> list[int]:
    """The sizes of the batches of one epoch; a last batch of 1 is added to the batch before it."""
    sizes = [size] * (count // size) + ([count % size] if count % size else [])
    return [*sizes[:-2], sizes[-2] + 1] if len(sizes) > 1 and sizes[-1] == 1 else sizes


def sizes_of_batches(settings: TrainingSettings, count: int) -> list[int]:
    """The sizes of the batches of one epoch of ``count`` clips under the settings."""
    if settings.steps is None:
        return batch_sizes(count, settings.batch_size)
    return [settings.batch_size] * settings.steps


def outputs_of(forward: Callable[[Tensor], Any], batch: Tensor, *, channels_last: bool, reduced: bool) -> Any:
    """The outputs of a network for a batch in memory order; ``reduced`` computes in bfloat16 where autocast can."""
    batch = in_memory_order(batch, channels_last=channels_last)
    with torch.autocast(batch.device.type, torch.bfloat16, enabled=reduced):
        return forward(batch)


def in_memory_order(batch: Tensor, *, channels_last: bool) -> Tensor:
    """A batch in contiguous memory; an image batch (N, C, H, W) in channels-last order if the settings request it."""
    ordered = channels_last and batch.ndim == 4
    return batch.contiguous(memory_format=torch.channels_last if ordered else torch.contiguous_format)
