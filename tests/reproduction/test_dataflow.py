"""The dataflow of a network."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from merlab.inference.cost import network_of, parameters
from merlab.methods import find_method
from merlab.methods.layers import Attention
from merlab.reproduction.dataflow import INPUT, describe, trace


class Forked(nn.Module):
    """Two convolutions of the input, concatenated, and a residual sum."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Conv2d(1, 2, 3, padding=1)
        self.right = nn.Conv2d(1, 2, 1, stride=2)
        self.raise_ = nn.Upsample(scale_factor=2)
        self.join = nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU())
        self.classify = nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        both = torch.cat([self.left(inputs), self.raise_(self.right(inputs))], dim=1)
        logits: Tensor = self.classify((self.join(both) + both).mean(dim=(2, 3)))
        return logits


def test_blocks_come_in_calling_order_with_shapes_and_sources():
    blocks = {block.name: block for block in trace(Forked(), (1, 8, 6))}
    assert list(blocks) == ["left", "right", "raise_", "join.0", "join.1", "classify"]
    assert blocks["left"].sources == blocks["right"].sources == (INPUT,)
    assert blocks["right"].shape == (2, 4, 3)
    assert blocks["join.0"].sources == ("left", "raise_")
    assert blocks["classify"].sources == ("join.1", "left", "raise_")
    assert blocks["classify"].shape == (3,)


@pytest.mark.parametrize("name", ["gfem", "ltfem", "dbfem", "dbfem-caffm", "dbfem-caffm-l", "dbfem-caffm-g", "ststnet"])
def test_no_parameter_of_a_network_is_left_out(name):
    module, shape = network_of(find_method(name), "reduced", (28, 28))
    assert sum(block.parameters for block in trace(module, shape)) == parameters(module)


def test_the_papers_fusion_is_as_the_text_describes_it():
    module, shape = network_of(find_method("dbfem-caffm"), "reduced", (28, 28))
    blocks = {block.name: block for block in trace(module, shape)}
    fusion = [block for name, block in blocks.items() if name.startswith("fusion.")]
    assert [block.kind for block in fusion].count("CBAM") == 5
    assert blocks["fusion.second"].sources == ("fusion.first",)
    assert blocks["fusion.third"].sources == ("fusion.second",)
    assert blocks["fusion.merge"].sources == ("fusion.first", "fusion.second", "fusion.third")
    assert blocks["fusion.refine.1"].sources == ("fusion.refine.0",)


def test_the_guided_fusion_passes_both_maps_from_gate_to_gate():
    module, shape = network_of(find_method("dbfem-caffm-l"), "reduced", (28, 28))
    blocks = {block.name: block for block in trace(module, shape)}
    assert [blocks[f"fusion.{name}"].kind for name in ("first", "second", "third")] == ["CBAM"] * 3
    assert blocks["fusion.third"].sources == ("fusion.second",)


def test_a_network_is_left_without_hooks():
    module = Forked()
    trace(module, (1, 8, 6))
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in module.modules())


def test_blocks_have_their_usual_names():
    assert describe(nn.Conv2d(1, 1, (1, 7), stride=2)) == "conv 1×7 / 2"
    assert describe(nn.Conv2d(1, 1, 3)) == "conv 3×3"
    assert describe(nn.MaxPool2d(2)) == "max-pool"
    assert describe(nn.Linear(1, 1)) == "Linear"
    gates = [describe(Attention(name, 8)) for name in ("cbam", "se", "sam")]
    assert gates == ["CBAM", "channel attention", "spatial attention"]
