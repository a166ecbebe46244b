"""KFC-MER: first- and second-order motion, guided by soft masks of the parts of the face.

Su, Zhang, Liu et al., "Key Facial Components Guided Micro-Expression Recognition Based on First & Second-Order Motion",
ICME 2021. From the authors' released code (no license): one stream for u, v and magnitude, one for exx, eyy and exy,
224 x 224 (``inputs.flow_orders``). A stream has a stem (3 x 3 convolutions of 32, 32 and 64 maps, the first with stride
2, and max-pooling); a spatial feature transform (features x (1 + scale) + shift, both computed from the masks of the
facial parts); four bottlenecks with split attention of radix 2 (ResNeSt; two of 256 maps at 56 x 56, two of 512 at 28 x
28); and average pooling 3 / 2 to 14 x 14. Both streams are concatenated; a layer of 256 units with ReLU, on which 51.4
of the 53.2 million parameters are spent; one linear layer. The masks are ten maps of a network that labels each pixel
of the apex frame; in each stream, a convolution 4 / 4 and three of 1 x 1, all of 64 maps, and one of 1 x 1 with 32
maps, with LeakyReLU (0.1) between them, condition the transform. Initial weights of convolutions are those of He
(fan-out). All folds use the checkpoint of one fixed epoch.

Differs: polygons with blurred edges replace the masks of that network; there is no augmentation, because the published
one was made beforehand and is not described; images stay in [0, 1] (release: standardized by mean and deviation of
ImageNet). Assumed, because the release contains no training: Adam at 1e-4, batches of 32, 50 epochs (the published
checkpoint is number 49). ``pooled`` (one average per map instead of the grid before the layer of 256 units) and
``dropout`` are merlab's options.

Preset flow28: flow of 28 x 28 that is stored as stretched images has lost the magnitude and, with the ratio of the
scales of u and v, the shear. The first stream gets u and v, the second one exx and eyy (differences of the stored u and
v, standardized per clip) and the stored strain; the masks are those of the template.
"""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.inputs.soft_masks import PARTS as FACE_PARTS
from merlab.inputs.soft_masks import template_masks
from merlab.methods.layers import Between, ConvBnRelu, Width, scaled
from merlab.methods.method import Method, Preset, Task, check_channels
from merlab.methods.reduced import ONE_CYCLE
from merlab.training import TrainingSettings

ORDER, PARTS = 3, len(FACE_PARTS)
CONDITION_MAPS, CONDITION = 64, 32
RADIX = 2
LEAK = 0.1
SMALLEST = 1e-6


