"""SSSN and DSSN: one or two shallow streams, each with the first layers of AlexNet.

Khor, See, Liong, Phan and Lin, "Dual-stream Shallow Networks for Facial Micro-expression Recognition", ICIP 2019,
doi:10.1109/ICIP.2019.8802965. From the authors' released Keras code (no license): AlexNet up to its second
convolution (96 filters of 11 x 11, stride 4; max-pooling 3 / 2; local response normalization; two groups of 128 filters
of 5 x 5; max-pooling 3 / 2; normalization), dropout 0.5, one linear layer; 227 x 227 images of onset-to-apex flow
magnitude or optical strain (or the gray apex frame). DSSN has one such stream for the magnitude and one for the strain,
and multiplies their maps element by element.

Differs: the release starts from AlexNet's ImageNet weights, which merlab does not include; merlab starts from random
weights (He), unless ``--from`` gives those of an AlexNet. One channel per stream (the release repeats it three times),
in [0, 1] (the release subtracts the mean of ImageNet).
Assumed, because the release has no training code: Adam at 1e-4, batches of 32, 100 epochs; TV-L1 flow by the recipe.
``width``, ``stride`` and ``padding`` are merlab's options, for smaller inputs.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import Between, Width, scaled
from merlab.methods.layers.zoo import ZooNames
from merlab.methods.method import Method, Preset, Task, check_channels
from merlab.training import TrainingSettings

PAPER = "Khor et al., ICIP 2019, doi:10.1109/ICIP.2019.8802965"
Stride = Annotated[int, Between(1, 16)]
Padding = Annotated[int, Between(0, 16)]


class ShallowStream(nn.Sequential):
    """AlexNet up to its second convolution: one plane (N, 1, H, W) in [0, 1] -> maps (N, 256 x width, h, w).

    ``stride`` and ``padding`` are those of the first convolution. Raises MerlabError if the input is so small that the
    last maps would be empty.
    """

    def __init__(self, task: Task, width: float, stride: int, padding: int) -> None:
        first, second = scaled(96, width), scaled(256, width)
        super().__init__(
            nn.Conv2d(1, first, 11, stride, padding),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
            _normalization(),
            nn.Conv2d(first, second, 5, padding=2, groups=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
            _normalization(),
        )
        rows, columns = (_left_of(side, stride, padding) for side in (task.height, task.width))
        if min(rows, columns) < 1:
            raise MerlabError(
                f"{task.width}x{task.height} pixels are too few for shallow AlexNet streams at stride {stride}; "
                "use a larger size in the recipe (published: size=227x227), or preset flow28 for 28x28"
            )
        self.features = second * rows * columns
        for layer in self:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")


def _normalization() -> nn.LocalResponseNorm:
    """That of AlexNet: k = 2, n = 5, beta = 0.75, alpha = 1e-4 of the sum (torch's alpha is of the mean over n)."""
    return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)


def _left_of(side: int, stride: int, padding: int) -> int:
    """Side of the map after the first convolution and two poolings, pixels: 227 becomes 13."""
    side = (side + 2 * padding - 11) // stride + 1
    for _ in range(2):
        side = (side - 3) // 2 + 1
    return side


def _classifier(features: int, classes: int) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(features, classes))


class SSSN(nn.Module):
    """One plane of motion (N, 1, H, W) in [0, 1] -> logits (N, classes)."""

    def __init__(self, task: Task, *, width: Width = 1.0, stride: Stride = 4, padding: Padding = 0) -> None:
        super().__init__()
        check_channels(task, 1, "SSSN has one stream, for the magnitude or the strain", "channels=m or channels=s")
        self.stream = ShallowStream(task, width, stride, padding)
        self.classify = _classifier(self.stream.features, task.classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.classify(self.stream(inputs))
        return logits


class DSSN(nn.Module):
    """Magnitude and strain (N, 2, H, W) in [0, 1] -> logits (N, classes)."""

    def __init__(self, task: Task, *, width: Width = 1.0, stride: Stride = 4, padding: Padding = 0) -> None:
        super().__init__()
        check_channels(task, 2, "DSSN has one stream for the magnitude and one for the strain", "channels=ms")
        self.magnitude, self.strain = (ShallowStream(task, width, stride, padding) for _ in range(2))
        self.classify = _classifier(self.strain.features, task.classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        magnitude, strain = torch.chunk(inputs, 2, dim=1)
        logits: Tensor = self.classify(self.magnitude(magnitude) * self.strain(strain))
        return logits


_PUBLISHED = Preset(
    source="layers of the authors' released code; the training, from random weights, is merlab's choice",
    training=TrainingSettings(epochs=100, batch_size=32, learning_rate=1e-4, decay=1),
)
_SHORT = TrainingSettings(epochs=30, batch_size=32, learning_rate=1e-3, decay=0.5, decay_every=10)


def _zoo(first: str, second: str) -> ZooNames:
    streams = ("stream", "magnitude", "strain")
    places = {f"{stream}.{place}": name for stream in streams for place, name in (("0", first), ("4", second))}
    return ZooNames("AlexNet with 96 filters in two groups (names of Caffe)", places, first)


# torchvision's AlexNet has 64 filters and no groups: another network.
ZOO = _zoo("conv1", "conv2"), _zoo("features.0", "features.4")


def _reduced(channels: str) -> Preset:
    return Preset(
        source="merlab's choice for a CPU: a quarter of the width, 64 x 64 pixels at stride 2, 30 epochs",
        reduced=True,
        network={"width": 0.25, "stride": 2, "padding": 5},
        training=_SHORT,
        input=f"flow:channels={channels},scale=minmax,size=64x64",
    )


SSSN_METHOD = Method(
    name="sssn",
    title="SSSN: one shallow AlexNet stream on flow magnitude or strain",
    paper=PAPER,
    input="flow:channels=m,scale=minmax,size=227x227",
    presets={
        "paper": _PUBLISHED,
        "reduced": _reduced("m"),
        "flow28": Preset(
            source="merlab's choice for 28 x 28 flow, on the strain because its scaled channels give no magnitude: "
            "a quarter of the width, no stride in the first convolution, 30 epochs",
            reduced=True,
            network={"width": 0.25, "stride": 1, "padding": 5},
            training=_SHORT,
            input="flow:channels=s,scale=minmax,size=28x28",
        ),
    },
    network=SSSN,
    zoo=ZOO,
)
DSSN_METHOD = Method(
    name="dssn",
    title="DSSN: two shallow AlexNet streams, flow magnitude times strain",
    paper=PAPER,
    input="flow:channels=ms,scale=minmax,size=227x227",
    presets={"paper": _PUBLISHED, "reduced": _reduced("ms")},
    network=DSSN,
    zoo=ZOO,
)
