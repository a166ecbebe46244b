"""Train the first layers of a small network a few clips at a time, on a CPU.

The layers are a convolution, ReLU, batch normalization and max pooling. One after the other, they write large maps to
memory and read them again, which takes longer than the arithmetic. Here, fewer steps do so:

- Normalization follows pooling. A positive factor keeps the order of the values, so the largest value of a window stays
  the largest. The large maps only give mean and variance.
- The gradient of the large maps is that of pooling, plus a linear function of each value that passes ReLU, which comes
  from mean and variance.
- Both go through the clips in groups, whose maps stay in the cache of the processor.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from merlab.methods.layers.opaque import Geometry, Pair, block_of, in_blocks, memory_of

KINDS = (nn.Conv2d, nn.ReLU, nn.BatchNorm2d, nn.MaxPool2d)
# Values of the convolved maps of a group: smaller groups spend more time on calls, larger ones on memory.
VALUES_OF_A_GROUP = 2**20
# A variance of a smaller share of the squared mean would consist of the last digits of a sum of squares.
LEAST_SPREAD = 1 / 30


class BlockedSequential(nn.Sequential):
    """``nn.Sequential`` whose first four layers, if they are ``KINDS``, are trained in groups of clips.

    It does so on a CPU in float32, while all factors of the normalization are positive. Outputs and gradients are those
    of ``nn.Sequential``, except for the rounding of sums. Names of parameters, evaluation mode and other devices are as
    in ``nn.Sequential``.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """What the layers give one after the other, for inputs (N, C, H, W)."""
        layers = list(self)
        pooled = _trained(layers[: len(KINDS)], inputs) if _suitable(inputs) else None
        if pooled is not None:
            inputs, layers = pooled, layers[len(KINDS) :]
        for layer in layers:
            inputs = layer(_with_ordered_gradient(inputs) if isinstance(layer, nn.Flatten) else inputs)
        return inputs


def _suitable(inputs: Tensor) -> bool:
    """Whether oneDNN takes these inputs, and in the precision of the layers."""
    onednn = torch.backends.mkldnn
    on_cpu = inputs.device.type == "cpu" and onednn.is_available() and onednn.enabled  # type: ignore[no-untyped-call]
    in_float32 = inputs.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    return bool(on_cpu and in_float32 and torch.is_grad_enabled() and not torch.compiler.is_compiling())


def _trained(layers: list[nn.Module], inputs: Tensor) -> Tensor | None:
    """What the four layers give for inputs (N, C, H, W); None where it must be computed layer by layer."""
    if tuple(map(type, layers)) != KINDS or inputs.ndim != 4:
        return None
    convolution, _, norm, pooling = layers
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert isinstance(pooling, nn.MaxPool2d)
    padding, kernel, bias = convolution.padding, convolution.weight, convolution.bias
    if isinstance(padding, str) or bias is None or not _usual(convolution, norm, pooling):
        return None
    # A positive factor keeps the order of values; ReLU and pooling of oneDNN lose NaN.
    if not (norm.weight > 0).all() or not (inputs.sum() + kernel.sum() + bias.sum()).isfinite():
        return None
    window = _pair(pooling.kernel_size), _pair(pooling.stride), _pair(pooling.padding)
    steps = _pair(padding), _pair(convolution.stride), _pair(convolution.dilation)
    geometry = Geometry(*steps, convolution.groups, *window)
    shapes = {tuple(group.shape) for group in _groups(inputs, convolution.out_channels, geometry.margin)}
    blocks = {block_of(shape, tuple(kernel.shape), geometry, torch.get_num_threads()) for shape in shapes}
    if len(blocks) != 1 or None in blocks:
        return None
    parameters = kernel, bias, norm.weight, norm.bias
    result: Tensor = _PooledConvolution.apply(inputs, *parameters, norm, geometry, blocks.pop())  # type: ignore[no-untyped-call]
    return result


def _usual(convolution: nn.Conv2d, norm: nn.BatchNorm2d, pooling: nn.MaxPool2d) -> bool:
    """Whether normalization is trained, and none of the settings changes what is computed here."""
    tracked = norm.affine and norm.running_mean is not None and norm.momentum is not None
    windows = pooling.dilation == 1 and not pooling.ceil_mode and not pooling.return_indices
    return norm.training and convolution.padding_mode == "zeros" and tracked and windows


