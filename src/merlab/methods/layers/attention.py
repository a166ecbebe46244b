"""Attention for convolutional features: CBAM, squeeze-and-excitation (SE), spatial attention (SAM), or none.

CBAM: Woo, Park, Lee and Kweon, "CBAM: Convolutional Block Attention Module", ECCV 2018. SE: Hu, Shen and Sun,
"Squeeze-and-Excitation Networks", CVPR 2018. SAM is only the spatial gate of CBAM. One can replace another.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

AttentionName = Literal["cbam", "se", "sam", "none"]

REDUCTION = 16
LEAST_HIDDEN = 4


def squeezed(channels: int) -> int:
    """The hidden width of a gate: a sixteenth of the channels (the published ratio), at least 4 in narrow networks."""
    return max(LEAST_HIDDEN, channels // REDUCTION)


class ChannelGate(nn.Module):
    """CBAM's weights of the channels, equation 2: one shared perceptron on the average and maximum of each channel.

    (N, C, H, W) -> gate (N, C, 1, 1) in (0, 1).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = squeezed(channels)
        self.perceptron = nn.Sequential(
            nn.Linear(channels, hidden, bias=False), nn.ReLU(inplace=True), nn.Linear(hidden, channels, bias=False)
        )

    def forward(self, source: Tensor) -> Tensor:
        """The gate of a feature map."""
        average, maximum = self.perceptron(torch.stack([source.mean(dim=(2, 3)), source.amax(dim=(2, 3))]))
        return torch.sigmoid(average + maximum)[:, :, None, None]


class SqueezeExcitation(nn.Module):
    """SE's weights of the channels, equations 2 and 3: a perceptron on the average of each channel.

    (N, C, H, W) -> gate (N, C, 1, 1) in (0, 1).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = squeezed(channels)
        self.perceptron = nn.Sequential(
            nn.Linear(channels, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, channels), nn.Sigmoid()
        )

    def forward(self, source: Tensor) -> Tensor:
        """The gate of a feature map."""
        gate: Tensor = self.perceptron(source.mean(dim=(2, 3)))[:, :, None, None]
        return gate


class SpatialGate(nn.Module):
    """CBAM's weights of the positions, equation 3: a 7 x 7 convolution on the average and maximum over channels.

    (N, C, H, W) -> gate (N, 1, H, W) in (0, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, source: Tensor) -> Tensor:
        """The gate of a feature map."""
        descriptors = torch.cat([source.mean(dim=1, keepdim=True), source.amax(dim=1, keepdim=True)], dim=1)
        return torch.sigmoid(self.convolution(descriptors))


class Gates(nn.Module):
    """The gates of one attention in their order; each is computed from the features that the gate before weighted."""

    def __init__(self, name: AttentionName, channels: int) -> None:
        super().__init__()
        if name == "cbam":
            self.channel: nn.Module = ChannelGate(channels)
        elif name == "se":
            self.channel = SqueezeExcitation(channels)
        if name in ("cbam", "sam"):
            self.spatial = SpatialGate()


class Attention(Gates):
    """The two gates of CBAM, the one of SE, only the spatial gate of CBAM, or none; (N, C, H, W) -> same shape."""

    def forward(self, features: Tensor) -> Tensor:
        """The features, weighted by gates computed from them."""
        for gate in self.children():
            features = features * gate(features)
        return features


class GuidedAttention(Gates):
    """The same gates, computed from one map and applied to two: two (N, C, H, W) -> two of the same shape."""

    def forward(self, features: Tensor, guide: Tensor) -> tuple[Tensor, Tensor]:
        """Features and guide, both weighted by gates computed from the guide."""
        for module in self.children():
            gate = module(guide)
            features, guide = features * gate, guide * gate
        return features, guide
