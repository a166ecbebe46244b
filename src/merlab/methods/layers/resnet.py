"""Residual networks: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", CVPR 2016."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from merlab.methods.layers.attention import Attention, AttentionName
from merlab.methods.layers.conv import ConvBnRelu, scaled

STAGES = (64, 128, 256, 512)
BLOCKS = 2


class ResidualBlock(nn.Module):
    """The basic block, with attention (for CBAM: Woo et al., Figure 3) before the residual sum.

    (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, attention: AttentionName = "none") -> None:
        super().__init__()
        self.residual = nn.Sequential(
            ConvBnRelu(in_channels, out_channels, 3, stride),
            ConvBnRelu(out_channels, out_channels, 3, relu=False),
            Attention(attention, out_channels),
        )
        same = stride == 1 and in_channels == out_channels
        self.shortcut = nn.Identity() if same else ConvBnRelu(in_channels, out_channels, 1, stride, relu=False)

    def forward(self, features: Tensor) -> Tensor:
        """ReLU of residual plus shortcut."""
        return F.relu(self.residual(features) + self.shortcut(features), inplace=True)


def residual_stem(channels: int, kernel: int, width: float = 1.0) -> nn.Sequential:
    """A convolution of stride 2 and max-pooling 3 / 2: (N, channels, H, W) -> (N, 64 x width, H / 4, W / 4)."""
    return nn.Sequential(ConvBnRelu(channels, stage_channels(1, width), kernel, 2), nn.MaxPool2d(3, 2, 1))


def residual_stages(first: int, last: int, width: float = 1.0) -> nn.Sequential:
    """Stages ``first`` to ``last`` of 1 to 4, of two blocks each; each but stage 1 halves both sides."""
    blocks: list[nn.Module] = []
    for number in range(first, last + 1):
        entering, leaving = stage_channels(max(number - 1, 1), width), stage_channels(number, width)
        blocks.append(ResidualBlock(entering, leaving, 1 if number == 1 else 2))
        blocks += [ResidualBlock(leaving, leaving, 1) for _ in range(BLOCKS - 1)]
    return nn.Sequential(*blocks)


def stage_channels(number: int, width: float = 1.0) -> int:
    """The number of maps after stage 1 to 4: 64, 128, 256, 512, times ``width``."""
    return scaled(STAGES[number - 1], width)


class ResNet18(nn.Sequential):
    """ResNet-18 up to its last maps: (N, channels, H, W) -> (N, 512 x width, h, w); 224 pixels become 7.

    Attributes:
        width: factor of all numbers of maps.
        stages: number of stages, at most four; each but the first halves the maps.
        small: for small inputs: the stem is a 3 x 3 convolution without stride, and nothing is pooled.
        pooled: whether the published stem, a 7 x 7 convolution of stride 2, is followed by max-pooling 3 / 2.
        out_channels: number of maps.

    """

    def __init__(
        self, channels: int, width: float = 1.0, *, stages: int = len(STAGES), small: bool = False, pooled: bool = True
    ) -> None:
        if pooled and not small:
            stem: nn.Module = residual_stem(channels, 7, width)
        else:
            stem = ConvBnRelu(channels, stage_channels(1, width), 3 if small else 7, 1 if small else 2)
        super().__init__(stem, residual_stages(1, stages, width))
        self.out_channels = stage_channels(stages, width)