class SplitAttention(nn.Module):
    """Split attention of ResNeSt (Zhang et al., 2020, arXiv:2004.08955) with radix 2 and one group.

    (N, channels, H, W) -> the same shape: a 3 x 3 convolution gives two splits, and for each channel a softmax over the
    splits decides how much each of them counts.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(channels * RADIX // 4, 32)
        self.split = nn.Sequential(
            nn.Conv2d(channels, channels * RADIX, 3, padding=1, groups=RADIX, bias=False),
            nn.BatchNorm2d(channels * RADIX),
            nn.ReLU(inplace=True),
        )
        self.enter = nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.BatchNorm2d(hidden), nn.ReLU(inplace=True))
        self.decide = nn.Conv2d(hidden, channels * RADIX, 1)

    def forward(self, features: Tensor) -> Tensor:
        """The splits, weighted and added."""
        splits = self.split(features).unflatten(1, (RADIX, -1))
        shares = self.shares(splits)
        weighted: Tensor = shares * splits
        return weighted.sum(dim=1)

    def shares(self, splits: Tensor) -> Tensor:
        """The share of each split (N, radix, channels, 1, 1), from splits (N, radix, channels, H, W); they sum to 1."""
        together = splits.sum(dim=1).mean(dim=(2, 3), keepdim=True)
        return torch.softmax(self.decide(self.enter(together)).unflatten(1, (RADIX, -1)), dim=1)


class Bottleneck(nn.Module):
    """A bottleneck with split attention: (N, in_channels, H, W) -> (N, 4 x inner, H / stride, W / stride).

    As in ResNeSt, average pooling makes the stride, in the residual after the attention, in the shortcut before its
    convolution.
    """

    def __init__(self, in_channels: int, inner: int, stride: int) -> None:
        super().__init__()
        out_channels = 4 * inner
        self.residual = nn.Sequential(
            ConvBnRelu(in_channels, inner, 1),
            SplitAttention(inner),
            nn.AvgPool2d(3, stride, padding=1) if stride > 1 else nn.Identity(),
            ConvBnRelu(inner, out_channels, 1, relu=False),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or in_channels != out_channels:
            halve = nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)
            join = ConvBnRelu(in_channels, out_channels, 1, relu=False)
            self.shortcut = nn.Sequential(halve, join) if stride > 1 else join

    def forward(self, features: Tensor) -> Tensor:
        """ReLU of residual plus shortcut."""
        return F.relu(self.residual(features) + self.shortcut(features))


class SpatialFeatureTransform(nn.Module):
    """Features x (1 + scale) + shift, both computed from a condition at each position.

    Features (N, channels, H, W) and a condition (N or 1, 32, h, w), which is resized to H x W -> (N, channels, H, W).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale, self.shift = (
            nn.Sequential(nn.Conv2d(CONDITION, CONDITION, 1), nn.LeakyReLU(LEAK), nn.Conv2d(CONDITION, channels, 1))
            for _ in range(2)
        )

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """The transformed features."""
        condition = F.interpolate(condition, features.shape[2:], mode="bilinear", align_corners=False)
        transformed: Tensor = features * (1 + self.scale(condition)) + self.shift(condition)
        return transformed


class MotionStream(nn.Module):
    """One order of motion (N, channels, H, W) and masks (N, 10, H, W) -> maps (N, 512 x width, H / 16, W / 16).

    Masks (1, 10, H, W) are those of all clips.

    ``stem_stride`` 1 is for small images: the maps are then (N, 512 x width, H / 8, W / 8).
    """

    def __init__(self, channels: int, width: float, stem_stride: int) -> None:
        super().__init__()
        narrow, first, second = (scaled(maps, width) for maps in (32, 64, 128))
        self.stem = nn.Sequential(
            ConvBnRelu(channels, narrow, 3, stem_stride),
            ConvBnRelu(narrow, narrow, 3),
            ConvBnRelu(narrow, first, 3),
            nn.MaxPool2d(3, 2, padding=1),
        )
        self.condition = _condition_network()
        self.transform = SpatialFeatureTransform(first)
        self.blocks = nn.Sequential(
            Bottleneck(first, first, 1),
            Bottleneck(4 * first, first, 1),
            Bottleneck(4 * first, second, 2),
            Bottleneck(4 * second, second, 1),
            nn.AvgPool2d(3, 2, padding=1),
        )
        self.out_channels = 4 * second

    def forward(self, motion: Tensor, masks: Tensor) -> Tensor:
        """The maps of the stream."""
        maps: Tensor = self.blocks(self.transform(self.stem(motion), self.condition(masks)))
        return maps


def orders_of_stored_flow(flow: Tensor) -> tuple[Tensor, Tensor]:
    """Both orders of motion from flow u, v, strain (N, 3, H, W): u, v (N, 2, H, W); exx, eyy, strain (N, 3, H, W).

    The derivatives exx and eyy are central differences, divided by their standard deviation in each clip.
    """
    u, v, strain = flow.unbind(dim=1)
    (exx,), (eyy,) = torch.gradient(u, dim=2), torch.gradient(v, dim=1)
    deviations = torch.stack([exx, eyy], dim=1)
    deviations = deviations / deviations.std(dim=(2, 3), keepdim=True).clamp(min=SMALLEST)
    return torch.stack([u, v], dim=1), torch.cat([deviations, strain[:, None]], dim=1)


