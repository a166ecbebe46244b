"""Figure 2 against the blocks of He et al. (CVPR 2016, Figure 5), and against the block of merlab's networks."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from merlab.methods.layers import ResidualBlock
from merlab.reproduction import Bench
from merlab.reproduction.block_figure import figure_2

PUBLISHED = {
    "(a) basic block": ["64 maps", "conv 3×3, 64", "conv 3×3, 64", "+"],
    "(b) bottleneck": ["256 maps", "conv 1×1, 64", "conv 3×3, 64", "conv 1×1, 256", "+"],
}


def test_each_block_has_its_layers_from_top_to_bottom():
    axes = figure_2(Bench(Path("unused"))).axes[0]
    named = [text for text in axes.texts if text.get_text()]  # an arrow is an empty text
    placed = sorted((-text.get_position()[1], text.get_position()[0], text.get_text()) for text in named)
    for name, layers in PUBLISHED.items():
        (column,) = (x for _, x, text in placed if text == name)
        assert [text for _, x, text in placed if x == column] == [*layers, name]


def test_the_block_of_the_papers_networks_is_the_basic_one():
    block = ResidualBlock(64, 64, stride=1)
    kernels = [layer.kernel_size for layer in block.residual.modules() if isinstance(layer, nn.Conv2d)]
    assert kernels == [(3, 3), (3, 3)]
    assert isinstance(block.shortcut, nn.Identity)
