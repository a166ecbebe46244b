"""flow-cnn: a small convolutional network on centered flow, with a second head for the intensities of action units.

Own method of merlab, without a publication; settings from an experiment on half of the subjects of the 442 clips of
MEGC2019 (docs/recognizer-experiments.md). Three convolutions of 3 x 3 (16, 32, 40 filters), each with batch
normalization and ReLU, the first two with 2 x 2 max-pooling; dropout 0.3; a hidden layer of 64; two linear heads.

The head of the action units is trained only where clips with known intensities are, which synthetic faces have. It has
28 outputs: the 16 action units of synthetic faces, of which the 12 with two sides have one output for each side.

The preset ``synthetic`` trains it on synthetic flow (``merlab pretrain``). ``pretrained`` continues from these weights
on real clips, with synthetic clips in a third of every batch.
"""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor, nn

from merlab.methods.joint_svm import CENTERED_UVS
from merlab.methods.layers import Between
from merlab.methods.method import Method, Preset, Task, check_channels
from merlab.training import TrainingSettings

FILTERS = (16, 32, 40)
HIDDEN = 64
ACTION_UNITS = 28
DROPOUT = 0.3
# Values of centered flow are clipped to this many standard deviations.
LARGEST = 5.0


class FlowCnn(nn.Module):
    """Centered flow (N, channels, H, W) -> logits (N, classes); 144 383 parameters at 3 x 28 x 28 and 3 classes."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        first, second, third = FILTERS
        self.features = nn.Sequential(
            *_block(task.channels, first),
            nn.MaxPool2d(2),
            *_block(first, second),
            nn.MaxPool2d(2),
            *_block(second, third),
            nn.Flatten(),
            nn.Dropout(DROPOUT),
            nn.Linear(third * (task.height // 4) * (task.width // 4), HIDDEN),
            nn.BatchNorm1d(HIDDEN),
            nn.ReLU(inplace=True),
        )
        self.classify = nn.Linear(HIDDEN, task.classes)
        self.intensities = nn.Linear(HIDDEN, ACTION_UNITS)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.classify(self._hidden(inputs))
        return logits

    def heads(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, classes), and intensities of the action units (N, 28), relative to the largest of the clip."""
        hidden = self._hidden(inputs)
        return self.classify(hidden), self.intensities(hidden)

    def _hidden(self, inputs: Tensor) -> Tensor:
        hidden: Tensor = self.features(inputs.clamp(-LARGEST, LARGEST))
        return hidden


class FlowCnns(nn.Module):
    """Several networks as one: the logarithms of the means of their class probabilities, (N, classes).

    With ``mirrored``, the mean is also taken over the input and its mirror image: flipped, u with the other sign.
    """

    signs: Tensor

    def __init__(self, task: Task, members: int, mirrored: bool) -> None:
        super().__init__()
        if mirrored:
            check_channels(task, 3, "mirrored networks read centered u, v and strain", "channels=uvs, scale=centered")
        self.networks = nn.ModuleList(FlowCnn(task) for _ in range(members))
        self.mirrored = mirrored
        self.register_buffer("signs", torch.tensor([-1.0, 1.0, 1.0]).view(3, 1, 1), persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        views = [inputs]
        if self.mirrored:
            views.append(inputs.flip(-1) * self.signs)
        logs = [network(view).log_softmax(dim=1) for network in self.networks for view in views]
        return torch.logsumexp(torch.stack(logs), dim=0) - math.log(len(logs))


def flow_cnn(task: Task, *, members: Annotated[int, Between(1, 16)] = 1, mirrored: bool = False) -> nn.Module:
    """The network of ``members`` networks, whose tensors are called ``networks.0...``; of one alone, as FlowCnn's."""
    return FlowCnns(task, members, mirrored) if members > 1 or mirrored else FlowCnn(task)


def _block(channels: int, filters: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(filters), nn.ReLU(inplace=True)


# Ten batches of 64 drawn clips are one epoch: 300 steps for every fold, however many clips it has.
FROM_SCRATCH = TrainingSettings(
    epochs=30,
    steps=10,
    batch_size=64,
    optimizer="adamw",
    learning_rate=3e-3,
    schedule="one-cycle",
    warm_up=0.15,
    weight_decay=1e-2,
    label_smoothing=0.1,
    mirror=True,
    move=1.5,
    scale=0.06,
    turn=0.05,
    noise=0.25,
    mirror_at_test=True,
)
ON_SYNTHETIC_FLOW = TrainingSettings(
    epochs=8,
    batch_size=128,
    optimizer="adamw",
    learning_rate=2e-3,
    schedule="one-cycle",
    warm_up=0.2,
    weight_decay=1e-3,
    label_smoothing=0.05,
    unit_loss=4,
    mirror=True,
    shift=1,
    noise=0.3,
    mirror_at_test=True,
)
# 120 steps; 56 real and 28 synthetic clips in a batch.
FROM_SYNTHETIC_FLOW = FROM_SCRATCH.model_copy(
    update={"epochs": 12, "batch_size": 84, "learning_rate": 1.5e-3, "synthetic_share": 1 / 3, "unit_loss": 2.0}
)
_FROM_SCRATCH = Preset(
    source="merlab's own method, trained from scratch: 300 steps, settings of docs/recognizer-experiments.md",
    training=FROM_SCRATCH,
)
# From scratch it has both preset names, so that one name can be used for all methods of a run.
_PRESETS = {
    "paper": _FROM_SCRATCH,
    "reduced": _FROM_SCRATCH,
    "synthetic": Preset(
        source="merlab's own method, trained on synthetic flow: classes and intensities of action units, 8 epochs",
        training=ON_SYNTHETIC_FLOW,
    ),
    "pretrained": Preset(
        source="merlab's own method, trained on synthetic flow and then on real clips: 120 steps, 56 real and 28 "
        "synthetic clips in a batch",
        training=FROM_SYNTHETIC_FLOW,
        needs=("synthetic", "start"),
    ),
}

FLOW_CNN = Method(
    name="flow-cnn",
    title="small convolutional network on centered flow",
    paper="none: merlab's own, docs/recognizer-experiments.md",
    input=CENTERED_UVS,
    presets=_PRESETS,
    network=flow_cnn,
)
