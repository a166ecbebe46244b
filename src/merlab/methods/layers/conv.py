"""Convolutions, parallel paths, and the scaling of numbers of channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvBnRelu(nn.Sequential):
    """Convolution without bias, batch normalization and, unless ``relu`` is False, ReLU.

    (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride)); the kernel is odd. ``epsilon`` is
    added to the variances.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        *,
        relu: bool = True,
        epsilon: float = 1e-5,
    ) -> None:
        sides = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (sides[0] // 2, sides[1] // 2)
        layers: list[nn.Module] = [
            nn.Conv2d(in_channels, out_channels, sides, stride, padding, bias=False),
            nn.BatchNorm2d(out_channels, epsilon),
        ]
        if relu:
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)


class Parallel(nn.Module):
    """Parallel paths; their outputs are concatenated along the channels: (N, C, H, W) -> (N, sum of channels, h, w)."""

    def __init__(self, *paths: nn.Module) -> None:
        super().__init__()
        self.paths = nn.ModuleList(paths)

    def forward(self, features: Tensor) -> Tensor:
        """The maps of the paths, in the order of the paths."""
        return torch.cat([path(features) for path in self.paths], dim=1)


def scaled(channels: int, width: float) -> int:
    """A number of channels times ``width``, rounded to a multiple of 8, at least 8; width 1 changes nothing."""
    return channels if width == 1 else max(8, round(channels * width / 8) * 8)
