"""The networks of Table 7: the global branch, the local branch, both concatenated, both fused by CAFFM."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.dual_branch.fusion import CAFFM, Cbams, Grid, OneSidedCAFFM
from merlab.methods.dual_branch.global_branch import Depth, GlobalBranch
from merlab.methods.dual_branch.local_branch import LocalBranch
from merlab.methods.layers import Attention, AttentionName, Between, ConvBnRelu, Width, scaled
from merlab.methods.task import Task

StemStride = Annotated[int, Between(1, 2)]
Units = Annotated[int, Between(0, 64)]
Epsilon = Annotated[float, Between(1e-12, 1)]
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
    CBAM of the paper. ``units`` adds a second head, which is not the paper's, for the intensities of action units: a
    linear layer beside the last one. ``epsilon``, of networks with a local branch, is added to the variances of batch
    normalization there; the default is that of torch, with which files of earlier versions were trained. Raises
    MerlabError if the task is smaller than 28 x 28 pixels.
    """

    neck: Neck

    def __init__(self, task: Task, stem_stride: int) -> None:
        super().__init__()
        if min(task.height, task.width) < SMALLEST_SIDE:
            raise MerlabError(
                f"the dual-branch networks need {SMALLEST_SIDE} pixels per side, got {task.width}x{task.height}; "
                f"choose a larger size in the recipe, such as size={SMALLEST_SIDE}x{SMALLEST_SIDE}"
            )
        self.views = task.views
        self.intensities: nn.Linear | None = None
        self.fusion_stride = 4 * stem_stride

    @property
    def top(self) -> nn.Sequential:
        """The layers after the feature map, which end with a linear layer."""
        return self.neck

    def feature_map(self, inputs: Tensor) -> Tensor:
        """The feature map (N, channels, h, w) of which the last layers make the logits."""
        raise NotImplementedError

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.top(self.feature_map(inputs))
        return logits

    def heads(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, classes), and intensities (N, units); raises MerlabError for a network with ``units`` 0."""
        if self.intensities is None:
            raise MerlabError(
                "this network has no head for action units; give it one by its option units, such as units=28, or set "
                "unit_loss to 0"
            )
        *layers, classify = self.top
        hidden = self.feature_map(inputs)
        for layer in layers:
            hidden = layer(hidden)
        return classify(hidden), self.intensities(hidden)

    def add_units(self, units: int) -> None:
        """Make the second head; none for 0."""
        if units:
            last = self.top[-1]
            assert isinstance(last, nn.Linear)
            self.intensities = nn.Linear(last.in_features, units)

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
        units: Units = 0,
    ) -> None:
        super().__init__(task, stem_stride)
        self.branch = GlobalBranch(task.channels, depth, width, stem_stride, attention)
        self.neck = Neck(self.branch.out_channels, scaled(256, width), task.classes, attention)
        self.add_units(units)

    def feature_map(self, inputs: Tensor) -> Tensor:
        """The map of the global branch."""
        features: Tensor = self.branch(self.split(inputs)[0])
        return features


class LocalNetwork(TwoViewNetwork):
    """LTFEM: only the local branch, on the local view; its neck has 1024 channels."""

    def __init__(
        self,
        task: Task,
        *,
        width: Width = 1.0,
        stem_stride: StemStride = 2,
        attention: AttentionName = "cbam",
        units: Units = 0,
        epsilon: Epsilon = 1e-5,
    ) -> None:
        super().__init__(task, stem_stride)
        self.branch = LocalBranch(task.channels, width, stem_stride, attention, epsilon)
        self.neck = Neck(self.branch.out_channels, scaled(1024, width), task.classes, attention)
        self.add_units(units)

    def feature_map(self, inputs: Tensor) -> Tensor:
        """The map of the local branch."""
        features: Tensor = self.branch(self.split(inputs)[1])
        return features


class DualNetwork(TwoViewNetwork):
    """DBFEM: both branches; their maps are concatenated."""

    def __init__(
        self,
        task: Task,
        *,
        width: Width = 1.0,
        stem_stride: StemStride = 2,
        attention: AttentionName = "cbam",
        units: Units = 0,
        epsilon: Epsilon = 1e-5,
    ) -> None:
        super().__init__(task, stem_stride)
        self.global_branch = GlobalBranch(task.channels, width=width, stem_stride=stem_stride, attention=attention)
        self.local_branch = LocalBranch(task.channels, width, stem_stride, attention, epsilon)
        both = self.global_branch.out_channels + self.local_branch.out_channels
        self.neck = Neck(both, scaled(256, width), task.classes, attention)
        self.add_units(units)

    def feature_map(self, inputs: Tensor) -> Tensor:
        """The maps of both branches, concatenated."""
        global_view, local_view = self.split(inputs)
        return torch.cat([self.global_branch(global_view), self.local_branch(local_view)], dim=1)


class FusionNetwork(TwoViewNetwork):
    """DBFEM+CAFFM: both branches, fused by CAFFM (``guide`` both), CAFFM_L (local) or CAFFM_G (global).

    ``cbams`` states whether its first three CBAMs are consecutive, as in the text of the paper, or parallel.
    """

    def __init__(
        self,
        task: Task,
        *,
        guide: Literal["both", "local", "global"] = "both",
        width: Width = 1.0,
        stem_stride: StemStride = 2,
        attention: AttentionName = "cbam",
        cbams: Cbams = "consecutive",
        units: Units = 0,
        epsilon: Epsilon = 1e-5,
    ) -> None:
        super().__init__(task, stem_stride)
        self.global_branch = GlobalBranch(task.channels, width=width, stem_stride=stem_stride, attention=attention)
        self.local_branch = LocalBranch(task.channels, width, stem_stride, attention, epsilon)
        channels = scaled(256, width)
        maps = self.global_branch.out_channels, self.local_branch.out_channels
        if guide == "both":
            self.fusion = CAFFM(*maps, channels, attention, cbams)
        else:
            self.fusion = OneSidedCAFFM(*maps, channels, guide, attention, cbams)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(DROPOUT),
            nn.Linear(channels, channels),
            nn.ReLU(inplace=True),
            nn.Linear(channels, task.classes),
        )
        self.add_units(units)

    @property
    def top(self) -> nn.Sequential:
        """The layers after the fusion."""
        return self.head

    def feature_map(self, inputs: Tensor) -> Tensor:
        """The fused map of both branches."""
        global_view, local_view = self.split(inputs)
        global_map, local_map = self.global_branch(global_view), self.local_branch(local_view)
        fused: Tensor = self.fusion(global_map, local_map, self.fusion_grid(inputs))
        return fused