class KfcMer(nn.Module):
    """Motion and masks (N, 16, H, W), or flow u, v, strain (N, 3, H, W) -> logits (N, classes).

    Attributes:
        width: the factor of the numbers of maps.
        hidden: units of the layer before the classifier.
        pooled: average each map before that layer.
        dropout: after that layer.
        stem_stride: stride of the first convolution.
        stored: take flow u, v and strain, with the masks of the template (see preset flow28).

    """

    template: Tensor

    def __init__(
        self,
        task: Task,
        *,
        width: Width = 1.0,
        hidden: Annotated[int, Between(1, 4096)] = 256,
        pooled: bool = False,
        dropout: Annotated[float, Between(0, 0.9)] = 0.0,
        stem_stride: Annotated[int, Between(1, 2)] = 2,
        stored: bool = False,
    ) -> None:
        super().__init__()
        if stored:
            check_channels(task, ORDER, "KFC-MER with stored=true takes flow u, v and strain", "channels=uvs")
            self.register_buffer("template", torch.from_numpy(template_masks(task.width, task.height)), False)
        else:
            whole = ORDER + ORDER + PARTS
            check_channels(task, whole, "KFC-MER takes 6 channels of motion and 10 masks", "flow-orders")
        self.stored = stored
        self.first = MotionStream(ORDER - stored, width, stem_stride)
        self.second = MotionStream(ORDER, width, stem_stride)
        grid = 1 if pooled else _left_of(task.height, stem_stride) * _left_of(task.width, stem_stride)
        self.join = nn.Sequential(
            nn.AdaptiveAvgPool2d(1) if pooled else nn.Identity(),
            nn.Flatten(),
            nn.Linear(2 * self.first.out_channels * grid, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, task.classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        if self.stored:
            (first, second), masks = orders_of_stored_flow(inputs), self.template[None]
        else:
            first, second, masks = inputs[:, :ORDER], inputs[:, ORDER:-PARTS], inputs[:, -PARTS:]
        logits: Tensor = self.join(torch.cat([self.first(first, masks), self.second(second, masks)], dim=1))
        return logits


def _condition_network() -> nn.Sequential:
    """Masks (N, 10, H, W) -> condition (N, 32, H / 4, W / 4)."""
    layers: list[nn.Module] = [nn.Conv2d(PARTS, CONDITION_MAPS, 4, stride=4)]
    for maps in (CONDITION_MAPS, CONDITION_MAPS, CONDITION_MAPS, CONDITION):
        layers += [nn.LeakyReLU(LEAK), nn.Conv2d(CONDITION_MAPS, maps, 1)]
    return nn.Sequential(*layers)


def _left_of(side: int, stem_stride: int) -> int:
    """Side of the last maps: 224 becomes 14 with a stride of 2 in the stem."""
    for stride in (stem_stride, 2, 2, 2):
        side = (side + stride - 1) // stride
    return side


_SHORT = ONE_CYCLE.model_copy(update={"mirror": False})
KFC_MER = Method(
    name="kfc-mer",
    title="KFC-MER: first- and second-order motion, guided by masks of facial parts",
    paper="Su et al., ICME 2021",
    input="flow-orders:masks=template,scale=minmax,size=224x224",
    presets={
        "paper": Preset(
            source="layers of the authors' released code; the training, from random weights, is merlab's choice",
            training=TrainingSettings(epochs=50, batch_size=32, learning_rate=1e-4, decay=1),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: 64 x 64, a quarter of the width, averaged maps, balanced classes",
            reduced=True,
            network={"width": 0.25, "hidden": 64, "pooled": True, "dropout": 0.5},
            training=_SHORT,
            input="flow-orders:masks=template,scale=signed,size=64x64",
        ),
        "flow28": Preset(
            source="merlab's choice for 28 x 28 flow: no stride in the first convolution, a quarter of the width, "
            "averaged maps, balanced classes, mirroring, 15 epochs",
            reduced=True,
            network={"width": 0.25, "hidden": 64, "pooled": True, "dropout": 0.5, "stem_stride": 1, "stored": True},
            training=ONE_CYCLE.model_copy(update={"epochs": 15, "batch_size": 32, "shift": 1}),
            input="flow:channels=uvs,scale=centered,size=28x28",
        ),
    },
    network=KfcMer,
)
