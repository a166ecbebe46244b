"""ResNet-18 without its last layers (He, Zhang, Ren and Sun, CVPR 2016), of which several methods use pieces."""

from __future__ import annotations

from torch import nn

from merlab.methods.dual_branch.global_branch import BLOCKS_PER_STAGE, STAGE_CHANNELS
from merlab.methods.layers import ConvBnRelu, ResidualBlock, scaled

BLOCKS = BLOCKS_PER_STAGE[18]


def stem(channels: int, kernel: int, width: float = 1.0) -> nn.Sequential:
    """A convolution of stride 2 and max-pooling 3 / 2: (N, channels, H, W) -> (N, 64 x width, H / 4, W / 4)."""
    return nn.Sequential(ConvBnRelu(channels, scaled(STAGE_CHANNELS[0], width), kernel, 2), nn.MaxPool2d(3, 2, 1))


def stages(first: int, last: int, width: float = 1.0) -> nn.Sequential:
    """The stages ``first`` to ``last`` of 1 to 4, of two blocks each; each but stage 1 halves both sides."""
    blocks: list[nn.Module] = []
    for number in range(first, last + 1):
        entering, leaving = stage_channels(max(number - 1, 1), width), stage_channels(number, width)
        blocks.append(ResidualBlock(entering, leaving, 1 if number == 1 else 2, "none"))
        blocks += [ResidualBlock(leaving, leaving, 1, "none") for _ in range(BLOCKS[number - 1] - 1)]
    return nn.Sequential(*blocks)


def stage_channels(number: int, width: float = 1.0) -> int:
    """The number of channels after stage 1 to 4: 64, 128, 256, 512, times ``width``."""
    return scaled(STAGE_CHANNELS[number - 1], width)
