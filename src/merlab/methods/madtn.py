"""MADTN, motion attention deep transfer network: motion and appearance, and features alike in two databases.

Xia, Zheng, Zong, Jiang and Tang, "Motion Attention Deep Transfer Network for Cross-database Micro-expression
Recognition", ICPR Workshops 2021, Lecture Notes in Computer Science 12663.

Published (abstract): the flow between the onset, the middle and the offset frame is merged with the appearance of the
middle frame, so that the network attends to the regions that move; the maximum mean discrepancy (MMD) of the features
of source and target is part of the loss. The protocol is cross-database. Assumed, because only the abstract was read:
two convolutions on the flow give one map of attention (a sigmoid), which weights the appearance; appearance and flow
together go through ResNet-18 to a layer of 128 features; MMD with five Gaussian kernels and weight 1; Adam at 1e-3,
halved every 30 epochs, batches of 32, 100 epochs.

The target is given only under the protocol hold-out-database: the inputs of the test clips, without labels. Every batch
of the source is joined by as many of them, drawn at random. Under other protocols there is no MMD.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import ConvBnRelu, ResNet18, Width
from merlab.methods.layers.discrepancy import squared_discrepancy
from merlab.methods.layers.zoo import resnet18_names
from merlab.methods.method import Method, Preset, Task
from merlab.training import Material, Mirror, NetworkWithLoss, NeuralClassifier, TrainingSettings, check_inputs, trained

NAME = "madtn"
MOTION_FILTERS = 16
FEATURES = 128
MMD_WEIGHT = 1.0

Outputs = tuple[Tensor, Tensor]


class MotionAttention(nn.Module):
    """Flow (N, channels, H, W) -> attention (N, 1, H, W) between 0 and 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            ConvBnRelu(channels, MOTION_FILTERS, 5), nn.Conv2d(MOTION_FILTERS, 1, 5, padding=2), nn.Sigmoid()
        )

    def forward(self, flow: Tensor) -> Tensor:
        """The attention."""
        attention: Tensor = self.layers(flow)
        return attention


class MADTN(NetworkWithLoss):
    """Appearance and flow (N, C, H, W) -> logits (N, classes); in training mode also the MMD to ``target``.

    The first ``appearance`` channels are the middle frame, the others are flow; 0 for flow alone, without attention.
    ``target`` (M, C, H, W) are unlabeled inputs of another database.
    """

    target: Tensor | None

    def __init__(
        self,
        task: Task,
        *,
        appearance: int = 1,
        width: Width = 1.0,
        small: bool = False,
        target: NDArray[np.float32] | None = None,
    ) -> None:
        super().__init__()
        if not 0 <= appearance < task.channels:
            raise MerlabError(
                f"madtn needs flow after {appearance} channels of appearance, and got {task.channels} channels; use a "
                "recipe such as three-key-frames"
            )
        self.appearance = appearance
        self.attention = MotionAttention(task.channels - appearance) if appearance else None
        trunk = ResNet18(task.channels, width, small=small)
        self.extract = nn.Sequential(
            trunk,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(trunk.out_channels, FEATURES),
            nn.ReLU(inplace=True),
        )
        self.classify = nn.Sequential(nn.Dropout(0.5), nn.Linear(FEATURES, task.classes))
        self.register_buffer("target", None if target is None else torch.from_numpy(target), persistent=False)

    def features(self, inputs: Tensor) -> Tensor:
        """The features (N, 128) that are compared between databases."""
        if self.attention is not None:
            appearance, flow = inputs[:, : self.appearance], inputs[:, self.appearance :]
            inputs = torch.cat([appearance * self.attention(flow), flow], dim=1)
        features: Tensor = self.extract(inputs)
        return features

    def forward(self, inputs: Tensor) -> Tensor | Outputs:
        """Logits (N, classes); in training mode also the squared MMD (), which is 0 without a target."""
        if not self.training:
            logits: Tensor = self.classify(self.features(inputs))
            return logits
        if self.target is None:
            return self.classify(self.features(inputs)), inputs.new_zeros(())
        drawn = torch.randint(len(self.target), (len(inputs),), device=inputs.device)
        source, target = torch.split(self.features(torch.cat([inputs, self.target[drawn]])), len(inputs))
        return self.classify(source), squared_discrepancy(source.float(), target.float())

    def loss(self, outputs: Outputs, labels: Tensor, weights: Tensor | None) -> Tensor:
        """The cross-entropy plus the weighted MMD."""
        logits, discrepancy = outputs
        return F.cross_entropy(logits.float(), labels, weights) + MMD_WEIGHT * discrepancy


class TransferClassifier:
    """MADTN, trained on clips with labels and, if they are given, on unlabeled clips of the database under test."""

    def __init__(self, task: Task, *, preset: Preset, mirror: Mirror | None, material: Material) -> None:
        self.task = task
        self.preset = preset
        self.mirror = mirror
        self.starts = material.starts.get(NAME, ())
        self.classifier: NeuralClassifier | None = None

    def fit(
        self,
        inputs: NDArray[np.float32],
        labels: NDArray[np.int64],
        groups: Sequence[str],
        seed: int,
        *,
        unlabeled: NDArray[np.float32] | None = None,
    ) -> None:
        """Train on inputs (N, C, H, W) and labels (N,), and on ``unlabeled`` (M, C, H, W) without labels."""
        assert self.preset.training is not None
        if unlabeled is not None:
            check_inputs(unlabeled)
        self.classifier = NeuralClassifier(
            partial(MADTN, self.task, target=unlabeled, **self.preset.network),
            self.task.classes,
            self.preset.training,
            mirror=self.mirror,
            starts=self.starts,
        )
        self.classifier.fit(inputs, labels, groups, seed)
        self.classifier.module.register_buffer("target", None, persistent=False)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes)."""
        return trained(self.classifier).predict_proba(inputs)


_SHORT = TrainingSettings(epochs=20, batch_size=16, decay=1, class_weights="balanced", mirror=True)

MADTN_METHOD = Method(
    name=NAME,
    title="MADTN: attention by motion, and features alike in two databases (MMD)",
    paper="Xia et al., ICPR Workshops 2021",
    input="three-key-frames:color=gray,channels=uv,scale=signed,size=224x224",
    presets={
        "paper": Preset(
            source="the abstract gives no settings: layers, weight of the MMD and training are merlab's choice",
            training=TrainingSettings(epochs=100, batch_size=32, learning_rate=1e-3, decay=0.5, decay_every=30),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: an eighth of the width, 64 x 64 pixels, 20 epochs",
            reduced=True,
            network={"width": 0.125},
            training=_SHORT,
            input="three-key-frames:color=gray,channels=uv,scale=signed,size=64x64",
        ),
        "flow28": Preset(
            source="merlab's choice for 28 x 28 flow: no appearance, an eighth of the width, a stem without stride",
            reduced=True,
            network={"width": 0.125, "small": True, "appearance": 0},
            training=_SHORT,
            input="flow:channels=uvs,scale=centered,size=28x28",
        ),
    },
    pipeline=TransferClassifier,
    zoo=resnet18_names("extract.0"),
    zoo_network=MADTN,
    transductive=True,
)
