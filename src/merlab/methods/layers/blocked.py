"""Train the first layers of a small network in oneDNN's own memory format, on a CPU.

Between two layers, torch keeps maps in its own order. oneDNN, the library that computes them, works in blocks of 8 or
16 channels, so that every convolution converts its maps from and to torch's order; for few channels, that takes longer
than the convolution. Torch's opaque tensors (``to_mkldnn``) stay in blocks from one layer to the next.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

KINDS = (nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d)


class BlockedSequential(nn.Sequential):
    """``nn.Sequential`` whose first layers, as far as they are ``KINDS``, are trained in oneDNN's format.

    It does so on a CPU in float32; outputs and gradients are those of ``nn.Sequential``, except for the rounding of
    sums. Names of parameters, evaluation mode and other devices are as in ``nn.Sequential``.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """What the layers give one after the other, for inputs (N, C, H, W)."""
        layers = list(self)
        count = next((place for place, layer in enumerate(layers) if type(layer) not in KINDS), len(layers))
        if count and self.training and _suitable(inputs):
            maps = inputs.contiguous().to_mkldnn()
            for layer in layers[:count]:
                maps = _convolved(layer, maps) if isinstance(layer, nn.Conv2d) else layer(maps)
            inputs, layers = _channels_last(maps.to_dense()), layers[count:]
        for layer in layers:
            inputs = layer(_with_ordered_gradient(inputs) if isinstance(layer, nn.Flatten) else inputs)
        return inputs


def _suitable(inputs: Tensor) -> bool:
    """Whether oneDNN takes these inputs, and in the precision of the layers."""
    on_cpu = inputs.device.type == "cpu" and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    in_float32 = inputs.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    return on_cpu and in_float32 and torch.is_grad_enabled() and not torch.compiler.is_compiling()


def _with_ordered_gradient(maps: Tensor) -> Tensor:
    """The same maps; their gradient, which a flattened tensor gives in another order, gets theirs."""
    if maps.requires_grad and maps.ndim == 4 and maps.is_contiguous(memory_format=torch.channels_last):
        maps.register_hook(_channels_last)  # type: ignore[no-untyped-call]
    return maps


def _channels_last(maps: Tensor) -> Tensor:
    return maps.contiguous(memory_format=torch.channels_last)


def _convolved(layer: nn.Conv2d, maps: Tensor) -> Tensor:
    """A convolution in blocks, with padding of zeros."""
    if layer.bias is None:
        result: Tensor = layer(maps)
    else:
        shape = layer.stride, layer.padding, layer.dilation, layer.groups
        result = _Convolution.apply(maps, layer.weight, layer.bias, shape)  # type: ignore[no-untyped-call]
    return result


class _Convolution(torch.autograd.Function):
    """A convolution whose bias gets its gradient from averages: oneDNN's own needs as long as the kernel's gradient."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, kernel: Tensor, bias: Tensor, shape: tuple[Any, ...]) -> Tensor:
        """The convolution of maps in blocks (N, C, H, W); ``shape`` is stride, padding, dilation and groups."""
        ctx.save_for_backward(maps, kernel)
        ctx.shape = shape
        return torch.conv2d(maps, kernel, bias, *shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of maps, kernel and bias; none of ``shape``."""
        maps, kernel = ctx.saved_tensors
        stride, padding, dilation, groups = ctx.shape
        wanted = [ctx.needs_input_grad[0], True, False]
        of_maps, of_kernel, _ = torch.ops.aten.convolution_backward(
            gradient, maps, kernel, None, stride, padding, dilation, False, [0, 0], groups, wanted
        )
        averages = torch.ops.aten.mkldnn_adaptive_avg_pool2d(gradient, [1, 1]).to_dense()
        of_bias = averages.sum((0, 2, 3)) * (gradient.shape[2] * gradient.shape[3])
        return of_maps, of_kernel, of_bias, None
