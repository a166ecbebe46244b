"""Convolutions in a row and side by side, and the scaling of channel counts."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvBnRelu(nn.Sequential):
    """Convolution without bias, batch normalization and, unless ``relu`` is False, ReLU.

    Padded by half the (odd) kernel: (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int | tuple[int, int], stride: int = 1, *, relu: bool = True
    ) -> None:
        sides = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (sides[0] // 2, sides[1] // 2)
        layers: list[nn.Module] = [
            nn.Conv2d(in_channels, out_channels, sides, stride, padding, bias=False),
            nn.BatchNorm2d(out_channels),
        ]
        if relu:
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)


class Parallel(nn.Module):
    """Paths side by side, their outputs concatenated along the channels: (N, C, H, W) -> (N, sum of theirs, h, w)."""

    def __init__(self, *paths: nn.Module) -> None:
        super().__init__()
        self.paths = nn.ModuleList(paths)

    def forward(self, features: Tensor) -> Tensor:
        """The paths' maps, in their order."""
        return torch.cat([path(features) for path in self.paths], dim=1)


def scaled(channels: int, width: float) -> int:
    """A channel count times a width multiplier, rounded to a multiple of 8 and at least 8; width 1 changes nothing."""
    return channels if width == 1 else max(8, round(channels * width / 8) * 8)