def _groups(clips: Tensor, filters: int, margin: Pair) -> tuple[Tensor, ...]:
    """Clips (N, C, H, W) in groups, by the size of their maps after a convolution with so many filters."""
    height, width = clips.shape[2] + 2 * margin[0], clips.shape[3] + 2 * margin[1]
    return torch.split(clips, max(1, VALUES_OF_A_GROUP // (filters * height * width)))


def _pair(value: int | tuple[int, ...]) -> Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _with_ordered_gradient(maps: Tensor) -> Tensor:
    """The same maps; their gradient, which a flattened tensor gives in another order, gets theirs."""
    if maps.requires_grad and maps.ndim == 4 and maps.is_contiguous(memory_format=torch.channels_last):
        maps.register_hook(_channels_last)  # type: ignore[no-untyped-call]
    return maps


def _channels_last(maps: Tensor) -> Tensor:
    return maps.contiguous(memory_format=torch.channels_last)


class _PooledConvolution(torch.autograd.Function):
    """Convolution, ReLU, normalization over the batch, and max pooling of inputs."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        kernel: Tensor,
        bias: Tensor,
        factor: Tensor,
        offset: Tensor,
        norm: nn.BatchNorm2d,
        geometry: Geometry,
        block: int,
    ) -> Tensor:
        """Maps (N, C, H, W), in channels-last memory; the running statistics of ``norm`` are updated."""
        groups = []
        sums = _Sums(block)
        for clips in _groups(inputs, len(kernel), geometry.margin):
            group = _Group.of(clips, kernel, bias, geometry)
            sums.add(group.convolved)
            groups.append(group)
        mean, variance = _statistics(sums, groups, block)
        _update(norm, mean, variance, sums.count)
        pooled = _joined([group.pooled for group in groups], block)
        ctx.how = norm.eps, geometry, block, sums.count
        ctx.save_for_backward(kernel, factor, mean, variance, pooled, *(maps for group in groups for maps in group))
        return F.batch_norm(pooled, mean, variance, factor, offset, eps=norm.eps)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of inputs, if they are needed, and of kernel, bias, factor and offset."""
        eps, geometry, block, count = ctx.how
        kernel, factor, mean, variance, pooled, *maps = ctx.saved_tensors
        scale = torch.rsqrt(variance + eps)
        of_offset = gradient.sum(dim=(0, 2, 3))
        of_factor = (pooled - mean[:, None, None]).mul_(gradient).sum(dim=(0, 2, 3)) * scale
        of_pooled = gradient * (factor * scale)[:, None, None]
        # Through mean and variance, each value changes all others, by slope * value + level.
        slope = -factor * scale.square() * of_factor / count
        level = -factor * scale * of_offset / count - slope * mean
        line = _row(slope, maps[1], block), _row(level, maps[1], block)
        groups = map(_Group, maps[::3], maps[1::3], maps[2::3])
        sizes = [len(inputs) for inputs in maps[::3]]
        parts = zip(torch.split(of_pooled, sizes), torch.split(pooled, sizes), strict=True)
        both = ctx.needs_input_grad[0]
        # The maps of the last group are still in the cache.
        gradients = [
            group.gradients(*part, line, kernel, geometry, block, both)
            for group, part in reversed(list(zip(groups, parts, strict=True)))
        ][::-1]
        of_inputs, of_kernels, of_biases = zip(*gradients, strict=True)
        of_clips = torch.cat([geometry.without_margin(each.to_dense()) for each in of_inputs]) if both else None
        of_kernel, of_bias = torch.stack(of_kernels).sum(dim=0), torch.stack(of_biases).sum(dim=0)
        return of_clips, of_kernel, of_bias, of_factor, of_offset, None, None, None


class _Group(NamedTuple):
    """The opaque maps of some clips: padded inputs, their convolution after ReLU, and its largest values."""

    inputs: Tensor
    convolved: Tensor
    pooled: Tensor

    @classmethod
    def of(cls, clips: Tensor, kernel: Tensor, bias: Tensor, geometry: Geometry) -> _Group:
        """The maps of clips (N, C, H, W)."""
        inputs = geometry.padded(clips)
        convolved = geometry.convolved(inputs, kernel, bias)
        return cls(inputs, convolved.detach(), geometry.pooled(convolved))

    def gradients(
        self,
        of_pooled: Tensor,
        pooled: Tensor,
        line: tuple[Tensor, Tensor],
        kernel: Tensor,
        geometry: Geometry,
        block: int,
        both: bool,
    ) -> tuple[Tensor | None, Tensor, Tensor]:
        """The gradients of inputs (None without ``both``), kernel and bias.

        ``pooled`` and ``of_pooled`` are the largest values and their gradient (N, C, H, W) in torch's memory. The
        memory of the opaque ones is free for the gradient.
        """
        _positive(in_blocks(of_pooled, block), in_blocks(pooled, block), memory_of(self.pooled, block))
        of_convolved = geometry.of_pooled(self.pooled, self.pooled, self.convolved)
        rows, values = _rows(of_convolved, block), _rows(self.convolved, block)
        slope, level = line
        rows.addcmul_(values, slope).add_(level)
        _positive(rows, values, rows)
        return geometry.of_convolved(of_convolved, self.inputs, kernel, both)


class _Sums:
    """Collects sums of the values of each channel, and of their squares, over groups of opaque maps."""

    def __init__(self, block: int) -> None:
        self.block = block
        self.count = 0
        self.values: list[Tensor] = []
        self.squares: list[Tensor] = []

    def add(self, maps: Tensor, center: Tensor | None = None) -> None:
        """Add maps (N, C, H, W), or their differences from ``center`` (C,)."""
        rows = _rows(maps, self.block)
        if center is not None:
            rows = rows - _row(center, maps, self.block)
        # With one block, short rows stay in the cache; several are told apart by their place in a clip.
        columns = rows.flatten(0, 2) if rows.shape[1] == 1 else rows.flatten(1)
        zeros, ones = columns.new_zeros(columns.shape[1]), columns.new_ones(columns.shape[1])
        # The gradients of a normalization are the sums of a gradient and of its products with values: here, itself.
        how = None, None, None, zeros, ones, True, 0.0, [False, True, True]
        _, squares, values = torch.ops.aten.native_batch_norm_backward(columns, columns, *how)
        self.values.append(values)
        self.squares.append(squares)
        self.count += maps.numel() // maps.shape[1]

    def moments(self, channels: int) -> tuple[Tensor, Tensor]:
        """The mean and the variance of each channel (C,), in double precision."""
        sums = torch.stack([*self.values, *self.squares]).double()
        by_channel = sums.view(2, len(self.values), channels // self.block, -1, self.block)
        mean, square = by_channel.sum(dim=(1, 3)).flatten(1) / self.count
        return mean, (square - mean.square()).clamp(min=0)


def _statistics(sums: _Sums, groups: list[_Group], block: int) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel (C,) of the convolved maps, whose sums are given."""
    channels = groups[0].convolved.shape[1]
    mean, variance = sums.moments(channels)
    if (variance < LEAST_SPREAD * mean.square()).any():
        center, deviations = mean.float(), _Sums(block)
        for group in groups:
            deviations.add(group.convolved, center)
        shift, variance = deviations.moments(channels)
        mean = center + shift
    return mean.float(), variance.float()


def _rows(maps: Tensor, block: int) -> Tensor:
    """The memory of opaque maps as rows (N, C / block, H, W * block)."""
    return memory_of(maps, block).flatten(3)


def _row(values: Tensor, maps: Tensor, block: int) -> Tensor:
    """A value of each channel (C,) for all rows of these maps (C / block, 1, W * block)."""
    return values.view(-1, 1, 1, block).expand(-1, 1, maps.shape[3], block).flatten(2)


def _positive(gradient: Tensor, values: Tensor, result: Tensor) -> None:
    """The gradient where values are positive, elsewhere 0, into ``result``."""
    torch.ops.aten.threshold_backward.grad_input(gradient, values, 0, grad_input=result)


def _joined(groups: list[Tensor], block: int) -> Tensor:
    """Opaque maps of groups as one tensor (N, C, H, W) in channels-last memory."""
    blocks = torch.cat([memory_of(group, block) for group in groups])
    return _channels_last(blocks.permute(0, 1, 4, 2, 3).flatten(1, 2))


def _update(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, count: int) -> None:
    """Update the running statistics, as the layer does."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    assert norm.momentum is not None
    norm.num_batches_tracked.add_(1)
    norm.running_mean.lerp_(mean, norm.momentum)
    norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)
