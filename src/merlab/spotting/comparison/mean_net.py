"""MEAN's network for spotting: three shallow streams, then one more convolution.

Liong, See and Chan, "Spot-then-recognize: A Micro-Expression Analysis Network for Seamless Evaluation of Long Videos",
Signal Processing: Image Communication 110, 2023. Published F1 of micro-expressions: .121 on CAS(ME)^2, .095 on SAMM
Long Videos.

From the authors' released code: u, v and strain (42 x 42) over 0.1 s, each through one 5 x 5 convolution of 3, 3 and 8
filters, ReLU, batch normalization, max-pooling 3 / 3 and dropout 0.3; concatenated, a 5 x 5 convolution of 8 filters,
ReLU, max-pooling 2 / 2, dropout 0.2, one linear output; mean squared error, Adam at 5e-4, batches of 32, 10 epochs, up
to 5 samples without a movement for each with one, p = .55.

Assumed: weight decay 1e-3 for all layers instead of 1e-3 and 0.1 for the two convolutions; the network is trained for
spotting only, the transfer to recognition is left out. Labels and intervals are those of `networks`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from merlab.spotting.comparison.networks import NetworkSpotter, Training

FILTERS = (3, 3, 8)
MERGED = 8
SIDE_AFTER_POOLING = 7


class MEANSpot(nn.Module):
    """U, v and strain (N, 3, 42, 42) in 0..1 -> scores (N,)."""

    def __init__(self) -> None:
        super().__init__()
        self.streams = nn.ModuleList(map(_stream, FILTERS))
        self.score = nn.Sequential(
            nn.Conv2d(sum(FILTERS), MERGED, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(MERGED * SIDE_AFTER_POOLING**2, 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,)."""
        planes = torch.split(images, 1, dim=1)
        merged = torch.cat([stream(plane) for stream, plane in zip(self.streams, planes, strict=True)], dim=1)
        scores: Tensor = self.score(merged).squeeze(1)
        return scores


def _stream(filters: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, filters, 5, padding=2), nn.ReLU(), nn.BatchNorm2d(filters), nn.MaxPool2d(3), nn.Dropout(0.3)
    )


MEAN_NET = NetworkSpotter(
    name="mean-net",
    title="MEAN's network for spotting: three shallow streams, batch normalization",
    paper="Liong et al., Signal Processing: Image Communication 110, 2023",
    network=MEANSpot,
    training=Training(epochs=10, batch_size=32, learning_rate=5e-4, negatives=5, weight_decay=1e-3),
    flow_seconds=0.1,
)
