"""The global branch: a residual network with attention in every block; the default is CBAM, as in the paper."""

from __future__ import annotations

from typing import Annotated

import torch.nn.functional as F
from torch import Tensor, nn

from merlab.methods.layers import Attention, AttentionName, ConvBnRelu, OneOf, scaled

STAGE_CHANNELS = (64, 128, 256, 512)
BLOCKS_PER_STAGE = {12: (2, 1, 2), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
Depth = Annotated[int, OneOf("depths", tuple(BLOCKS_PER_STAGE))]


class ResidualBlock(nn.Module):
    """The basic block of Figure 2a, with attention (for CBAM: Woo et al., Figure 3) before the residual sum.

    (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, attention: AttentionName = "cbam") -> None:
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


class GlobalBranch(nn.Module):
    """ResNet12, 18 or 34 with attention: (N, channels, H, W) -> (N, out_channels, h, w).

    The sides h and w are those of the input divided by 8 stem_stride (depth 12) or 16 stem_stride (18, 34), rounded up.
    The paper gives depths and blocks, but no widths. The stem of two convolutions, the stages of 64, 128, 256 (512)
    channels and their numbers of blocks are merlab's reconstruction from Table 7. Depth 12 counts the 2 convolutions of
    the stem and the 10 of the blocks.
    """

    def __init__(
        self,
        channels: int,
        depth: int = 12,
        width: float = 1.0,
        stem_stride: int = 2,
        attention: AttentionName = "cbam",
    ) -> None:
        super().__init__()
        last = scaled(STAGE_CHANNELS[0], width)
        layers: list[nn.Module] = [
            ConvBnRelu(channels, scaled(32, width), 3, stem_stride),
            ConvBnRelu(scaled(32, width), last, 3),
        ]
        for stage_channels, blocks in zip(STAGE_CHANNELS, BLOCKS_PER_STAGE[depth], strict=False):
            for position in range(blocks):
                stride = 2 if position == 0 else 1
                layers.append(ResidualBlock(last, scaled(stage_channels, width), stride, attention))
                last = scaled(stage_channels, width)
        self.layers = nn.Sequential(*layers)
        self.out_channels = last

    def forward(self, view: Tensor) -> Tensor:
        """The global feature map F_G."""
        features: Tensor = self.layers(view)
        return features
