"""MMNet, a network of continuous attention on the difference of apex and onset, with positions from the onset.

Li, Sui, Zhu and Zhao, "MMNet: Muscle motion-guided network for micro-expression recognition", IJCAI 2022,
arXiv:2201.05297. From the authors' released code (no license): frames of 224 x 224, normalized as for ImageNet. The
main branch takes apex minus onset: a 3 x 3 convolution of 180 filters and stride 2, one of 128, then four blocks of
128, 128, 256 and 512 maps, the last three with stride 2. A block is a 3 x 3 and a 1 x 1 convolution with a shortcut,
and a gate per position: the mean and the maximum over maps, a 1 x 1 convolution, batch normalization and sigmoid,
multiplied by the gate of the block before, which is max-pooled 3 / 2 (continuous attention). The position branch takes
the onset frame, reduced to 14 x 14 pixels: each pixel is a token of width 512 in a vision transformer of two blocks and
four heads. Its output is added to the maps of the main branch; one linear layer follows. AdamW at 8e-4 with a weight
decay of 0.6, x0.987 after every epoch, batches of 32, 74 epochs; mirroring, turns up to 3 degrees, shifts up to 15
pixels. The release reports the best accuracy and the best F1 of each test subject, which may come from different
epochs; merlab tests the last epoch.

Differs: the release moves the onset up to 3.75 % of the movement later and the apex earlier at random in training; it
keeps the learning rate after epoch 50; merlab divides by one standard deviation for the three colors; initial weights
are torch's (release: those of He, fan-out, in the main branch). Assumed: the onset is reduced by area averages. Preset
``flow28``: the flow replaces the difference image; stored flow has no onset frame, so the transformer gets only its
learned positions, and its output is the same for all clips (``positions=learned``).
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import (
    Between,
    ConvBnRelu,
    EncoderBlock,
    PatchTokens,
    PositionEmbedding,
    Width,
    maps_of,
    scaled,
)
from merlab.methods.method import Method, Preset, Task
from merlab.training import TrainingSettings

STEM, ENTRY = 180, 128
STAGES = ((128, 1), (128, 2), (256, 2), (512, 2))
HEADS = 4
DEPTH = 2
# Mean and standard deviation of ImageNet's images in [0, 1], averaged over the three colors.
MEAN, SPREAD = 0.449, 0.226


class ContinuousAttentionBlock(nn.Module):
    """Two convolutions with a shortcut, weighted by a gate per position that continues the gate of the block before.

    Maps (N, in_channels, H, W) and a gate (N, 1, h, w) or () -> maps (N, out_channels, h, w) and their gate (N, 1, h,
    w), where h = H / stride, rounded up.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            ConvBnRelu(in_channels, out_channels, 3, stride), ConvBnRelu(out_channels, out_channels, 1, relu=False)
        )
        same = stride == 1 and in_channels == out_channels
        self.shortcut = nn.Identity() if same else ConvBnRelu(in_channels, out_channels, 1, stride, relu=False)
        self.gate = nn.Sequential(ConvBnRelu(2, 1, 1, relu=False), nn.Sigmoid())

    def forward(self, maps: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted maps, and the gate that weighted them."""
        features = F.relu(self.residual(maps) + self.shortcut(maps))
        described = torch.cat([features.mean(dim=1, keepdim=True), features.amax(dim=1, keepdim=True)], dim=1)
        gate: Tensor = before * self.gate(described)
        return features * gate, gate


class PositionBranch(nn.Module):
    """A vision transformer over the pixels of the reduced onset frame: (N, channels, H, W) -> (N, width, *grid).

    Without ``channels`` (0), it transforms only its learned positions: the same map for all N clips.
    """

    def __init__(self, channels: int, width: int, grid: tuple[int, int], epsilon: float) -> None:
        super().__init__()
        self.grid = grid
        self.width = width
        self.tokens = PatchTokens(channels, width, side=1) if channels else None
        self.place = PositionEmbedding(grid[0] * grid[1], width)
        blocks = (EncoderBlock(width, HEADS, epsilon=epsilon) for _ in range(DEPTH))
        self.encode = nn.Sequential(*blocks, nn.LayerNorm(width, epsilon))

    def forward(self, onset: Tensor) -> Tensor:
        """The position embedding of each clip."""
        if self.tokens is None:
            tokens = onset.new_zeros(1, self.grid[0] * self.grid[1], self.width)
        else:
            tokens = self.tokens(F.adaptive_avg_pool2d(onset, self.grid))
        return maps_of(self.encode(self.place(tokens)), *self.grid)


class MMNet(nn.Module):
    """Onset and apex (N, 2 x channels, H, W) in [0, 1], or flow (N, channels, H, W) -> logits (N, classes).

    Attributes:
        width: factor of all numbers of maps.
        stride: of the first convolution.
        positions: ``onset`` takes onset and apex frames, ``learned`` takes motion without an onset frame.
        epsilon: is added to the variances of layer normalization; the default is that of torch.

    """

    def __init__(
        self,
        task: Task,
        *,
        width: Width = 1.0,
        stride: Annotated[int, Between(1, 4)] = 2,
        positions: Literal["onset", "learned"] = "onset",
        epsilon: Annotated[float, Between(1e-12, 1)] = 1e-5,
    ) -> None:
        super().__init__()
        from_onset = positions == "onset"
        if from_onset and task.channels not in {2, 6}:
            raise MerlabError(
                f"MMNet takes the onset and the apex frame, 2 or 6 channels, and got {task.channels}; use a recipe "
                "such as onset-apex:size=224x224, or flow with the network option positions=learned (preset flow28)"
            )
        self.from_onset = from_onset
        channels = task.channels // 2 if from_onset else task.channels
        last = scaled(ENTRY, width)
        self.enter = nn.Sequential(
            ConvBnRelu(channels, scaled(STEM, width), 3, stride), ConvBnRelu(scaled(STEM, width), last, 3)
        )
        grid = [-(-side // stride) for side in (task.height, task.width)]
        self.blocks = nn.ModuleList()
        for maps, step in STAGES:
            self.blocks.append(ContinuousAttentionBlock(last, scaled(maps, width), step))
            last = scaled(maps, width)
            grid = [-(-side // step) for side in grid]
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.position = PositionBranch(channels if from_onset else 0, last, (grid[0], grid[1]), epsilon)
        self.classify = nn.Linear(last * grid[0] * grid[1], task.classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        onset = motion = inputs
        if self.from_onset:
            onset, apex = ((inputs - MEAN) / SPREAD).chunk(2, dim=1)
            motion = apex - onset
        maps, gate = self.enter(motion), torch.ones((), device=inputs.device)
        for number, block in enumerate(self.blocks):
            maps, gate = block(maps, self.pool(gate) if number else gate)
        logits: Tensor = self.classify((maps + self.position(onset)).flatten(1))
        return logits


_SHORT = TrainingSettings(
    epochs=30, batch_size=32, optimizer="adamw", learning_rate=8e-4, weight_decay=0.6, mirror=True
)

MMNET = Method(
    name="mmnet",
    title="MMNet: continuous attention on apex minus onset, positions from the onset",
    paper="Li et al., IJCAI 2022, arXiv:2201.05297",
    input="onset-apex:color=bgr,size=224x224",
    presets={
        "paper": Preset(
            source="the authors' released code, but with the annotated frames and the last epoch",
            network={"epsilon": 1e-6},
            training=TrainingSettings(
                epochs=74,
                batch_size=32,
                optimizer="adamw",
                learning_rate=8e-4,
                weight_decay=0.6,
                decay=0.987,
                decay_every=1,
                mirror=True,
                shift=15,
                turn=0.03,
            ),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: a quarter of the width, gray frames of 64 x 64, 30 epochs",
            reduced=True,
            network={"width": 0.25},
            training=_SHORT.model_copy(update={"shift": 4}),
            input="onset-apex:color=gray,size=64x64",
        ),
        "flow28": Preset(
            source="merlab's choice for 28 x 28 flow: learned positions, a quarter of the width, no stride in the "
            "first convolution, 30 epochs",
            reduced=True,
            network={"width": 0.25, "stride": 1, "positions": "learned"},
            training=_SHORT.model_copy(update={"shift": 1}),
            input="flow:channels=uvs,scale=centered,size=28x28",
        ),
    },
    network=MMNet,
)
