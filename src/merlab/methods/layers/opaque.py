"""Maps in the memory of oneDNN, the library that computes convolution and pooling on a CPU.

oneDNN keeps maps in blocks of channels. Torch's opaque tensors (``to_mkldnn``) stay in them from one layer to the next;
what oneDNN cannot compute, or slowly, works on their memory in place.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

# Channels of a block, by the width of the processor's registers.
BLOCKS = (16, 8, 4)

Pair = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """Stride, dilation and groups of a convolution without padding, and window, step and padding of a max pooling."""

    stride: Pair
    dilation: Pair
    groups: int
    window: Pair
    step: Pair
    border: Pair

    def convolved(self, maps: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        """The convolution of opaque maps (N, C, H, W)."""
        return torch.conv2d(maps, kernel, bias, self.stride, 0, self.dilation, self.groups)

    def of_convolved(self, gradient: Tensor, maps: Tensor, kernel: Tensor, both: bool) -> tuple[Tensor | None, Tensor]:
        """The gradients of maps (None without ``both``) and of the kernel, for that of ``convolved``."""
        how = self.stride, (0, 0), self.dilation, False, [0, 0], self.groups, [both, True, False]
        of_maps, of_kernel, _ = torch.ops.aten.convolution_backward(gradient, maps, kernel, None, *how)
        return of_maps, of_kernel

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
        maps = torch.randn(shape, generator=random).to_mkldnn()
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
