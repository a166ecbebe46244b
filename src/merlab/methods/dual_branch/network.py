"""The networks of Table 7: the global branch, the local branch, both concatenated, both fused by CAFFM."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.dual_branch.fusion import CAFFM, Grid, OneSidedCAFFM
from merlab.methods.dual_branch.global_branch import Depth, GlobalBranch
from merlab.methods.dual_branch.local_branch import LocalBranch
from merlab.methods.layers import Attention, AttentionName, Between, ConvBnRelu, Width, scaled
from merlab.methods.task import Task

StemStride = Annotated[int, Between(1, 2)]
SMALLEST_SIDE = 28
DROPOUT = 0.5


class Neck(nn.Sequential):
    """Logits from a feature map: 1 x 1 convolution, attention, global average, dropout 0.5, linear layer.

    (N, in_channels, h, w) -> (N, classes). It is merlab's reconstruction; the paper does not describe it.
    """

    def __init__(self, in_channels: int, channels: int, classes: int, attention: AttentionName = "cbam") -> None:
        super().__init__(
            ConvBnRelu(in_channels, channels, 1),
            Attention(attention, channels),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(DROPOUT),
            nn.Linear(channels, classes),
        )


class TwoViewNetwork(nn.Module):
    """Base of the networks: (N, views x channels, H, W), the global view first, -> logits (N, classes).

    If the task has one view, both branches get it. ``width`` multiplies every number of channels. ``stem_stride`` is 2,
    or 1 for small inputs (28 x 28 pixels then end on a grid of 4 x 4 instead of 2 x 2). ``attention`` replaces every
    CBAM of the paper. Raises MerlabError if the task is smaller than 28 x 28 pixels.
    """

    def __init__(self, task: Task, stem_stride: int) -> None:
        super().__init__()
        if min(task.height, task.width) < SMALLEST_SIDE:
            raise MerlabError(
                f"the dual-branch networks need {SMALLEST_SIDE} pixels per side, got {task.width}x{task.height}; "
                f"choose a larger size in the recipe, such as size={SMALLEST_SIDE}x{SMALLEST_SIDE}"
            )
        self.views = task.views
        self.fusion_stride = 4 * stem_stride

    def split(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """(N, views x channels, H, W) -> the global and the local view, (N, channels, H, W) each."""
        if self.views == 1:
            return inputs, inputs
        global_view, local_view = inputs.chunk(2, dim=1)
        return global_view, local_view

    def fusion_grid(self, inputs: Tensor) -> Grid:
        """Rows and columns of the grid for the fusion, which is twice as fine as the last grid of the branches."""
        rows, columns = (-(-side // self.fusion_stride) for side in inputs.shape[-2:])
        return rows, columns


class GlobalNetwork(TwoViewNetwork):
    """GFEM: only the global branch, on the global view. Depths 18 and 34 are those of Table 5."""

    def __init__(
        self,
        task: Task,
        *,
        depth: Depth = 12,
        width: Width = 1.0,
        stem_stride: StemStride = 2,
        attention: AttentionName = "cbam",
    ) -> None:
        super().__init__(task, stem_stride)
        self.branch = GlobalBranch(task.channels, depth, width, stem_stride, attention)
        self.neck = Neck(self.branch.out_channels, scaled(256, width), task.classes, attention)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.neck(self.branch(self.split(inputs)[0]))
        return logits


class LocalNetwork(TwoViewNetwork):
    """LTFEM: only the local branch, on the local view; its neck has 1024 channels."""

    def __init__(
        self, task: Task, *, width: Width = 1.0, stem_stride: StemStride = 2, attention: AttentionName = "cbam"
    ) -> None:
        super().__init__(task, stem_stride)
        self.branch = LocalBranch(task.channels, width, stem_stride, attention)
        self.neck = Neck(self.branch.out_channels, scaled(1024, width), task.classes, attention)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.neck(self.branch(self.split(inputs)[1]))
        return logits


class DualNetwork(TwoViewNetwork):
    """DBFEM: both branches; their maps are concatenated."""

    def __init__(
        self, task: Task, *, width: Width = 1.0, stem_stride: StemStride = 2, attention: AttentionName = "cbam"
    ) -> None:
        super().__init__(task, stem_stride)
        self.global_branch = GlobalBranch(task.channels, width=width, stem_stride=stem_stride, attention=attention)
        self.local_branch = LocalBranch(task.channels, width, stem_stride, attention)
        both = self.global_branch.out_channels + self.local_branch.out_channels
        self.neck = Neck(both, scaled(256, width), task.classes, attention)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        global_view, local_view = self.split(inputs)
        features = torch.cat([self.global_branch(global_view), self.local_branch(local_view)], dim=1)
        logits: Tensor = self.neck(features)
        return logits


class FusionNetwork(TwoViewNetwork):
    """DBFEM+CAFFM: both branches, fused by CAFFM (``guide`` both), CAFFM_L (local) or CAFFM_G (global)."""

    def __init__(
        self,
        task: Task,
        *,
        guide: Literal["both", "local", "global"] = "both",
        width: Width = 1.0,
        stem_stride: StemStride = 2,
        attention: AttentionName = "cbam",
    ) -> None:
        super().__init__(task, stem_stride)
        self.global_branch = GlobalBranch(task.channels, width=width, stem_stride=stem_stride, attention=attention)
        self.local_branch = LocalBranch(task.channels, width, stem_stride, attention)
        channels = scaled(256, width)
        maps = self.global_branch.out_channels, self.local_branch.out_channels
        if guide == "both":
            self.fusion = CAFFM(*maps, channels, attention)
        else:
            self.fusion = OneSidedCAFFM(*maps, channels, guide, attention)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(DROPOUT),
            nn.Linear(channels, channels),
            nn.ReLU(inplace=True),
            nn.Linear(channels, task.classes),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        global_view, local_view = self.split(inputs)
        global_map, local_map = self.global_branch(global_view), self.local_branch(local_view)
        logits: Tensor = self.head(self.fusion(global_map, local_map, self.fusion_grid(inputs)))
        return logits
