"""Dual-Inception, two streams of Inception blocks on optical flow.

Zhou, Mao and Xue, "Dual-Inception Network for Cross-Database Micro-Expression Recognition", FG 2019. As read in the
authors' released Keras code (no license): one stream for the horizontal and one for the vertical TV-L1 flow, 28 x 28 in
[0, 1]; each has two blocks of four paths (1x1; 1x1 - 3x3; 1x1 - 5x5; max-pooling 3x3 - 1x1) with 6 and then 16 filters
a path, ReLU throughout, max-pooling 2 / 2 after each block; both streams concatenated, one linear layer of 1024 with
ReLU; Adam at 1e-4, batches of 3, 40 epochs. The release keeps the epoch of the least validation loss, where the
validation set is every other subject of the test subject's database, and so trains on the other databases alone.

Differs: onset to apex as in every merlab flow (published: onset to the middle frame); one channel a stream (the release
repeats each flow image over three); the last epoch is kept (``--set selection=validation`` comes close to the release).
Assumed: torch's initial weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from merlab.methods.layers import Parallel
from merlab.methods.method import Method, Preset, Task, check_channels
from merlab.training import TrainingSettings

FILTERS = (6, 16)
PATHS = 4
HIDDEN = 1024
UV28 = "flow:channels=uv,scale=minmax,size=28x28"
RELEASED_TRAINING = TrainingSettings(epochs=40, batch_size=3, learning_rate=1e-4, decay=1)
SHORT_TRAINING = TrainingSettings(epochs=30, batch_size=32, learning_rate=3e-4, decay=1)


class InceptionStreams(nn.Module):
    """Flow u, v (N, 2, H, W) in [0, 1] -> features of both streams (N, features): 2 x 64 x H/4 x W/4, rounded down.

    Raises MerlabError for other channel counts.
    """

    def __init__(self, task: Task) -> None:
        super().__init__()
        check_channels(task, 2, "Dual-Inception has one stream for u and one for v", "channels=uv")
        self.horizontal, self.vertical = _stream(), _stream()
        self.features = 2 * PATHS * FILTERS[-1] * (task.height // 4) * (task.width // 4)

    def forward(self, inputs: Tensor) -> Tensor:
        """The features of both streams."""
        u, v = inputs.chunk(2, dim=1)
        return torch.cat([self.horizontal(u), self.vertical(v)], dim=1)


def _stream() -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 1
    for filters in FILTERS:
        layers += [_inception(channels, filters), nn.MaxPool2d(2)]
        channels = PATHS * filters
    return nn.Sequential(*layers, nn.Flatten())


def _inception(channels: int, filters: int) -> Parallel:
    return Parallel(
        _chain(channels, filters, 1),
        _chain(channels, filters, 1, 3),
        _chain(channels, filters, 1, 5),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), _chain(channels, filters, 1)),
    )


def _chain(channels: int, filters: int, *kernels: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for kernel in kernels:
        layers += [nn.Conv2d(channels, filters, kernel, padding=kernel // 2), nn.ReLU(inplace=True)]
        channels = filters
    return nn.Sequential(*layers)


class DualInception(nn.Module):
    """Flow u, v (N, 2, H, W) in [0, 1] -> logits (N, classes)."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.streams = InceptionStreams(task)
        self.classify = nn.Sequential(
            nn.Linear(self.streams.features, HIDDEN), nn.ReLU(inplace=True), nn.Linear(HIDDEN, task.classes)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.classify(self.streams(inputs))
        return logits


DUAL_INCEPTION = Method(
    name="dual-inception",
    title="Dual-Inception: two streams of Inception blocks on optical flow",
    paper="Zhou, Mao and Xue, FG 2019",
    input=UV28,
    presets={
        "paper": Preset(
            source="the authors' released code, with the last epoch kept",
            training=RELEASED_TRAINING,
        ),
        "reduced": Preset(
            source="merlab's choice: a twelfth of the published steps, at three times the learning rate",
            reduced=True,
            training=SHORT_TRAINING,
        ),
    },
    network=DualInception,
)
