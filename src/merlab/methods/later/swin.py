"""Video Swin Transformer: attention within windows of space and time, which are shifted in every second block.

Liu, Ning, Cao, Wei, Zhang, Lin and Hu, "Video Swin Transformer", CVPR 2022, arXiv:2106.13230, after Liu et al., "Swin
Transformer", ICCV 2021. Tokens are on a grid: (N, T, H, W, width).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.methods.layers import SelfAttention
from merlab.methods.layers.zoo import below

Grid = tuple[int, int, int]
BIAS_SPREAD = 0.02
UNSEEN = -100.0


@dataclass(frozen=True)
class SwinShape:
    """The sizes of a Video Swin Transformer; the defaults are those of Swin-B.

    Attributes:
        width: of the tokens of the first stage; each later stage has twice the width and half the sides.
        depths: number of blocks of each stage.
        heads: number of heads of each stage.
        window: frames, rows and columns of a window.
        patch: frames, rows and columns of a patch.
        drop_path: the largest probability with which a block leaves out its residual in training; it grows linearly
            from 0 in the first block.

    """

    width: int = 128
    depths: tuple[int, ...] = (2, 2, 18, 2)
    heads: tuple[int, ...] = (4, 8, 16, 32)
    window: Grid = (8, 7, 7)
    patch: Grid = (2, 4, 4)
    drop_path: float = 0.2


@dataclass(frozen=True)
class ZooLayers:
    """The names that a collection gives to the layers of Video Swin-B.

    ``block`` and ``merging`` are filled in with the number of the stage, ``block`` also with that of the block in it,
    ``merging`` with twice that of the stage. ``hidden`` are both linear layers of the perceptron.
    """

    block: str
    merging: str
    hidden: tuple[str, str]
    patches: str = "patch_embed.proj"


TORCHVISION = ZooLayers("features.{twice}.{block}", "features.{next}", ("mlp.0", "mlp.3"))
RELEASED = ZooLayers("layers.{stage}.blocks.{block}", "layers.{stage}.downsample", ("mlp.fc1", "mlp.fc2"))


def zoo_places(names: ZooLayers) -> dict[str, str]:
    """The layers of a ``VideoSwin`` of the sizes of Swin-B -> the names of a collection."""
    places = {"embed": names.patches, "after_embed": "patch_embed.norm", "last": "norm"}
    block = {
        "bias": "attn.relative_position_bias_table",
        "before": "norm1",
        "attention.project": "attn.qkv",
        "attention.join": "attn.proj",
        "perceptron.0": "norm2",
        "perceptron.1": names.hidden[0],
        "perceptron.3": names.hidden[1],
    }
    place = 0
    for stage, depth in enumerate(SwinShape.depths):
        numbers = {"stage": stage, "twice": 2 * stage, "next": 2 * stage + 1}
        for number in range(depth):
            places |= below(f"stages.{place}", block, names.block.format(block=number, **numbers))
            place += 1
        merging = {"merge.0": "norm", "merge.1": "reduction"}
        places |= below(f"stages.{place}", merging, names.merging.format(**numbers))
        place += 1
    return places


class VideoSwin(nn.Module):
    """Clips (N, T, channels, H, W) -> tokens of the last stage (N, t, h, w, last width), with the ``grid`` t, h, w."""

    def __init__(self, channels: int, shape: SwinShape) -> None:
        super().__init__()
        self.patch, self.merges = shape.patch, len(shape.depths) - 1
        self.embed = nn.Linear(channels * math.prod(shape.patch), shape.width)
        self.after_embed = nn.LayerNorm(shape.width)
        chances = torch.linspace(0, shape.drop_path, sum(shape.depths), device="cpu").tolist()
        stages: list[nn.Module] = []
        width = shape.width
        for number, (depth, heads) in enumerate(zip(shape.depths, shape.heads, strict=True)):
            if number:
                stages.append(PatchMerging(width))
                width *= 2
            done = sum(shape.depths[:number])
            stages += [
                SwinBlock(width, heads, shape.window, shifted=bool(place % 2), drop_path=chances[done + place])
                for place in range(depth)
            ]
        self.stages = nn.Sequential(*stages)
        self.last = nn.LayerNorm(width)
        self.features = width

    def forward(self, clips: Tensor) -> Tensor:
        """The tokens; clips are filled up with zeros to whole patches."""
        tokens = self.embed(patches_of(clips, self.patch))
        features: Tensor = self.last(self.stages(self.after_embed(tokens)))
        return features

    def grid(self, frames: int, height: int, width: int) -> Grid:
        """Frames, rows and columns of the tokens of the last stage, for clips of this length and size."""
        steps, rows, columns = (
            -(-side // step) for side, step in zip((frames, height, width), self.patch, strict=True)
        )
        return steps, -(-rows // 2**self.merges), -(-columns // 2**self.merges)


def patches_of(clips: Tensor, patch: Grid) -> Tensor:
    """The values of each patch: (N, T, C, H, W) -> (N, t, h, w, C x values of a patch).

    There are t = ceil(T / frames of a patch), and likewise h and w; what is absent is filled up with zeros.
    """
    frames, rows, columns = patch
    sides = (clips.shape[1], clips.shape[3], clips.shape[4])
    later, below, right = (-side % step for side, step in zip(sides, patch, strict=True))
    filled = F.pad(clips, (0, right, 0, below, 0, 0, 0, later))
    count, steps, channels, height, width = filled.shape
    parts = filled.reshape(count, steps // frames, frames, channels, height // rows, rows, width // columns, columns)
    return parts.permute(0, 1, 4, 6, 3, 2, 5, 7).flatten(4)


class PatchMerging(nn.Module):
    """Four neighbors in space become one token: (N, T, H, W, width) -> (N, T, ceil(H / 2), ceil(W / 2), 2 width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.merge = nn.Sequential(nn.LayerNorm(4 * width), nn.Linear(4 * width, 2 * width, bias=False))

    def forward(self, tokens: Tensor) -> Tensor:
        """The merged tokens."""
        tokens = F.pad(tokens, (0, 0, 0, tokens.shape[3] % 2, 0, tokens.shape[2] % 2))
        corners = [tokens[:, :, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        merged: Tensor = self.merge(torch.cat(corners, dim=-1))
        return merged


class SwinBlock(nn.Module):
    """Attention within windows and a perceptron, each after layer normalization and added to its input.

    (N, T, H, W, width) -> the same shape. A window is never larger than the grid. With ``shifted``, the windows are
    moved by half their size along each axis that has more than one window.
    """

    def __init__(self, width: int, heads: int, window: Grid, *, shifted: bool, drop_path: float) -> None:
        super().__init__()
        self.window, self.shifted, self.drop_path = window, shifted, drop_path
        self.before = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        frames, rows, columns = window
        self.bias = nn.Parameter(torch.zeros((2 * frames - 1) * (2 * rows - 1) * (2 * columns - 1), heads))
        nn.init.trunc_normal_(self.bias, std=BIAS_SPREAD)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """The tokens after the block."""
        tokens = tokens + self._left_out(self._within_windows(self.before(tokens)))
        return tokens + self._left_out(self.perceptron(tokens))

    def _within_windows(self, tokens: Tensor) -> Tensor:
        grid: Grid = (tokens.shape[1], tokens.shape[2], tokens.shape[3])
        window, shift = self._window_and_shift(grid)
        fill = [-side % step for side, step in zip(grid, window, strict=True)]
        padded = F.pad(tokens, (0, 0, 0, fill[2], 0, fill[1], 0, fill[0]))
        moved = torch.roll(padded, [-step for step in shift], dims=(1, 2, 3)) if any(shift) else padded
        windows = split(moved, window)
        attended = self.attention(windows, self._offset(moved, window, shift))
        joined = join(attended, moved.shape, window)
        back = torch.roll(joined, list(shift), dims=(1, 2, 3)) if any(shift) else joined
        return back[:, : grid[0], : grid[1], : grid[2]]

    def _window_and_shift(self, grid: Grid) -> tuple[Grid, Grid]:
        """The window on this grid, and by how much windows are moved."""
        axes = list(zip(grid, self.window, strict=True))
        frames, rows, columns = (min(side, most) for side, most in axes)
        down, right, later = 0, 0, 0
        if self.shifted:
            later, down, right = (most // 2 if side > most else 0 for side, most in axes)
        return (frames, rows, columns), (later, down, right)

    def _offset(self, moved: Tensor, window: Grid, shift: Grid) -> Tensor:
        """What is added to the scores: relative positions, and a large negative number between separated tokens."""
        places = relative_places(window, self.window).to(moved.device)
        bias = self.bias[places].permute(2, 0, 1)  # (heads, L, L)
        if not any(shift):
            return bias
        grid: Grid = (moved.shape[1], moved.shape[2], moved.shape[3])
        hidden = separated(grid, window, shift).to(moved.device, moved.dtype)
        return (bias + UNSEEN * hidden[:, None]).repeat(len(moved), 1, 1, 1)

    def _left_out(self, residual: Tensor) -> Tensor:
        """The residual; in training it is left out for some clips, and larger for the others."""
        if not self.training or self.drop_path == 0:
            return residual
        kept = torch.rand(len(residual), 1, 1, 1, 1, device=residual.device) >= self.drop_path
        return residual * kept / (1 - self.drop_path)


def split(tokens: Tensor, window: Grid) -> Tensor:
    """(N, T, H, W, width) -> (N x windows, L, width); L is the number of tokens of a window."""
    count, frames, rows, columns, width = tokens.shape
    t, h, w = window
    parts = tokens.reshape(count, frames // t, t, rows // h, h, columns // w, w, width)
    return parts.permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(-1, t * h * w, width)


def join(windows: Tensor, shape: torch.Size, window: Grid) -> Tensor:
    """The reverse of ``split`` for a grid of tokens of this shape."""
    count, frames, rows, columns, width = shape
    t, h, w = window
    parts = windows.reshape(count, frames // t, rows // h, columns // w, t, h, w, width)
    return parts.permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(shape)


@lru_cache
def relative_places(window: Grid, largest: Grid) -> Tensor:
    """(L, L): for two tokens of a window, the place of their relative position in a table for the largest window."""
    with torch.device("cpu"), torch.inference_mode(False):
        axes = torch.meshgrid(*[torch.arange(side) for side in window], indexing="ij")
        places = torch.stack(axes).flatten(1)
        apart = places[:, :, None] - places[:, None, :]
        sizes = [2 * side - 1 for side in largest]
        frames, rows, columns = (apart[axis] + side - 1 for axis, side in enumerate(largest))
        return (frames * sizes[1] + rows) * sizes[2] + columns


@lru_cache
def separated(grid: Grid, window: Grid, shift: Grid) -> Tensor:
    """(windows, L, L) bool: whether two tokens of a window were at opposite ends of the grid before it was moved."""
    with torch.device("cpu"), torch.inference_mode(False):
        region = torch.zeros(1, *grid, 1)
        for axis, (step, most) in enumerate(zip(shift, window, strict=True), start=1):
            if step:
                ends = torch.zeros(grid[axis - 1])
                ends[-most:], ends[-step:] = 1, 2
                shape = [1] * 5
                shape[axis] = -1
                region = 3 * region + ends.view(shape)
        numbers = split(region, window)[:, :, 0]
        return numbers[:, :, None] != numbers[:, None, :]
