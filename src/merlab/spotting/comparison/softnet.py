"""SOFTNet: three shallow streams on onset-k flow.

Liong, See and Wong, "Shallow Optical Flow Three-Stream CNN for Macro- and Micro-Expression Spotting from Long Videos",
ICIP 2021, arXiv:2106.06489.

From the paper and the authors' released code: u, v and strain (42 x 42) each through one 5 x 5 convolution of 3, 5 and
8 filters, ReLU and max-pooling 3 / 3; concatenated, max-pooling 2 / 2, a layer of 400, one linear output; mean squared
error, SGD at 5e-4, batches of 12, 10 epochs, p = .55; half of the samples without a movement are left out, those of
micro-expressions are augmented.

Assumed: Adam instead of SGD, because merlab's recordings have a hundredth of the samples; four samples without a
movement for each with one; mirror images as the only augmentation.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from merlab.spotting.comparison.networks import NetworkSpotter, Training

FILTERS = (3, 5, 8)
SIDE_AFTER_POOLING = 7


class SOFTNet(nn.Module):
    """U, v and strain (N, 3, 42, 42) in 0..1 -> scores (N,)."""

    def __init__(self) -> None:
        super().__init__()
        self.streams = nn.ModuleList(
            nn.Sequential(nn.Conv2d(1, filters, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3)) for filters in FILTERS
        )
        self.score = nn.Sequential(
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(sum(FILTERS) * SIDE_AFTER_POOLING**2, 400),
            nn.ReLU(),
            nn.Linear(400, 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,)."""
        planes = torch.split(images, 1, dim=1)
        merged = torch.cat([stream(plane) for stream, plane in zip(self.streams, planes, strict=True)], dim=1)
        scores: Tensor = self.score(merged).squeeze(1)
        return scores


SOFTNET = NetworkSpotter(
    name="softnet",
    title="SOFTNet: three shallow streams on onset-k flow",
    paper="Liong et al., ICIP 2021, arXiv:2106.06489",
    network=SOFTNet,
    training=Training(epochs=10, batch_size=12, learning_rate=5e-4, negatives=4, mirrored=True),
)
