"""Maps in the memory of oneDNN, the library that computes convolution and pooling on a CPU.

oneDNN keeps maps in blocks of channels. Torch's opaque tensors (``to_mkldnn``) stay in them from one layer to the next;
what oneDNN cannot compute, or slowly, works on their memory in place.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

# Channels of a block, by the width of the processor's registers.
BLOCKS = (16, 8, 4)

Pair = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """Padding, stride, dilation and groups of a convolution, and window, step and padding of a max pooling."""

    margin: Pair
    stride: Pair
    dilation: Pair
    groups: int
    window: Pair
    step: Pair
    border: Pair

    def padded(self, clips: Tensor) -> Tensor:
        """Opaque clips (N, C, H, W) with zeros around them.

        With them, oneDNN finds the gradient of the kernel in two thirds of the time.
        """
        (*shape, rows, columns), (height, width) = clips.shape, self.margin
        size = *shape, rows + 2 * height, columns + 2 * width
        maps = clips.new_empty(size, layout=torch._mkldnn)  # type: ignore[attr-defined]
        memory = memory_of(maps, 1).squeeze(4).zero_()
        memory[:, :, height : height + rows, width : width + columns] = clips
        return maps

    def convolved(self, maps: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        """The convolution of padded maps (N, C, H, W), after ReLU."""
        how = (0, 0), self.stride, self.dilation, self.groups
        convolved: Tensor = torch.ops.mkldnn._convolution_pointwise(maps, kernel, bias, *how, "relu", [], "")
        return convolved

    def of_convolved(
        self, gradient: Tensor, maps: Tensor, kernel: Tensor, both: bool
    ) -> tuple[Tensor | None, Tensor, Tensor]:
        """The gradients of maps (None without ``both``), kernel and bias, for that of the convolution before ReLU."""
        how = [len(kernel)], self.stride, (0, 0), self.dilation, False, [0, 0], self.groups, [both, True, True]
        of_maps, of_kernel, of_bias = torch.ops.aten.convolution_backward(gradient, maps, kernel, *how)
        return of_maps, of_kernel, of_bias

    def without_margin(self, maps: Tensor) -> Tensor:
        """Maps (N, C, H, W) of torch without the zeros of ``padded``."""
        height, width = self.margin
        return F.pad(maps, (-width, -width, -height, -height))

    def pooled(self, maps: Tensor) -> Tensor:
        """The largest value of each window of opaque maps; the tensor also holds where it was."""
        with torch.enable_grad():
            return torch.max_pool2d(maps.requires_grad_(), self.window, self.step, self.border).detach()

    def of_pooled(self, gradient: Tensor, pooled: Tensor, maps: Tensor) -> Tensor:
        """The gradient of the maps for that of ``pooled``, which may be ``pooled`` itself: its places are apart."""
        how = self.window, self.step, self.border
        of_maps: Tensor = torch.ops.aten.mkldnn_max_pool2d_backward(gradient, pooled, maps, *how)
        return of_maps


@lru_cache(maxsize=64)
def block_of(shape: tuple[int, ...], kernel_shape: tuple[int, ...], geometry: Geometry, _threads: int) -> int | None:
    """The channels of a block of the maps that oneDNN makes from (N, C, H, W), by comparing memory with values.

    It may choose another order of memory with other numbers of threads. None where the memory cannot be read, or is in
    another order.
    """
    random = torch.Generator().manual_seed(0)
    try:
        clips = torch.randn(shape, generator=random)
        maps = geometry.padded(clips)
        if not torch.equal(geometry.without_margin(maps.to_dense()), clips):
            return None
        kernel = torch.randn(kernel_shape, generator=random)
        convolved = geometry.convolved(maps, kernel, torch.zeros(kernel_shape[0]))
        pooled = geometry.pooled(convolved)
        made = convolved.detach(), pooled, geometry.of_pooled(pooled, pooled, convolved)
        return next((block for block in BLOCKS if all(_has_blocks(each, block) for each in made)), None)
    except (AttributeError, RuntimeError, ValueError):
        return None


def _has_blocks(maps: Tensor, block: int) -> bool:
    whole = maps.shape[1] % block == 0 and torch.ops.mkldnn._nbytes(maps) == 4 * maps.numel()
    return whole and torch.equal(memory_of(maps, block), in_blocks(maps.to_dense(), block))


def memory_of(maps: Tensor, block: int) -> Tensor:
    """The memory of opaque maps (N, C, H, W) as (N, C / block, H, W, block), for as long as the maps exist."""
    count, channels, height, width = maps.shape
    values = (ctypes.c_float * maps.numel()).from_address(torch.ops.mkldnn.data_ptr(maps))
    return torch.frombuffer(values, dtype=torch.float32).view(count, channels // block, height, width, block)


def in_blocks(maps: Tensor, block: int) -> Tensor:
    """Maps (N, C, H, W) of torch with the dimensions of ``memory_of``."""
    count, channels, height, width = maps.shape
    return maps.view(count, channels // block, block, height, width).permute(0, 1, 3, 4, 2)
