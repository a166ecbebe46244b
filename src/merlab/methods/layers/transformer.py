"""Transformer layers: multi-head self-attention, an encoder block, and patches of an image as tokens.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017; the block has its normalization first and GELU, as in
Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021. Tokens are (N, L, width): L tokens per clip.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from merlab.errors import MerlabError

POSITION_SPREAD = 0.02


class SelfAttention(nn.Module):
    """Multi-head self-attention: tokens (N, L, width) -> (N, L, width).

    Attributes:
        heads: number of heads.
        head_width: width of each head; None divides ``width`` evenly among the heads.
        bias: whether queries, keys and values have a bias.
        dropout: of the attention weights and of the output.

    Raises MerlabError if the heads do not divide the width and no ``head_width`` is given.

    """

    def __init__(
        self, width: int, heads: int, *, head_width: int | None = None, bias: bool = True, dropout: float = 0.0
    ) -> None:
        super().__init__()
        if head_width is None and width % heads:
            raise MerlabError(f"a width of {width} cannot be divided among {heads} heads; choose a multiple of {heads}")
        self.heads = heads
        self.head_width = head_width or width // heads
        self.project = nn.Linear(width, 3 * heads * self.head_width, bias=bias)
        self.join = nn.Linear(heads * self.head_width, width)
        self.drop_weights = nn.Dropout(dropout)
        self.drop = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, offset: Tensor | None = None) -> Tensor:
        """The attended tokens; ``offset``, see ``attend``."""
        return self.attend(tokens, offset)[0]

    def attend(self, tokens: Tensor, offset: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The attended tokens, and the weights (N, heads, L, L) before dropout; each row of them sums to 1.

        ``offset``, which broadcasts to (N, heads, L, L), is added to the scores before the softmax: a relative
        position, or minus infinity where a token must not be seen.
        """
        split = self.project(tokens).unflatten(2, (3, self.heads, self.head_width))
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        scores = queries @ keys.transpose(2, 3) / self.head_width**0.5
        weights = torch.softmax(scores if offset is None else scores + offset, dim=3)
        mixed = (self.drop_weights(weights) @ values).transpose(1, 2).flatten(2)
        return self.drop(self.join(mixed)), weights


class EncoderBlock(nn.Module):
    """Self-attention and a perceptron, each after layer normalization and each added to its input.

    Tokens (N, L, width) -> (N, L, width). ``hidden`` is the hidden width of the perceptron; None is 4 x width.
    ``epsilon`` is added to the variances of the normalizations. The other options are those of ``SelfAttention``.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        hidden: int | None = None,
        head_width: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
        epsilon: float = 1e-5,
    ) -> None:
        super().__init__()
        hidden = hidden or 4 * width
        self.before_attention = nn.LayerNorm(width, epsilon)
        self.attention = SelfAttention(width, heads, head_width=head_width, bias=bias, dropout=dropout)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(width, epsilon),
            nn.Linear(width, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, width),
            nn.Dropout(dropout),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """The encoded tokens."""
        tokens = tokens + self.attention(self.before_attention(tokens))
        encoded: Tensor = tokens + self.perceptron(tokens)
        return encoded


class PositionEmbedding(nn.Module):
    """Learned positions added to tokens, and a class token before them if requested.

    Tokens (N, length, width) -> (N, length, width), or (N, 1 + length, width) with the class token first.
    """

    def __init__(self, length: int, width: int, *, class_token: bool = False) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(1, 1, width)) if class_token else None
        self.positions = nn.Parameter(torch.zeros(1, length + class_token, width))
        nn.init.trunc_normal_(self.positions, std=POSITION_SPREAD)

    def forward(self, tokens: Tensor) -> Tensor:
        """The tokens with their positions."""
        if self.first is not None:
            tokens = torch.cat([self.first.expand(len(tokens), -1, -1), tokens], dim=1)
        return tokens + self.positions


class PatchTokens(nn.Module):
    """One token per patch of an image: (N, C, H, W) -> (N, H / side x W / side, width), row by row.

    A border that does not fill a patch is left out. ``side`` is in pixels.
    """

    def __init__(self, channels: int, width: int, side: int) -> None:
        super().__init__()
        self.embed = nn.Conv2d(channels, width, side, stride=side)

    def forward(self, images: Tensor) -> Tensor:
        """The tokens of the patches."""
        return tokens_of(self.embed(images))


def tokens_of(maps: Tensor) -> Tensor:
    """The positions of feature maps as tokens: (N, C, H, W) -> (N, H x W, C), row by row."""
    return maps.flatten(2).transpose(1, 2)


def maps_of(tokens: Tensor, height: int, width: int) -> Tensor:
    """The reverse of ``tokens_of``: (N, height x width, C) -> (N, C, height, width)."""
    return tokens.transpose(1, 2).reshape(len(tokens), -1, height, width)
