"""LEARNet, a lateral accretive network on dynamic images.

Verma, Vipparthi, Singh and Murala, "LEARNet: Dynamic Imaging Network for Micro Expression Recognition", IEEE
Transactions on Image Processing 29, 2019, arXiv:1904.09410.

From the authors' released Keras model and dynamic-image code: dynamic image of 112 x 112 x 3; a 3 x 3 stem of 16
filters; four lateral paths of 1 x 1 (16 filters), 3 x 3 (32) and 5 x 5 (64) convolutions; paths 2 and 4 add the first
and the second maps of paths 1 and 3 to their own, followed by batch normalization; all four paths are concatenated to
256 maps; batch normalization, a 3 x 3 convolution of 256 filters, a hidden layer of 256 units with dropout 0.5. Every
convolution halves the image and is followed by ReLU. Frames are weighted by the sum of (2i - n) / i
(``weights=learnet``).

Assumed, because the release has no training code: Adam at 0.001, batches of 64, 100 epochs, no augmentation; input in
[0, 1]. Differs: padding is symmetric, while Keras pads an image of even size only at its end; initial weights and the
constants of batch normalization are torch's. Sizes other than 112 x 112 are merlab's extension.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from merlab.methods.layers import halved
from merlab.methods.method import Method, Preset, Task
from merlab.training import TrainingSettings

STEM, ONE, THREE, FIVE = 16, 16, 32, 64
PATHS = 4
HIDDEN = 256


class LearNet(nn.Module):
    """Dynamic images (N, channels, H, W) -> logits (N, classes); 1.87 M parameters at 3 x 112 x 112."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.stem = _halving(task.channels, STEM, 3)
        self.pairs = nn.ModuleList(LateralPair() for _ in range(PATHS // 2))
        maps = PATHS * FIVE
        self.fuse = nn.Sequential(nn.BatchNorm2d(maps), _halving(maps, maps, 3))
        grid = halved(task.height, 5) * halved(task.width, 5)
        self.classify = nn.Sequential(
            nn.Flatten(),
            nn.Linear(maps * grid, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(HIDDEN, task.classes),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        stem = self.stem(inputs)
        logits: Tensor = self.classify(self.fuse(torch.cat([pair(stem) for pair in self.pairs], dim=1)))
        return logits


class LateralPair(nn.Module):
    """A plain path, and an accretive path that adds the plain path's maps to its own.

    (N, 16, h, w) -> (N, 128, h/8, w/8), the maps of the plain path first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.plain, self.accretive = _path(), _path()
        self.norms = nn.ModuleList([nn.BatchNorm2d(ONE), nn.BatchNorm2d(THREE)])

    def forward(self, stem: Tensor) -> Tensor:
        """The last maps of both paths, concatenated."""
        plain = accretive = stem
        for plain_layer, accretive_layer, norm in zip(self.plain, self.accretive, [*self.norms, None], strict=True):
            plain, accretive = plain_layer(plain), accretive_layer(accretive)
            if norm is not None:
                accretive = norm(plain + accretive)
        return torch.cat([plain, accretive], dim=1)


def _path() -> nn.ModuleList:
    return nn.ModuleList([_halving(STEM, ONE, 1), _halving(ONE, THREE, 3), _halving(THREE, FIVE, 5)])


def _halving(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Convolution with stride 2 and ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride=2, padding=kernel // 2), nn.ReLU(inplace=True)
    )


LEARNET = Method(
    name="learnet",
    title="LEARNet: a lateral accretive network on dynamic images",
    paper="Verma et al., IEEE Transactions on Image Processing 29, 2019, arXiv:1904.09410",
    input="dynamic-image:weights=learnet,color=bgr,size=112x112",
    presets={
        "paper": Preset(
            source="the released layers and dynamic images; the training is merlab's choice, because none is released",
            training=TrainingSettings(epochs=100, decay=1),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: rank pooling by Bilen's formula in gray, balanced classes, mirroring, "
            "20 epochs of small batches",
            reduced=True,
            training=TrainingSettings(epochs=20, batch_size=16, decay=1, class_weights="balanced", mirror=True),
            input="dynamic-image:weights=bilen,color=gray,size=112x112",
        ),
    },
    network=LearNet,
)
