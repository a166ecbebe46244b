"""Attention for convolutional features, interchangeable: CBAM, squeeze-and-excitation, spatial attention, none.

CBAM: Woo, Park, Lee and Kweon, "CBAM: Convolutional Block Attention Module", ECCV 2018. SE: Hu, Shen and Sun,
"Squeeze-and-Excitation Networks", CVPR 2018. SAM is CBAM's spatial half alone.
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
    """Which channels matter, CBAM's equation 2: one shared perceptron over each channel's average and maximum.

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


class SqueezeExcitation(nn.Module):
    """Which channels matter, SE's equations 2 and 3: a perceptron over the average of each channel.

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
    """Which positions matter, CBAM's equation 3: a 7 x 7 convolution over the channels' average and maximum.

    (N, C, H, W) -> gate (N, 1, H, W) in (0, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, source: Tensor) -> Tensor:
        """The gate of a feature map."""
        descriptors = torch.cat([source.mean(dim=1, keepdim=True), source.amax(dim=1, keepdim=True)], dim=1)
        return torch.sigmoid(self.convolution(descriptors))


class Attention(nn.Module):
    """Gates applied one after the other, each computed from what the one before left; (N, C, H, W) -> the same."""

    def __init__(self, **gates: nn.Module) -> None:
        super().__init__()
        for name, gate in gates.items():
            self.add_module(name, gate)

    def forward(self, features: Tensor) -> Tensor:
        """Features weighted by their own gates."""
        for gate in self.children():
            features = features * gate(features)
        return features

    def guided(self, features: Tensor, guide: Tensor) -> tuple[Tensor, Tensor]:
        """Features and guide, both weighted by the gates of the guide alone; same shape (N, C, H, W) each."""
        for module in self.children():
            gate = module(guide)
            features, guide = features * gate, guide * gate
        return features, guide


def make_attention(name: AttentionName, channels: int) -> Attention:
    """Attention over so many channels: CBAM's two gates, SE's one, CBAM's spatial gate alone, or no gate at all."""
    gates: dict[str, nn.Module] = {}
    if name == "cbam":
        gates["channel"] = ChannelGate(channels)
    elif name == "se":
        gates["channel"] = SqueezeExcitation(channels)
    if name in ("cbam", "sam"):
        gates["spatial"] = SpatialGate()
    return Attention(**gates)
