"""OFF-ApexNet, a network with two shallow streams on optical flow.

Gan, Liong, Yau, Huang and Tan, "OFF-ApexNet on micro-expression recognition system", Signal Processing: Image
Communication 74, 2019. As published, and as re-implemented with Off-TANet (PRICAI 2021; 2.66 M parameters): one stream
for the horizontal and one for the vertical onset-apex flow, each 28 x 28; 5 x 5 convolutions of 6 and 16 filters, each
followed by max-pooling 2 / 2; both streams are concatenated to 1568 features; two linear layers of 1024 units with
dropout 0.5; Adam at 1e-4, up to 3000 epochs.

Assumed, because the sources differ or do not state it: 5 x 5 kernels (another re-implementation has 3 x 3 on stacked
channels), ReLU after each convolution, input in [0, 1], batches of 256.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from merlab.methods.method import Method, Preset, Task, check_channels
from merlab.training import TrainingSettings

HIDDEN = 1024
LAST_FILTERS = 16


class OffApexNet(nn.Module):
    """Flow u, v (N, 2, H, W) in [0, 1] -> logits (N, classes). Raises MerlabError unless there are 2 channels."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        check_channels(task, 2, "OFF-ApexNet has one stream for u and one for v", "channels=uv")
        self.horizontal, self.vertical = _stream(), _stream()
        features = 2 * LAST_FILTERS * (task.height // 4) * (task.width // 4)
        self.classify = nn.Sequential(
            nn.Linear(features, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(HIDDEN, task.classes),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        u, v = inputs.chunk(2, dim=1)
        logits: Tensor = self.classify(torch.cat([self.horizontal(u), self.vertical(v)], dim=1))
        return logits


def _stream() -> nn.Sequential:
    """(N, 1, H, W) -> (N, 16 x H/4 x W/4)."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(6, LAST_FILTERS, 5, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
    )


OFF_APEXNET = Method(
    name="off-apexnet",
    title="OFF-ApexNet: two shallow streams on optical flow",
    paper="Gan et al., Signal Processing: Image Communication 74, 2019",
    input="flow:channels=uv,scale=minmax,size=28x28",
    presets={
        "paper": Preset(
            source="the published learning rate and largest number of epochs; the batch size is merlab's choice",
            training=TrainingSettings(epochs=3000, batch_size=256, learning_rate=1e-4, decay=1),
        ),
        "reduced": Preset(
            source="merlab's choice: the published learning rate for 60 epochs with smaller batches",
            reduced=True,
            training=TrainingSettings(epochs=60, batch_size=64, learning_rate=1e-4, decay=1),
        ),
    },
    network=OffApexNet,
)
