"""A network whose training step is the same list of kernels for every batch, so that it can be captured and compiled.

Two kinds of layers prevent this. Dropout draws random numbers inside of the step, so ``FedDropout`` gets them from
outside. Batch normalization depends on the number of rows, so ``MaskedBatchNorm`` leaves the padding rows out.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from merlab.errors import MerlabError

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class FedDropout(nn.Module):
    """Dropout of which ``draw`` writes the random factors, 0 or 1 / (1 - p), before each step.

    On a CPU the factors are those that ``nn.Dropout`` draws from a generator in the same state.
    """

    factors: Tensor

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, features: Tensor) -> Tensor:
        """The features (N, ...) times their factors."""
        return features * self.factors[: len(features)].to(features.dtype)

    def draw(self, rows: int, generator: torch.Generator) -> None:
        """Write new factors for this number of rows; a p of 0 or 1 draws no numbers, like ``nn.Dropout``."""
        keep = 1 - self.p
        if 0 < keep < 1:
            self.factors[:rows].bernoulli_(keep, generator=generator).div_(keep)
        else:
            self.factors.fill_(keep)


class _Watched(FedDropout):
    """Notes the shape and the order of its calls in ``order``."""

    def __init__(self, name: str, order: list[tuple[str, Tensor]]) -> None:
        super().__init__(0)
        self.name = name
        self.order = order

    def forward(self, features: Tensor) -> Tensor:
        self.order.append((self.name, features.detach()))
        return features


class MaskedBatchNorm(nn.Module):
    """Batch normalization over the rows whose ``mask`` (N,) is 1; it shares weights and statistics with ``original``.

    Mean and variance are computed in one pass over the values, in float32 or better.
    """

    mask: Tensor

    def __init__(self, original: _BatchNorm, mask: Tensor) -> None:
        super().__init__()
        if not original.track_running_stats or original.momentum is None:
            raise MerlabError(
                "a batch normalization without running statistics or momentum cannot be trained on batches of a fixed "
                "shape; set the training setting loop to accelerated or plain"
            )
        self.momentum, self.eps = original.momentum, original.eps
        self.weight, self.bias = original.weight, original.bias
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            self.register_buffer(name, getattr(original, name))
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, ...) -> the same shape, normalized by the statistics of the rows with mask 1."""
        dims = [axis for axis in range(features.ndim) if axis != 1]
        shape = [1, -1, *[1] * (features.ndim - 2)]
        values = features if features.dtype == torch.float64 else features.float()
        running_mean, running_var = self.running_mean, self.running_var
        assert isinstance(running_mean, Tensor)
        assert isinstance(running_var, Tensor)
        # The difference of squares below is accurate only near the mean; any one value of the channel is near enough.
        shift = values.detach()[0].flatten(1)[:, 0] if features.ndim > 2 else values.detach()[0]
        centered = values - shift.view(shape)
        mask = self.mask.to(values.dtype)
        counted = centered * mask.view(-1, *[1] * (features.ndim - 1))
        count = mask.sum() * (features[0, 0].numel())
        mean = counted.sum(dims) / count
        variance = ((counted * centered).sum(dims) / count - mean.square()).clamp(min=0)
        with torch.no_grad():
            self.num_batches_tracked.add_(1)  # type: ignore[operator]
            running_mean.lerp_(mean.detach() + shift, self.momentum)
            unbiased = variance.detach() * (count / (count - 1))
            running_var.lerp_(unbiased, self.momentum)
        scale = (variance + self.eps).rsqrt()
        offset = -mean * scale
        if self.weight is not None:
            scale, offset = scale * self.weight, offset * self.weight + self.bias
        return (centered * scale.view(shape) + offset.view(shape)).to(features.dtype)


def sharing_copy(module: nn.Module) -> nn.Module:
    """A copy of the structure of a network with the same parameters and buffers: training the copy trains both."""
    shared = [*module.parameters(), *module.buffers()]
    return copy.deepcopy(module, {id(tensor): tensor for tensor in shared})


def feed_dropout(module: nn.Module, batch: Tensor) -> list[FedDropout]:
    """Replace every ``nn.Dropout`` of a network; returns the new ones in the order in which the network calls them.

    One that the network keeps in evaluation mode stays. ``batch`` is the largest that will come. Raises MerlabError for
    a dropout that is called twice in one step, and for a network that draws other random numbers: they would be drawn
    once and then replayed.
    """
    order: list[tuple[str, Tensor]] = []
    trial = copy.deepcopy(module)
    trial.train()
    names = [name for name, child in trial.named_modules() if type(child) is nn.Dropout and child.training]
    for name in names:
        _replace(trial, name, _Watched(name, order))
    before = _random_state(batch.device)
    with torch.no_grad():
        trial(batch)
    if not torch.equal(before, _random_state(batch.device)):
        raise MerlabError(
            "a network that draws random numbers outside of nn.Dropout cannot be captured; set the training setting "
            "loop to plain"
        )
    called = [name for name, _ in order]
    if len(set(called)) != len(called):
        raise MerlabError(
            "a dropout layer that is called twice in one step cannot be captured; set the training setting loop to "
            "plain"
        )
    fed = []
    for name, features in order:
        dropout = FedDropout(module.get_submodule(name).p)  # type: ignore[arg-type]
        dropout.register_buffer("factors", torch.ones_like(features), persistent=False)
        _replace(module, name, dropout)
        fed.append(dropout)
    return fed


def mask_batch_norms(module: nn.Module, mask: Tensor) -> None:
    """Replace every batch normalization of a network by one that leaves the rows with ``mask`` (N,) 0 out.

    One that the network keeps in evaluation mode stays: it does not depend on the other rows.
    """
    for name in [name for name, child in module.named_modules() if type(child) in BATCH_NORMS and child.training]:
        original = module.get_submodule(name)
        assert isinstance(original, _BatchNorm)
        _replace(module, name, MaskedBatchNorm(original, mask))


def tensors_of(optimizer: torch.optim.Optimizer) -> Iterator[Tensor]:
    """The tensors in the state of an optimizer, in the order of its parameters."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            for _, value in sorted(optimizer.state[parameter].items()):
                if isinstance(value, Tensor):
                    yield value


def _random_state(device: torch.device) -> Tensor:
    """The state of the global random numbers of a device."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _replace(module: nn.Module, name: str, new: nn.Module) -> None:
    parent, _, child = name.rpartition(".")
    setattr(module.get_submodule(parent), child, new)
