"""CapsuleNet, capsules on the first stages of a ResNet-18.

Quang, Chun and Tokuyama, "CapsuleNet for Micro-Expression Recognition", FG 2019. From the authors' released code (no
license): the apex frame, 224 x 224; ResNet-18 with ImageNet weights up to its third stage, without max-pooling (256
maps of 28 x 28); a 9 x 9 convolution of 256 filters and ReLU; a 9 x 9 convolution of stride 2 whose 256 maps of 6 x 6
are 32 capsules of 8 numbers at each position; one capsule of 16 numbers per class, by three rounds of routing by
agreement (Sabour, Frosst and Hinton, "Dynamic Routing Between Capsules", NeurIPS 2017). The length of a capsule states
how certain the class is. Margin loss with the margins 0.99 and 0.01 and weight 0.5. Adam at 1e-4, x0.9 after every
epoch, batches of 32, 30 epochs. The release reports the best epoch on the test subject, and it turns images at random
by up to 8 degrees at test; merlab tests the last epoch without changes.

Differs: merlab starts from random weights, unless ``--from`` gives those of a ResNet-18; it turns (sd 0.08 rad, that of
the release's uniform angles of up to 8 degrees), shifts and mirrors training clips, and leaves the color as it is. It
trains on apex frames only; the release adds up to four more frames of each training clip, chosen anew in every epoch,
so that the classes have about as many. Probabilities are the lengths divided by their sum; they are not calibrated.
``kernel`` is merlab's option, for smaller inputs. Preset ``flow28`` takes flow in place of the apex frame.
"""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import OneOf, ResNet18, Width, scaled
from merlab.methods.layers.zoo import resnet18_names
from merlab.methods.method import Method, Preset, Task
from merlab.training import NetworkWithLoss, TrainingSettings

MAPS = 256
CAPSULE, CLASS_CAPSULE = 8, 16
ROUNDS = 3
PRESENT, ABSENT, ABSENT_WEIGHT = 0.99, 0.01, 0.5
SPREAD = 0.01
SMALLEST = 1e-8


def squash(capsules: Tensor) -> Tensor:
    """Capsules (..., numbers) of the same direction, of length l^2 / (1 + l^2) instead of l."""
    squared = capsules.square().sum(dim=-1, keepdim=True)
    return capsules * (squared / (1 + squared) / (squared + SMALLEST).sqrt())


def routed(votes: Tensor, rounds: int = ROUNDS) -> Tensor:
    """Class capsules (N, classes, numbers) by routing: votes (N, classes, capsules, numbers).

    Each capsule divides its vote among the classes, first evenly. After each round but the last, it moves towards the
    classes whose capsule agrees with its vote (scalar product). Only the last round has a gradient, as in the release.
    """
    fixed = votes.detach()
    agreement = torch.zeros_like(fixed[..., 0])
    for _ in range(rounds - 1):
        outputs = squash((agreement.softmax(dim=1)[..., None] * fixed).sum(dim=2))
        agreement = agreement + (outputs[:, :, None] * fixed).sum(dim=3)
    return squash((agreement.softmax(dim=1)[..., None] * votes).sum(dim=2))


class CapsuleNet(NetworkWithLoss):
    """Images (N, channels, H, W) -> logarithms of the lengths of the class capsules (N, classes).

    13.8 M parameters at 3 x 224 x 224. In training mode it returns the lengths. Raises MerlabError for an input that is
    too small for its kernels.

    Attributes:
        width: factor of all numbers of maps.
        kernel: side of the kernels of the two convolutions before the capsules.
        small: use the stem of ``ResNet18`` for small inputs.

    """

    def __init__(
        self,
        task: Task,
        *,
        width: Width = 1.0,
        kernel: Annotated[int, OneOf("kernels", (3, 5, 7, 9))] = 9,
        small: bool = False,
    ) -> None:
        super().__init__()
        maps = scaled(MAPS, width)
        trunk = ResNet18(task.channels, width, stages=3, small=small, pooled=False)
        self.encode = nn.Sequential(
            trunk,
            nn.Conv2d(trunk.out_channels, maps, kernel),
            nn.ReLU(inplace=True),
            nn.Conv2d(maps, maps, kernel, stride=2),
        )
        rows, columns = (_left_of(side, kernel, small) for side in (task.height, task.width))
        if min(rows, columns) < 1:
            raise MerlabError(
                f"{task.width}x{task.height} pixels are too few for two convolutions of {kernel} x {kernel} after the "
                "ResNet; use a larger size in the recipe, a smaller kernel (network option), or preset flow28 for 28x28"
            )
        capsules = rows * columns * maps // CAPSULE
        self.votes = nn.Parameter(SPREAD * torch.randn(task.classes, capsules, CLASS_CAPSULE, CAPSULE))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logarithms of the lengths (N, classes); in training mode the lengths."""
        maps = self.encode(inputs).movedim(1, 3)
        capsules = squash(maps.reshape(len(maps), -1, CAPSULE))
        votes = torch.einsum("kcoi,nci->nkco", self.votes, capsules)
        lengths: Tensor = routed(votes).norm(dim=2)
        return lengths if self.training else (lengths + SMALLEST).log()

    def loss(self, outputs: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
        """The margin loss; class weights weight the clips."""
        own = F.one_hot(labels, outputs.shape[1])
        too_short = (PRESENT - outputs.float()).clamp(min=0).square()
        too_long = (outputs.float() - ABSENT).clamp(min=0).square()
        each = (own * too_short + ABSENT_WEIGHT * (1 - own) * too_long).sum(dim=1)
        share = torch.ones_like(each) if weights is None else weights[labels]
        return (share * each).sum() / share.sum()


def _left_of(side: int, kernel: int, small: bool) -> int:
    """Side of the last maps, pixels: 224 becomes 6 with kernels of 9; at most 0 if the input is too small."""
    for _ in range(2 if small else 3):
        side = (side + 1) // 2
    return (side - 2 * kernel + 1) // 2 + 1


_SHORT = TrainingSettings(epochs=30, batch_size=32, learning_rate=1e-3, decay=0.9, decay_every=1, mirror=True)

CAPSULENET = Method(
    name="capsulenet",
    title="CapsuleNet: capsules on the first stages of a ResNet-18",
    paper="Quang et al., FG 2019",
    input="apex:color=bgr,size=224x224",
    presets={
        "paper": Preset(
            source="the authors' released code, but from random weights, without changes of color, and with the last "
            "epoch",
            training=TrainingSettings(
                epochs=30,
                batch_size=32,
                learning_rate=1e-4,
                decay=0.9,
                decay_every=1,
                mirror=True,
                shift=8,
                turn=0.08,
            ),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: a quarter of the width, gray apex frames of 64 x 64, kernels of 3",
            reduced=True,
            network={"width": 0.25, "kernel": 3},
            training=_SHORT.model_copy(update={"shift": 4}),
            input="apex:color=gray,size=64x64",
        ),
        "flow28": Preset(
            source="merlab's choice for 28 x 28 flow: a quarter of the width, a small stem, kernels of 3",
            reduced=True,
            network={"width": 0.25, "kernel": 3, "small": True},
            training=_SHORT.model_copy(update={"shift": 1}),
            input="flow:channels=uvs,scale=minmax,size=28x28",
        ),
    },
    network=CapsuleNet,
    zoo=resnet18_names("encode.0"),
)
