"""ResNet-18 against its published size."""

import pytest
import torch

from merlab.inference.cost import macs, parameters
from merlab.methods.layers import ResNet18


def test_it_has_the_published_size_and_cost():
    # He et al., table 1: 1.8 G at 224 x 224. The model of torchvision has 11 689 512 parameters, 513 000 of which are
    # its last layer for 1000 classes.
    network = ResNet18(3)
    assert parameters(network) == 11_689_512 - 513_000
    assert macs(network, 3, 224, 224) / 1e9 == pytest.approx(1.8, abs=0.05)


@pytest.mark.parametrize(
    ("options", "side", "maps", "rows"),
    [
        ({}, 224, 512, 7),
        ({"small": True}, 28, 512, 4),
        ({"small": True, "stages": 2}, 28, 128, 14),
        ({"pooled": False, "stages": 3}, 224, 256, 28),
    ],
)
def test_each_stage_after_the_first_halves_the_maps(options, side, maps, rows):
    network = ResNet18(1, **options).eval()
    assert network.out_channels == maps
    assert network(torch.rand(1, 1, side, side)).shape == (1, maps, rows, rows)


def test_the_width_scales_all_maps():
    assert ResNet18(3, 0.25, small=True).eval()(torch.rand(1, 3, 16, 16)).shape == (1, 128, 2, 2)
