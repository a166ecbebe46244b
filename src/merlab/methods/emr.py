"""EMRNet (EMR): halves of a face in a ResNet-18, and a domain that its features must not reveal.

Liu, Du, Zheng and Gedeon, "A Neural Micro-Expression Recognizer", FG 2019, the winner of MEGC2019. From the authors'
released code (no license): an image of the flow from onset to apex, 224 x 224; ResNet-18 with weights trained on faces;
the last maps of 7 x 7 are divided into the upper three and the lower four rows. Each part is averaged and passes a
linear layer of 64 units, tanh and dropout 0.1. One linear layer classifies both parts together, and one classifies each
part alone; the sum of the three cross-entropies is the loss. Clips of posed expressions of CK+, of the same classes,
are added to the training clips. A domain classifier of 64, 32 and 1 units on the features of both parts distinguishes
them from micro-expressions; its gradient is reversed before the features, with a weight of 2 / (1 + exp(-10 i / 10000))
- 1 at step i (Ganin and Lempitsky, ICML 2015). Adam, 1e-3 for the new layers, halved every 10 epochs until it is below
1e-5, and 1e-5 for the ResNet; weight decay 1e-6, batches of 32, 100 epochs. Flow of magnified clips (Farneback;
direction as hue and magnitude as value), turns, crops and changes of color at random, which the release also applies at
test. It reports the best epoch of each test subject; merlab tests the last epoch.

``emr`` has the parts and no domain classifier, which needs clips of a second domain. ``emr-adversarial`` has it.
Assumed, because CK+ is not part of merlab: the domains are the databases of the training clips, and synthetic clips if
there are any; their classifier has one output per domain.

Differs: merlab starts from random weights, unless ``--from`` gives those of a ResNet-18, and therefore with one
learning rate for all layers; u, v and magnitude replace the hue; gradients are not clipped; test clips are not changed
at random. Assumed: magnified by a factor of 10, which the release does not state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import ResNet18, Width
from merlab.methods.layers.zoo import resnet18_names
from merlab.methods.method import Method, Preset, Task
from merlab.training import Material, Mirror, NetworkWithLoss, NeuralClassifier, TrainingSettings, trained

HIDDEN = 64
STEPS = 10_000
STEEPNESS = 10
SYNTHETIC = "synthetic clips"
ADVERSARIAL = "emr-adversarial"


class ReversedGradient(torch.autograd.Function):
    """The features unchanged; their gradient times minus ``weight``."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor) -> Tensor:
        """The features."""
        ctx.save_for_backward(weight)
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The reversed gradient."""
        (weight,) = ctx.saved_tensors
        return -weight * gradients[0], None


class DomainClassifier(nn.Module):
    """The domain of features (N, 128), whose gradient it reverses: (N, domains). It counts its training steps."""

    steps: Tensor

    def __init__(self, domains: int) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros(()))
        self.layers = nn.Sequential(
            nn.Linear(2 * HIDDEN, 64),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(64, 32),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(32, domains),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Logits of the domains."""
        self.steps += 1
        weight = 2 / (1 + torch.exp(-STEEPNESS * self.steps / STEPS)) - 1
        logits: Tensor = self.layers(ReversedGradient.apply(features, weight))  # type: ignore[no-untyped-call]
        return logits


