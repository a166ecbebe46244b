"""3D SE-DenseNet: dense connections over time and space, with weights of the channels.

Cai, Li, Dong and Fang, "Micro-expression recognition using 3D DenseNet fused Squeeze-and-Excitation Networks", Applied
Soft Computing 119, 2022, doi:10.1016/j.asoc.2022.108594. From its abstract: frames around the apex are chosen, Eulerian
video magnification enlarges the movement, and a 3D DenseNet with squeeze-and-excitation (SE) classifies the video; the
way in which SE is combined matters.

No code was found, and only the abstract was read. Assumed: the layers of DenseNet-121 (Huang, Liu, van der Maaten and
Weinberger, "Densely Connected Convolutional Networks", CVPR 2017) with 3-D kernels: a 7 x 7 x 7 stem of stride 1 x 2 x
2 and max-pooling 3 / 2, four dense blocks of 6, 12, 24 and 16 layers with a growth of 32, bottlenecks of 4 x 32 maps,
transitions that halve maps and sides; SE after each dense block; 16 gray frames of 112 x 112, magnified by 10; Adam at
1e-3, halved every 30 epochs, batches of 16, 100 epochs, last epoch kept. Differs: the whole movement from onset to
offset is interpolated to 16 frames.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from merlab.methods.layers import Between, VideoSqueezeExcitation, video_maps
from merlab.methods.method import Method, Preset, Task
from merlab.training import TrainingSettings

BOTTLENECK = 4
BLOCKS = {"121": (6, 12, 24, 16), "small": (2, 2, 2)}


class DenseLayer(nn.Module):
    """Adds ``growth`` maps, computed from all maps before: (N, C, T, H, W) -> (N, C + growth, T, H, W)."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.compute = nn.Sequential(
            *_normalized(channels, nn.Conv3d(channels, BOTTLENECK * growth, 1, bias=False)),
            *_normalized(BOTTLENECK * growth, nn.Conv3d(BOTTLENECK * growth, growth, 3, padding=1, bias=False)),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """The maps before, then the new ones."""
        return torch.cat([maps, self.compute(maps)], dim=1)


def _normalized(channels: int, convolution: nn.Conv3d) -> tuple[nn.Module, ...]:
    return nn.BatchNorm3d(channels), nn.ReLU(inplace=True), convolution


class SeDenseNet3d(nn.Module):
    """Sequences (N, T, channels, H, W) -> logits (N, classes).

    Attributes:
        growth: number of maps that each layer adds; the stem has twice as many.
        blocks: 121 for four dense blocks of 6, 12, 24 and 16 layers, ``small`` for three of two.

    """

    def __init__(
        self,
        task: Task,
        *,
        growth: Annotated[int, Between(2, 64)] = 32,
        blocks: Literal["121", "small"] = "121",
    ) -> None:
        super().__init__()
        maps = 2 * growth
        layers: list[nn.Module] = [
            nn.Conv3d(task.channels, maps, 7, stride=(1, 2, 2), padding=3, bias=False),
            nn.BatchNorm3d(maps),
            nn.ReLU(inplace=True),
            nn.MaxPool3d(3, stride=2, padding=1),
        ]
        numbers = BLOCKS[blocks]
        for position, number in enumerate(numbers):
            for _ in range(number):
                layers.append(DenseLayer(maps, growth))
                maps += growth
            layers.append(VideoSqueezeExcitation(maps))
            if position < len(numbers) - 1:
                layers += [*_normalized(maps, nn.Conv3d(maps, maps // 2, 1, bias=False)), _halving()]
                maps //= 2
        self.encode = nn.Sequential(*layers, nn.BatchNorm3d(maps), nn.ReLU(inplace=True), nn.AdaptiveAvgPool3d(1))
        self.classify = nn.Sequential(nn.Flatten(), nn.Linear(maps, task.classes))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.classify(self.encode(video_maps(inputs)))
        return logits


def _halving() -> nn.AvgPool3d:
    return nn.AvgPool3d(2, ceil_mode=True)


SE_DENSENET_3D = Method(
    name="se-densenet-3d",
    title="3D SE-DenseNet: a dense network over time and space on magnified clips",
    paper="Cai et al., Applied Soft Computing 119, 2022, doi:10.1016/j.asoc.2022.108594",
    input="sequence:frames=16,interpolation=linear,color=gray,magnify=evm10,size=112x112",
    presets={
        "paper": Preset(
            source="the abstract gives no settings: all are merlab's choice",
            training=TrainingSettings(epochs=100, batch_size=16, decay=0.5, decay_every=30, channels_last=False),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: three dense blocks of two layers with a growth of 8, 16 fields of flow "
            "of 32 x 32 in place of the frames, 30 epochs",
            reduced=True,
            network={"growth": 8, "blocks": "small"},
            training=TrainingSettings(epochs=30, batch_size=16, decay=0.5, decay_every=10, channels_last=False),
            input="flow-sequence:frames=16,channels=uv,scale=signed,size=32x32",
        ),
    },
    network=SeDenseNet3d,
    takes=("sequence",),
)
