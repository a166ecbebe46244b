"""Dual-Inception, a network with two streams of Inception blocks on optical flow.

Zhou, Mao and Xue, "Dual-Inception Network for Cross-Database Micro-Expression Recognition", FG 2019. From the authors'
released Keras code (MIT license): one stream for the horizontal and one for the vertical TV-L1 flow, 28 x 28 in [0, 1];
each has two blocks of four paths (1x1; 1x1 - 3x3; 1x1 - 5x5; max-pooling 3x3 - 1x1) with 6 filters per path in the
first block and 16 in the second, ReLU after each convolution, max-pooling 2 / 2 after each block; both streams are
concatenated; one linear layer of 1024 units with ReLU; Adam at 1e-4, batches of 3, 40 epochs. The release keeps the
epoch with the smallest validation loss. Its validation set consists of all other subjects of the test subject's
database, so it trains only on the other databases. It passes the word ``auto`` as the weights of the classes, which
Keras 2.2.4, its version, ignores (recalled, not verified), so there are none here.

Differs: flow from onset to apex, as everywhere in merlab (published: from onset to the middle frame); one channel per
stream (the release repeats each flow image three times); the last epoch is kept (``--set selection=validation`` is
similar to the release). Assumed: torch's initial weights.
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
    """Flow u, v (N, 2, H, W) in [0, 1] -> features of both streams (N, features).

    There are 2 x 64 x H/4 x W/4 features; H/4 and W/4 are rounded down. Raises MerlabError unless there are 2 channels.
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
            source="the authors' released code, but the last epoch is kept",
            training=RELEASED_TRAINING,
        ),
        "reduced": Preset(
            source="merlab's choice: a twelfth of the published steps with three times the learning rate",
            reduced=True,
            training=SHORT_TRAINING,
        ),
    },
    network=DualInception,
)
