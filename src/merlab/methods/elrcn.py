"""ELRCN, a network that reads a clip frame by frame, and an LSTM over the frames.

Khor, See, Phan and Lin, "Enriched Long-term Recurrent Convolutional Network for Facial Micro-Expression Recognition",
FG 2018, arXiv:1805.08417. From its abstract and the authors' released Keras code (no license): a clip is interpolated
to 10 frames (TIM); each is given as optical flow (TV-L1: u, v and magnitude), as optical strain and as the gray frame,
224 x 224. VGG-16 (Simonyan and Zisserman, ICLR 2015) up to its second hidden layer turns a frame into 4096 features; an
LSTM of 3000 units, a hidden layer of 128 and one linear layer follow. Spatial enrichment (``elrcn-se``) stacks flow,
strain and gray as channels of one VGG-16; temporal enrichment (``elrcn``) has a VGG-16 for each and concatenates their
features. VGG-16 starts from weights trained on faces or from ImageNet. Adam at 1e-5, single clips per batch, 100
epochs.

Differs: merlab trains both parts together from random weights or those of ``--from``, while the release, where it
fine-tunes, first trains the last layers of VGG-16 on single frames (its convolutions stay as they are) and then the
LSTM; batches of 2; a softmax in place of the sigmoids of the last layer. Assumed: flow between successive frames, which
gives 9 fields; the gray frame of a field is its first one; the random weights are those of He. ``normalize`` adds batch
normalization to VGG-16, which random weights need to be trained in a short time; it is merlab's option.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import LastOutput, Width, scaled
from merlab.methods.layers.zoo import ZooNames
from merlab.methods.method import Method, Preset, Task, check_channels
from merlab.training import TrainingSettings

VGG_16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
VGG_HIDDEN = 4096
MEMORY, HIDDEN = 3000, 128
# Channels of flow (u, v, magnitude), of strain and of the gray frame.
KINDS = (3, 1, 1)
Enrichment = Literal["temporal", "spatial"]


class Vgg16(nn.Sequential):
    """VGG-16 up to its second hidden layer: (N, channels, H, W) -> (N, 4096 x width)."""

    def __init__(self, channels: int, task: Task, width: float, *, normalize: bool) -> None:
        layers: list[nn.Module] = []
        for stage in VGG_16:
            for maps in stage:
                filters = scaled(maps, width)
                layers.append(nn.Conv2d(channels, filters, 3, padding=1))
                layers += [nn.BatchNorm2d(filters)] if normalize else []
                layers.append(nn.ReLU(inplace=True))
                channels = filters
            layers.append(nn.MaxPool2d(2))
        times = 2 ** len(VGG_16)
        self.features = scaled(VGG_HIDDEN, width)
        entering = channels * (task.height // times) * (task.width // times)
        for entered in (entering, self.features):
            layers += [nn.Linear(entered, self.features), nn.ReLU(inplace=True), nn.Dropout(0.5)]
        layers.insert(-6, nn.Flatten())
        super().__init__(*layers)
        for layer in self:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")


class Elrcn(nn.Module):
    """Flow, strain and gray frames (N, T, 4, H, W): u, v, strain, gray -> logits (N, classes).

    Raises MerlabError for an input without these channels, or with less than 32 pixels.

    Attributes:
        enrichment: ``temporal`` has a VGG-16 for each kind of image, ``spatial`` one for all.
        width: factor of all widths but the hidden layer of 128.
        normalize: use batch normalization in VGG-16.

    """

    def __init__(
        self,
        task: Task,
        *,
        enrichment: Enrichment = "temporal",
        width: Width = 1.0,
        normalize: bool = False,
    ) -> None:
        super().__init__()
        check_channels(task, 4, "ELRCN takes u, v, strain and the gray frame", "channels=uvs,gray=yes")
        least = 2 ** len(VGG_16)
        if min(task.height, task.width) < least:
            raise MerlabError(
                f"{task.width}x{task.height} pixels are too few for the five poolings of VGG-16; use a size of at "
                f"least {least}x{least} in the recipe"
            )
        self.kinds = [sum(KINDS)] if enrichment == "spatial" else list(KINDS)
        self.encoders = nn.ModuleList(Vgg16(channels, task, width, normalize=normalize) for channels in self.kinds)
        features = len(self.kinds) * scaled(VGG_HIDDEN, width)
        self.remember = LastOutput(features, scaled(MEMORY, width))
        self.classify = nn.Sequential(
            nn.Linear(scaled(MEMORY, width), HIDDEN), nn.ReLU(inplace=True), nn.Linear(HIDDEN, task.classes)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        clips, frames = inputs.shape[:2]
        images = torch.split(enriched(inputs.flatten(0, 1)), self.kinds, dim=1)
        features = torch.cat([encode(image) for encode, image in zip(self.encoders, images, strict=True)], dim=1)
        logits: Tensor = self.classify(self.remember(features.view(clips, frames, -1)))
        return logits


def enriched(images: Tensor) -> Tensor:
    """u, v, strain and gray (N, 4, H, W) -> u, v, magnitude, strain and gray (N, 5, H, W)."""
    flow, others = torch.chunk(images, 2, dim=1)
    magnitude = flow.square().sum(dim=1, keepdim=True).sqrt()
    return torch.cat([flow, magnitude, others], dim=1)


def _zoo(title: str, *, normalize: bool) -> ZooNames:
    """The layers of VGG-16 have the same numbers in merlab up to the first hidden layer, for each kind of image."""
    sources: dict[int, str] = {}
    place = 0
    for stage in VGG_16:
        for _ in stage:
            sources |= {number: f"features.{number}" for number in range(place, place + 1 + normalize)}
            place += 2 + normalize
        place += 1
    sources |= {place + 1: "classifier.0", place + 4: "classifier.3"}
    places = {f"encoders.{kind}.{number}": name for kind in range(len(KINDS)) for number, name in sources.items()}
    return ZooNames(f"{title} (names of torchvision and timm)", places, "features.0")


ZOO = _zoo("VGG-16", normalize=False), _zoo("VGG-16 with batch normalization", normalize=True)
_PRESETS = {
    "paper": Preset(
        source="the authors' released code, but from random weights, trained as one network",
        training=TrainingSettings(epochs=100, batch_size=2, learning_rate=1e-5, decay=1),
    ),
    "reduced": Preset(
        source="merlab's choice for a CPU: an eighth of the width, batch normalization, 4 steps of 32 x 32 pixels, "
        "mirroring, 30 epochs",
        reduced=True,
        network={"width": 0.125, "normalize": True},
        training=TrainingSettings(epochs=30, batch_size=16, learning_rate=5e-4, decay=1, mirror=True),
        input="consecutive-flow:frames=4,channels=uvs,gray=yes,interpolation=tim,algorithm=dis,scale=centered,size=32x32",
    ),
}


def _method(name: str, title: str, enrichment: Enrichment) -> Method:
    return Method(
        name=name,
        title=title,
        paper="Khor et al., FG 2018, arXiv:1805.08417",
        input="consecutive-flow:frames=9,channels=uvs,gray=yes,interpolation=tim,algorithm=tvl1,scale=signed,"
        "size=224x224",
        presets=_PRESETS,
        network=partial(Elrcn, enrichment=enrichment),
        zoo=ZOO,
        takes=("sequence",),
    )


ELRCN = _method("elrcn", "ELRCN-TE: VGG-16 for flow, strain and frames, an LSTM over the features", "temporal")
ELRCN_SE = _method("elrcn-se", "ELRCN-SE: one VGG-16 on flow, strain and frames stacked, and an LSTM", "spatial")
