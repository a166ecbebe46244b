"""The global branch: a residual network with attention in every block; the default is CBAM, as in the paper."""

from __future__ import annotations

from typing import Annotated

from torch import Tensor, nn

from merlab.methods.layers import AttentionName, ConvBnRelu, OneOf, ResidualBlock, scaled
from merlab.methods.layers.zoo import ZooNames, residual_names

STAGE_CHANNELS = (64, 128, 256, 512)
BLOCKS_PER_STAGE = {12: (2, 1, 2), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
Depth = Annotated[int, OneOf("depths", tuple(BLOCKS_PER_STAGE))]
STEM_LAYERS = 2


def residual_zoo(branch: str, depth: int = 12) -> ZooNames:
    """The residual blocks of a ``GlobalBranch`` named ``branch``; its stem of two convolutions is not published."""
    places = residual_names(f"{branch}.layers", BLOCKS_PER_STAGE[depth], first=STEM_LAYERS)
    return ZooNames("ResNet-18 or -34 (names of torchvision and timm)", places, "conv1")


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
