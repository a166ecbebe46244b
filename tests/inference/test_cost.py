"""Cost: counts that can be computed by hand, and the fields of a timing."""

import re

import pytest
import torch
from torch import nn

from merlab.errors import MerlabError
from merlab.inference import cost
from merlab.inference.cost import hardware, macs, network_of, parameters, profile
from merlab.methods import Method, Preset, find_method
from merlab.methods.layers import LastOutput


def test_a_convolution_and_a_linear_layer_are_counted_as_by_hand():
    # Convolution: 4 x 2 x 3 x 3 weights, used at 5 x 7 positions. Linear: 140 x 6 weights, used once.
    network = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.Flatten(), nn.Linear(140, 6, bias=False))
    assert parameters(network) == 72 + 840
    assert macs(network, 2, 5, 7) == 72 * 35 + 840
    # Weights that are not trained are not counted.
    network[0].requires_grad_(False)
    assert parameters(network) == 840


def test_multiply_accumulates_are_not_counted_in_inference_mode_in_which_older_pytorch_counts_none():
    class Seen(nn.Linear):
        def forward(self, rows):
            seen.append((torch.is_inference_mode_enabled(), torch.is_grad_enabled()))
            return super().forward(rows)

    seen: list[tuple[bool, bool]] = []
    assert macs(Seen(3, 2), 3) == 6
    assert seen == [(False, False)]


def test_normalization_and_activations_need_no_multiply_accumulates():
    normalization = nn.BatchNorm2d(3)
    network = nn.Sequential(normalization, nn.ReLU(), nn.MaxPool2d(2))
    assert parameters(network) == 6
    assert macs(network, 3, 8, 8) == 0
    # Nor does counting train them.
    assert normalization.running_var is not None
    assert torch.equal(normalization.running_var, torch.ones(3))


def test_a_profile_has_size_cost_and_speed():
    (found,) = profile("ststnet", size=(28, 28), classes=3, progress=False)
    assert found.method == "ststnet"
    assert found.parameters == 1683
    # 16 filters of 3 x 3 x 3 at 30 x 30 positions, then 400 features to 3 classes
    assert found.macs == 16 * 27 * 900 + 1200
    assert found.ms > 0
    assert found.fps == pytest.approx(1000 / found.ms)


@pytest.mark.parametrize(
    ("seconds", "runs", "median"),
    [
        # Three runs for warming up, and the median of fifteen.
        ([1.0] * 3 + [0.002] * 8 + [0.5] * 7, 18, 2.0),
        # Ten seconds are enough of each, but one run is needed.
        ([6.0] * 9, 4, 6000.0),
        ([20.0, 30.0, 40.0], 2, 30_000.0),
    ],
)
def test_the_time_is_the_median_after_warming_up_of_as_many_runs_as_ten_seconds_allow(
    monkeypatch, seconds, runs, median
):
    clock, left = [0.0], list(seconds)
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])

    def work() -> None:
        clock[0] += left.pop(0)

    assert cost.median_ms(work) == pytest.approx(median)
    assert len(seconds) - len(left) == runs


@pytest.mark.slow
def test_a_profile_gives_a_two_view_network_both_views():
    # DBFEM has both branches, GFEM only the global one.
    both, single = profile(["dbfem", "gfem"], preset="flow28", progress=False)
    assert (both.shape, single.shape) == ((6, 28, 28), (3, 28, 28))
    assert both.macs > single.macs


def test_a_network_gets_its_own_input_unless_another_is_requested():
    (own,) = profile("3d-cnn-transfer", preset="reduced", progress=False)
    (other,) = profile("3d-cnn-transfer", preset="reduced", size="28x30", progress=False)
    assert (own.shape, other.shape) == ((16, 2, 32, 32), (16, 2, 30, 28))
    (one,) = profile("sssn", preset="flow28", progress=False)
    assert one.shape == (1, 28, 28)


def test_an_lstm_is_counted_although_onednn_computes_it_in_one_step():
    # Four gates of 16 units read 8 features and 16 outputs of the step before, at each of 5 steps.
    assert macs(LastOutput(8, 16), 5, 8) == 5 * 4 * 16 * (8 + 16)
    assert torch.backends.mkldnn.is_available() == torch.backends.mkldnn.enabled


def test_width_comes_before_height():
    (wide,), (high,) = (profile("ststnet", size=size, progress=False) for size in ("46x28", (28, 46)))
    assert wide.macs == high.macs
    with pytest.raises(MerlabError, match="got 20x40"):
        profile("gfem", size=(20, 40), progress=False)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"classes": 2.5}, "classes must be a whole number from 2 to 1000, got 2.5"),
        ({"channels": "x"}, "channels must be a whole number from 1 to 1000, got 'x'"),
        ({"channels": 0}, "channels must be a whole number from 1 to 1000, got 0"),
        ({"size": (28, 28, 3)}, r"size must be .*, got \(28, 28, 3\)"),
        ({"size": (28, 0)}, "the height of size must be a whole number from 1 up, got 0"),
        ({"size": (0, 28)}, "the width of size must be a whole number from 1 up, got 0"),
        ({"size": 3}, r"size must be \(width, height\) or a text such as 231x282, got 3"),
        ({"size": (28,)}, r"size must be .*, got \(28,\)"),
        ({"size": (28.5, 28)}, "the width of size must be a whole number from 1 up, got 28.5"),
        ({"network": 3}, "network must be a dictionary"),
    ],
)
def test_other_options_are_refused_by_name(options, fault):
    with pytest.raises(MerlabError, match=fault):
        profile("ststnet", progress=False, **options)


def test_a_method_without_a_network_has_no_cost():
    with pytest.raises(MerlabError, match="linear-svm is not a network"):
        profile(find_method("linear-svm"), progress=False)


@pytest.mark.parametrize(("name", "width"), [("thin", 2), ("paper", 1)])
def test_the_preset_of_the_paper_is_measured_or_else_the_first(name, width):
    def wide(task, *, width=1):
        return nn.Conv2d(task.channels, width, 1)

    presets = {each: Preset(network={"width": wide}, training={}) for each, wide in (("wide", 2), (name, 1))}
    (found,) = profile(Method("mine", network=wide, presets=presets), size=(28, 28), progress=False)
    assert found.parameters == width * (3 + 1)


def test_a_network_may_override_train_without_returning_itself():
    class Forgetful(nn.Sequential):
        def train(self, mode=True):
            super().train(mode)

    own = Method("mine", network=lambda task: Forgetful(nn.Flatten(), nn.Linear(12, task.classes)))
    module, shape = network_of(own, next(iter(own.presets)), (2, 2))
    assert (shape, module.training) == ((3, 2, 2), False)


def test_a_mistake_in_ones_own_network_names_the_method_and_the_line():
    class Broken(nn.Module):
        def __init__(self, task):
            super().__init__()
            self.layer = nn.Linear(3, task.classes)

        def forward(self, clips):
            return self.layer(clips)

    with pytest.raises(MerlabError, match=r"method mine: its network raised RuntimeError: .*test_cost.py, line \d+\)"):
        profile(Method("mine", network=Broken), progress=False)


def test_the_hardware_line_names_cores_threads_and_torch(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    assert ", 7 cores, " in hardware()
    assert re.search(r" (1 thread|[1-9]\d* threads),", hardware())
    assert "torch " in hardware()
