"""Convolutional block attention module (Woo, Park, Lee and Kweon, ECCV 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

REDUCTION = 16
LEAST_HIDDEN = 4


def squeezed(channels: int) -> int:
    """The hidden width of a gate: a sixteenth of the channels (the published ratio), at least 4 in narrow networks."""
    return max(LEAST_HIDDEN, channels // REDUCTION)


class ChannelGate(nn.Module):
    """Which channels matter, equation 2: one shared perceptron over the average and the maximum of each channel.

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
        descriptors = torch.cat([source.mean(dim=(2, 3)), source.amax(dim=(2, 3))])
        average, maximum = self.perceptron(descriptors).chunk(2)
        return torch.sigmoid(average + maximum)[:, :, None, None]


class SpatialGate(nn.Module):
    """Which positions matter, equation 3: a 7 x 7 convolution over the channels' average and maximum.

    (N, C, H, W) -> gate (N, 1, H, W) in (0, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, source: Tensor) -> Tensor:
        """The gate of a feature map."""
        descriptors = torch.cat([source.mean(dim=1, keepdim=True), source.amax(dim=1, keepdim=True)], dim=1)
        return torch.sigmoid(self.convolution(descriptors))


class CBAM(nn.Module):
    """The channel gate, then the spatial gate: (N, C, H, W) -> (N, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channel = ChannelGate(channels)
        self.spatial = SpatialGate()

    def forward(self, features: Tensor) -> Tensor:
        """Features weighted by their own gates."""
        features = features * self.channel(features)
        gated: Tensor = features * self.spatial(features)
        return gated

    def guided(self, features: Tensor, guide: Tensor) -> tuple[Tensor, Tensor]:
        """Features and guide, both weighted by the gates of the guide alone; same shape (N, C, H, W) each."""
        gate = self.channel(guide)
        features, guide = features * gate, guide * gate
        gate = self.spatial(guide)
        return features * gate, guide * gate