class EMR(NetworkWithLoss):
    """Flow (N, channels, H, W) in [0, 1] -> logits (N, classes); with ``small``, for images of 28 x 28.

    In training mode the logits of both parts together, of the upper and of the lower part, and of the domain if there
    are several ``domains``. The label of a clip is then its class + classes x its domain.
    """

    def __init__(self, task: Task, *, width: Width = 1.0, small: bool = False, domains: int = 1) -> None:
        super().__init__()
        self.classes = task.classes
        self.trunk = ResNet18(task.channels, width, small=small)
        self.parts = nn.ModuleList(
            nn.Sequential(nn.Linear(self.trunk.out_channels, HIDDEN), nn.Tanh(), nn.Dropout(0.1)) for _ in range(2)
        )
        self.classify = nn.Linear(2 * HIDDEN, task.classes)
        self.classify_parts = nn.ModuleList(nn.Linear(HIDDEN, task.classes) for _ in range(2))
        self.domain = DomainClassifier(domains) if domains > 1 else None
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_normal_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, inputs: Tensor) -> Tensor | list[Tensor]:
        """Logits (N, classes); in training mode a list of all logits."""
        maps = self.trunk(2 * inputs - 1)
        middle = maps.shape[2] // 2
        halves = maps[:, :, :middle], maps[:, :, middle:]
        upper, lower = (part(half.mean(dim=(2, 3))) for part, half in zip(self.parts, halves, strict=True))
        both = torch.cat([upper, lower], dim=1)
        logits: Tensor = self.classify(both)
        if not self.training:
            return logits
        alone = [head(part) for head, part in zip(self.classify_parts, (upper, lower), strict=True)]
        return [logits, *alone] if self.domain is None else [logits, *alone, self.domain(both)]

    def loss(self, outputs: list[Tensor], labels: Tensor, weights: Tensor | None) -> Tensor:
        """The sum of the cross-entropies; class weights apply to the classes, not to the domains."""
        outputs = [each.float() for each in outputs]
        share = torch.ones_like(labels, dtype=torch.float32) if weights is None else weights[labels]
        total = sum(
            (share * F.cross_entropy(logits, labels % self.classes, reduction="none")).sum() for logits in outputs[:3]
        )
        loss: Tensor = total / share.sum()
        return loss + F.cross_entropy(outputs[3], labels // self.classes) if self.domain else loss


class AdversarialClassifier:
    """EMR with its domain classifier; the domains are the databases of the training clips, and synthetic clips.

    Raises MerlabError for the selection ``validation``.
    """

    def __init__(self, task: Task, *, preset: Preset, mirror: Mirror | None, material: Material) -> None:
        if preset.training is not None and preset.training.selection == "validation":
            raise MerlabError(
                f"{ADVERSARIAL} has as many outputs in training as there are classes and domains, so no epoch can be "
                "chosen by its classes alone; set selection to fixed"
            )
        self.task = task
        self.preset = preset
        self.mirror = mirror
        self.material = material
        self.classifier: NeuralClassifier | None = None

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Train on inputs (N, C, H, W), labels (N,) and ``database/subject`` of each row.

        Raises MerlabError if all clips are of one domain.
        """
        settings = self.preset.training
        assert settings is not None
        databases = [group.partition("/")[0] for group in groups]
        synthetic = self.material.synthetic if settings.synthetic_share else None
        domains = [*sorted(set(databases)), *([SYNTHETIC] if synthetic else [])]
        if len(domains) < 2:
            raise MerlabError(
                f"{ADVERSARIAL} needs clips of two domains, and all training clips are of {domains[0]}; evaluate on "
                "several databases, mix in synthetic clips (synthetic_share), or use emr, without a domain classifier"
            )
        classes = self.task.classes
        if synthetic:
            synthetic = replace(synthetic, labels=synthetic.labels + classes * (len(domains) - 1))
        self.classifier = NeuralClassifier(
            partial(EMR, self.task, domains=len(domains), **self.preset.network),
            classes * len(domains),
            settings,
            mirror=self.mirror,
            synthetic=synthetic,
            starts=self.material.starts.get(ADVERSARIAL, ()),
        )
        of_domain = np.array([domains.index(database) for database in databases], np.int64)
        self.classifier.fit(inputs, labels + classes * of_domain, groups, seed)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes)."""
        return trained(self.classifier).predict_proba(inputs)


_SHORT = TrainingSettings(epochs=30, batch_size=32, learning_rate=1e-3, decay=0.5, decay_every=10, weight_decay=1e-6)
_PRESETS = {
    "paper": Preset(
        source="the authors' released code, but from random weights, without changes of color, and with the last epoch",
        training=TrainingSettings(
            epochs=100,
            batch_size=32,
            learning_rate=1e-3,
            decay=0.5,
            decay_every=10,
            weight_decay=1e-6,
            turn=0.1,
            shift=16,
        ),
    ),
    "reduced": Preset(
        source="merlab's choice for a CPU: a quarter of the width, 64 x 64 pixels, no magnification, 30 epochs",
        reduced=True,
        network={"width": 0.25},
        training=_SHORT.model_copy(update={"shift": 4}),
        input="flow:algorithm=farneback,channels=uvm,scale=minmax,size=64x64",
    ),
    "flow28": Preset(
        source="merlab's choice for 28 x 28 flow: a quarter of the width, a stem without stride and pooling, 30 epochs",
        reduced=True,
        network={"width": 0.25, "small": True},
        training=_SHORT.model_copy(update={"shift": 1}),
        input="flow:channels=uvs,scale=minmax,size=28x28",
    ),
}
_PAPER = "Liu et al., A Neural Micro-Expression Recognizer, FG 2019"
_INPUT = "flow:algorithm=farneback,channels=uvm,scale=minmax,magnify=evm10,size=224x224,no-apex=middle"

EMR_METHOD = Method(
    name="emr",
    title="EMRNet: a ResNet-18 on flow, upper and lower half of the face apart",
    paper=_PAPER,
    input=_INPUT,
    presets=_PRESETS,
    network=EMR,
    zoo=resnet18_names("trunk"),
)
EMR_ADVERSARIAL = Method(
    name=ADVERSARIAL,
    title="EMRNet with a domain classifier whose gradient is reversed",
    paper=_PAPER,
    input=_INPUT,
    presets=_PRESETS,
    pipeline=AdversarialClassifier,
    zoo=resnet18_names("trunk"),
    zoo_network=EMR,
)
