"""The local branch: the first half of Inception-v3 with attention; the default is CBAM, as in the paper."""

from __future__ import annotations

from torch import Tensor, nn

from merlab.methods.layers import Attention, AttentionName, ConvBnRelu, Parallel, scaled
from merlab.methods.layers.zoo import ZooNames, below

# Added to the variances of batch normalization in Inception-v3, whose public weights were trained with it.
EPSILON = 1e-3

# merlab's layers of a LocalBranch: 2 and 4 are pooling, 9, 11 and 13 attention.
STEM = {
    "0": "Conv2d_1a_3x3",
    "1.0": "Conv2d_2a_3x3",
    "1.1": "Conv2d_2b_3x3",
    "3.0": "Conv2d_3b_1x1",
    "3.1": "Conv2d_4a_3x3",
}
BLOCKS_A = {"5": "Mixed_5b", "6": "Mixed_5c", "7": "Mixed_5d"}
BLOCK_B = {"8": "Mixed_6a"}
BLOCKS_C = {"10": "Mixed_6b", "12": "Mixed_6c"}
IN_A = {
    "0.0": "branch1x1",
    "1.0": "branch5x5_1",
    "1.1": "branch5x5_2",
    **{f"2.{place}": f"branch3x3dbl_{place + 1}" for place in range(3)},
    "3.1.0": "branch_pool",
}
IN_B = {"0": "branch3x3", "1.0.0": "branch3x3dbl_1", "1.0.1": "branch3x3dbl_2", "1.1": "branch3x3dbl_3"}
IN_C = {
    "0.0": "branch1x1",
    **{f"1.{place}": f"branch7x7_{place + 1}" for place in range(3)},
    **{f"2.{place}": f"branch7x7dbl_{place + 1}" for place in range(5)},
    "3.1.0": "branch_pool",
}


def inception_zoo(branch: str) -> ZooNames:
    """The layers of a ``LocalBranch`` named ``branch``."""
    names = dict(STEM)
    for blocks, inner in ((BLOCKS_A, IN_A), (BLOCK_B, IN_B), (BLOCKS_C, IN_C)):
        for place, source in blocks.items():
            names |= below(f"{place}.paths", inner, source)
    places: dict[str, str] = {}
    for place, source in names.items():
        places |= below(f"{branch}.layers.{place}", {"0": "conv", "1": "bn"}, source)
    return ZooNames("Inception-v3 (names of torchvision)", places, "Conv2d_1a_3x3.conv")


class LocalBranch(nn.Module):
    """Inception-v3 (Szegedy et al., CVPR 2016) up to its second block C.

    (N, channels, H, W) -> (N, out_channels, h, w). The sides h and w are those of the input divided by 8 stem_stride,
    rounded up, as in the ResNet12 global branch. The paper names Inception-v3 and CBAM, but gives no layers. merlab's
    reconstruction from Table 7 has the stem, three blocks A (pooled features 32, 64, 64), block B and two blocks C
    (7 x 1 paths of 128 and 160 channels). It pads every convolution to the same size, and has CBAM (or another
    ``attention``) after block B and after each block C. ``epsilon`` is added to the variances of batch normalization.
    """

    def __init__(
        self,
        channels: int,
        width: float = 1.0,
        stem_stride: int = 2,
        attention: AttentionName = "cbam",
        epsilon: float = EPSILON,
    ) -> None:
        super().__init__()
        self.width, self.epsilon = width, epsilon
        layers: list[nn.Module] = [*self._stem(channels, stem_stride)]
        last = scaled(192, width)
        for pooled in (32, 64, 64):
            layers.append(self._block_a(last, pooled))
            last = 2 * scaled(64, width) + scaled(96, width) + scaled(pooled, width)
        layers.append(self._block_b(last))
        last += scaled(384, width) + scaled(96, width)
        layers.append(Attention(attention, last))
        for factorized in (128, 160):
            layers.append(self._block_c(last, factorized))
            last = 4 * scaled(192, width)
            layers.append(Attention(attention, last))
        self.layers = nn.Sequential(*layers)
        self.out_channels = last

    def forward(self, view: Tensor) -> Tensor:
        """The local feature map F_L."""
        features: Tensor = self.layers(view)
        return features

    def _chain(self, in_channels: int, *convolutions: tuple[int, int | tuple[int, int]]) -> nn.Sequential:
        """Consecutive convolutions, each given as (channels at width 1, kernel)."""
        chain = nn.Sequential()
        for channels, kernel in convolutions:
            chain.append(self._convolution(in_channels, scaled(channels, self.width), kernel))
            in_channels = scaled(channels, self.width)
        return chain

    def _convolution(
        self, in_channels: int, out_channels: int, kernel: int | tuple[int, int], stride: int = 1
    ) -> ConvBnRelu:
        return ConvBnRelu(in_channels, out_channels, kernel, stride, epsilon=self.epsilon)

    def _stem(self, channels: int, stride: int) -> list[nn.Module]:
        first = scaled(32, self.width)
        return [
            self._convolution(channels, first, 3, stride),
            self._chain(first, (32, 3), (64, 3)),
            nn.MaxPool2d(3, stride=2, padding=1),
            self._chain(scaled(64, self.width), (80, 1), (192, 3)),
            nn.MaxPool2d(3, stride=2, padding=1),
        ]

    def _pooled(self, in_channels: int, channels: int) -> nn.Sequential:
        return nn.Sequential(nn.AvgPool2d(3, stride=1, padding=1), self._chain(in_channels, (channels, 1)))

    def _block_a(self, in_channels: int, pooled: int) -> Parallel:
        return Parallel(
            self._chain(in_channels, (64, 1)),
            self._chain(in_channels, (48, 1), (64, 5)),
            self._chain(in_channels, (64, 1), (96, 3), (96, 3)),
            self._pooled(in_channels, pooled),
        )

    def _block_b(self, in_channels: int) -> Parallel:
        """Halves the grid."""
        narrow = scaled(96, self.width)
        return Parallel(
            self._convolution(in_channels, scaled(384, self.width), 3, stride=2),
            nn.Sequential(self._chain(in_channels, (64, 1), (96, 3)), self._convolution(narrow, narrow, 3, stride=2)),
            nn.MaxPool2d(3, stride=2, padding=1),
        )

    def _block_c(self, in_channels: int, factorized: int) -> Parallel:
        row, column = (1, 7), (7, 1)
        return Parallel(
            self._chain(in_channels, (192, 1)),
            self._chain(in_channels, (factorized, 1), (factorized, row), (192, column)),
            self._chain(
                in_channels, (factorized, 1), (factorized, column), (factorized, row), (factorized, column), (192, row)
            ),
            self._pooled(in_channels, 192),
        )
