"""CAFFM, the paper's attention fusion of the two branches, and its one-sided variants of Table 7.

From the paper: the features are fused and passed through three consecutive CBAM modules; after concatenation, ReLU and
residual addition, two more CBAM modules refine them, followed by activation and max-pooling. The paper gives no
equations and no widths, and it does not define the one-sided variants. merlab's reconstruction makes these choices to
agree with Table 7: both maps get the same number of channels and a grid twice as fine; a joint gate computes one mask
per branch, and the fused map f is the masked sum; the outputs of the three CBAMs are concatenated, and a 1 x 1
convolution with batch normalization reduces them before the ReLU; the residual that is added is f; the second
activation is a ReLU; the max-pooling is 3 x 3 with stride 2. The one-sided variants compute the masks and the three
CBAMs from one branch only, and a linear layer translates its descriptor for the other branch.

The abstract says "parallel attention" where the text says "consecutive". ``cbams`` chooses: with ``parallel``, each of
the three CBAMs gets f. Size and cost are the same.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.methods.layers import Attention, AttentionName, ConvBnRelu, Gates, GuidedAttention, squeezed

Grid = tuple[int, int]
Cbams = Literal["consecutive", "parallel"]


def mask_gate(in_channels: int, channels: int) -> nn.Sequential:
    """Computes one mask per branch: (N, in_channels, h, w) -> (N, 2 x channels, h, w) in (0, 1)."""
    hidden = squeezed(in_channels)
    return nn.Sequential(ConvBnRelu(in_channels, hidden, 1), nn.Conv2d(hidden, 2 * channels, 1), nn.Sigmoid())


class CAFFM(nn.Module):
    """Convolutional block attention feature fusion of F_G and F_L.

    Takes the maps (N, global_channels, h, w) and (N, local_channels, h, w) and the grid (rows, columns) of the fusion;
    returns (N, channels, ceil(rows / 2), ceil(columns / 2)). ``attention`` replaces its five CBAMs. With ``cbams``
    parallel, each of the first three gets the fused map, and not what the one before gives.
    """

    gates: type[Gates] = Attention

    def __init__(
        self,
        global_channels: int,
        local_channels: int,
        channels: int,
        attention: AttentionName = "cbam",
        cbams: Cbams = "consecutive",
    ) -> None:
        super().__init__()
        # Which of the maps so far each of the three gets: the fused one, or the latest.
        self.source = 0 if cbams == "parallel" else -1
        self.align_global = ConvBnRelu(global_channels, channels, 1, relu=False)
        self.align_local = ConvBnRelu(local_channels, channels, 1, relu=False)
        self.masks = self._masks(channels)
        self.first, self.second, self.third = (self.gates(attention, channels) for _ in range(3))
        self.merge = ConvBnRelu(3 * channels, channels, 1)
        self.refine = nn.Sequential(
            Attention(attention, channels),
            Attention(attention, channels),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )

    def forward(self, global_map: Tensor, local_map: Tensor, grid: Grid) -> Tensor:
        """The fused feature map."""
        global_map = F.interpolate(self.align_global(global_map), size=grid, mode="nearest")
        local_map = F.interpolate(self.align_local(local_map), size=grid, mode="nearest")
        fused, attended = self._fuse(global_map, local_map)
        refined: Tensor = self.refine(self.merge(attended) + fused)
        return refined

    def _masks(self, channels: int) -> nn.Sequential:
        return mask_gate(2 * channels, channels)

    def _fuse(self, global_map: Tensor, local_map: Tensor) -> tuple[Tensor, Tensor]:
        """The masked sum (N, channels, h, w), and the maps after each of the three CBAMs (N, 3 x channels, h, w)."""
        global_mask, local_mask = self.masks(torch.cat([global_map, local_map], dim=1)).chunk(2, dim=1)
        fused = global_mask * global_map + local_mask * local_map
        maps = [fused]
        for cbam in (self.first, self.second, self.third):
            maps.append(cbam(maps[self.source]))
        return fused, torch.cat(maps[1:], dim=1)


class OneSidedCAFFM(CAFFM):
    """CAFFM with masks and first three CBAMs computed from one branch: CAFFM_L (``local``) or CAFFM_G (``global``)."""

    gates = GuidedAttention

    def __init__(
        self,
        global_channels: int,
        local_channels: int,
        channels: int,
        guide: Literal["local", "global"],
        attention: AttentionName = "cbam",
        cbams: Cbams = "consecutive",
    ) -> None:
        super().__init__(global_channels, local_channels, channels, attention, cbams)
        self.guide = guide
        self.translate = nn.Linear(channels, channels)

    def _masks(self, channels: int) -> nn.Sequential:
        return mask_gate(channels, channels)

    def _fuse(self, global_map: Tensor, local_map: Tensor) -> tuple[Tensor, Tensor]:
        guide, other = (local_map, global_map) if self.guide == "local" else (global_map, local_map)
        guide_mask, other_mask = self.masks(guide).chunk(2, dim=1)
        translated = torch.sigmoid(self.translate(guide.mean(dim=(2, 3))))[:, :, None, None]
        fused = guide_mask * guide + other_mask * translated * other
        pairs = [(fused, guide)]
        for cbam in (self.first, self.second, self.third):
            pairs.append(cbam(*pairs[self.source]))
        return fused, torch.cat([features for features, _ in pairs[1:]], dim=1)
