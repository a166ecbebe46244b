"""HTNet, a hierarchical transformer network on four patches of the flow.

Wang, Zhang, Luo and Sankaranarayana, "HTNet for micro-expression recognition", Neurocomputing 602, 2024,
arXiv:2307.14637. From the authors' released code (no license): flow of 28 x 28 pixels in 0..255, of which four patches
of 14 x 14 at the eyes and the corners of the mouth form one image (input ``flow-patches``). Each square of 7 x 7 pixels
is a token of width 256. Three levels have 2, 2 and 10 transformer blocks. A level attends only within its groups of
tokens: 4 x 4 groups, then 2 x 2, then one. Between two levels, a 3 x 3 convolution, layer normalization and max-pooling
3 / 2 double the width and halve the grid; the number of heads, 3 at the first level, is doubled too. A level adds one
learned number per position of a group. Layer normalization, the mean over positions and one linear layer follow. Adam
at 5e-5, batches of 256, 800 epochs. The release tests after every epoch and reports the best epoch of each test
subject; merlab tests the last epoch.

In the published sizes, a group of each level is a single token, because the grid of 4 x 4 tokens has 4 x 4 groups.
Attention over one token has the weight 1 and only transforms this token; only convolution and pooling between the
levels combine tokens. ``side=1`` gives groups of 7 x 7 tokens.

Differs: the release does not shuffle its batches. Assumed: the places of the patches (see ``inputs.flow_patches``).
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import Between, EncoderBlock, maps_of, tokens_of
from merlab.methods.method import Method, Preset, Task
from merlab.training import TrainingSettings

HEADS = 3
FIRST_BLOCKS = (2, 2)
LEVELS = len(FIRST_BLOCKS) + 1
PIXEL_RANGE = 255


class Level(nn.Module):
    """Transformer blocks within ``groups`` x ``groups`` groups of positions: (N, width, H, W) -> the same shape."""

    def __init__(self, width: int, heads: int, blocks: int, groups: int, positions: int) -> None:
        super().__init__()
        self.groups = groups
        self.positions = nn.Parameter(torch.randn(positions, 1))
        self.blocks = nn.Sequential(
            *(EncoderBlock(width, heads, head_width=width // heads, bias=False) for _ in range(blocks))
        )

    def forward(self, maps: Tensor) -> Tensor:
        """The maps with the positions of each group transformed."""
        rows, columns = (side // self.groups for side in maps.shape[2:])
        apart = maps.unfold(2, rows, rows).unfold(3, columns, columns)  # (N, width, groups, groups, rows, columns)
        grouped = apart.permute(0, 2, 3, 1, 4, 5)
        tokens = tokens_of(grouped.flatten(0, 2))
        done = maps_of(self.blocks(tokens + self.positions), rows, columns)
        return done.reshape(grouped.shape).permute(0, 3, 1, 4, 2, 5).reshape(maps.shape)


class Aggregation(nn.Module):
    """Combines neighboring positions: (N, width, H, W) -> (N, 2 x width, H / 2, W / 2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.normalize = nn.LayerNorm(2 * width)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        """The combined maps."""
        normalized = self.normalize(self.convolution(maps).movedim(1, 3)).movedim(3, 1)
        pooled: Tensor = self.pool(normalized)
        return pooled


class HTNet(nn.Module):
    """Patches of flow (N, channels, H, W) in [0, 1] -> logits (N, classes).

    139.6 M parameters at 3 x 28 x 28. Raises MerlabError for an input that cannot be divided into its groups.

    Attributes:
        width: of a token at the first level.
        side: of the square of pixels that becomes a token.
        blocks: number of transformer blocks at the last level.

    """

    def __init__(
        self,
        task: Task,
        *,
        width: Annotated[int, Between(HEADS, 1024)] = 256,
        side: Annotated[int, Between(1, 64)] = 7,
        blocks: Annotated[int, Between(1, 32)] = 10,
    ) -> None:
        super().__init__()
        groups = 2 ** (LEVELS - 1)
        if task.height % (groups * side) or task.width % (groups * side):
            raise MerlabError(
                f"HTNet divides its input into {groups} x {groups} groups of {side} x {side} pixels or a multiple, and "
                f"{task.width}x{task.height} cannot be divided; use size={groups * side}x{groups * side} in the recipe"
            )
        positions = (task.height // side // groups) * (task.width // side // groups)
        layers: list[nn.Module] = [nn.Conv2d(task.channels, width, side, stride=side)]
        for level, number in enumerate((*FIRST_BLOCKS, blocks)):
            layers.append(Level(width * 2**level, HEADS * 2**level, number, groups // 2**level, positions))
            if level < LEVELS - 1:
                layers.append(Aggregation(width * 2**level))
        self.levels = nn.Sequential(*layers)
        last = width * groups
        self.normalize = nn.LayerNorm(last)
        self.classify = nn.Linear(last, task.classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        tokens = tokens_of(self.levels(inputs * PIXEL_RANGE))
        logits: Tensor = self.classify(self.normalize(tokens).mean(dim=1))
        return logits


HTNET = Method(
    name="htnet",
    title="HTNet: a hierarchical transformer on four patches of the flow",
    paper="Wang et al., Neurocomputing 602, 2024, arXiv:2307.14637",
    input="flow-patches:channels=uvs,scale=minmax,size=28x28",
    presets={
        "paper": Preset(
            source="the authors' released code, but with the last epoch",
            training=TrainingSettings(epochs=800, batch_size=256, learning_rate=5e-5, decay=1),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: width 48, two blocks per level, 40 epochs of small batches",
            reduced=True,
            network={"width": 48, "blocks": 2},
            training=TrainingSettings(epochs=40, batch_size=32, learning_rate=5e-4, decay=1),
        ),
    },
    network=HTNet,
)
