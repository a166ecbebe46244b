"""Convolutions over time and space. Maps of a video are (N, C, T, H, W), while an input is (N, T, C, H, W)."""

from __future__ import annotations

from torch import Tensor, nn

from merlab.methods.layers.attention import SqueezeExcitation


class VideoConvBnRelu(nn.Sequential):
    """3x3x3 convolution without bias, batch normalization and ReLU: (N, C, T, H, W) -> (N, out_channels, T, H, W)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv3d(in_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm3d(out_channels),
            nn.ReLU(inplace=True),
        )


class VideoSqueezeExcitation(nn.Module):
    """Squeeze-and-excitation (SE) over time and space: (N, C, T, H, W) -> the same shape, each channel weighted."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gate = SqueezeExcitation(channels)

    def forward(self, maps: Tensor) -> Tensor:
        """The weighted maps."""
        weighted: Tensor = maps * self.gate(maps.flatten(3))[..., None]
        return weighted


def video_maps(sequence: Tensor) -> Tensor:
    """A sequence (N, T, C, H, W) as maps (N, C, T, H, W)."""
    return sequence.transpose(1, 2)


def halved(size: int, times: int = 1) -> int:
    """Length of an axis after ``times`` poolings of 2 with padding, or convolutions of stride 2: 5 becomes 3."""
    for _ in range(times):
        size = (size + 1) // 2
    return size


class VideoPool(nn.MaxPool3d):
    """Max-pooling of 2 x 2 pixels, and of 2 frames where ``frames``; an odd end is pooled on its own."""

    def __init__(self, *, frames: bool = True) -> None:
        super().__init__((2 if frames else 1, 2, 2), ceil_mode=True)
