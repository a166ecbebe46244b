"""Cost: counts that can be worked out by hand, and the frame around a timing."""

import pytest
from torch import nn

from merlab.errors import MerlabError
from merlab.inference.cost import hardware, macs, parameters, profile
from merlab.methods import find_method


def test_a_convolution_and_a_linear_layer_count_as_by_hand():
    # Convolution: 4 x 2 x 3 x 3 weights, used at 5 x 7 positions. Linear: 140 x 6 weights, used once.
    network = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.Flatten(), nn.Linear(140, 6, bias=False))
    assert parameters(network) == 72 + 840
    assert macs(network, 2, 5, 7) == 72 * 35 + 840


def test_normalization_and_activations_are_parameters_or_nothing_but_no_multiply_accumulates():
    network = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2))
    assert parameters(network) == 6
    assert macs(network, 3, 8, 8) == 0


def test_a_profile_states_size_cost_and_speed():
    cost = profile(find_method("ststnet"), "paper", (28, 28), classes=3)
    assert cost.method == "ststnet"
    assert cost.parameters == 1683
    # 16 filters of 3 x 3 x 3 at 30 x 30 positions, then 400 features to 3 classes
    assert cost.macs == 16 * 27 * 900 + 1200
    assert cost.ms > 0
    assert cost.fps == pytest.approx(1000 / cost.ms)


def test_a_profile_gives_a_two_view_network_both_views():
    # The global view costs what it costs alone: DBFEM holds both branches.
    both, single = (profile(find_method(name), "flow28", (28, 28)) for name in ("dbfem", "gfem"))
    assert both.macs > single.macs


def test_width_comes_before_height():
    wide, high = (profile(find_method("ststnet"), "paper", size) for size in ((46, 28), (28, 46)))
    assert wide.macs == high.macs
    with pytest.raises(MerlabError, match="got 20x40"):
        profile(find_method("gfem"), "paper", (20, 40))


def test_a_floor_has_no_cost_and_says_so():
    with pytest.raises(MerlabError, match="linear-svm is not a network"):
        profile(find_method("linear-svm"), "paper", (28, 28))


def test_the_hardware_line_names_threads_and_torch():
    assert " threads" in hardware()
    assert "torch " in hardware()
