"""flow-cnn and flow-ensemble: their size, their heads, and how they use what the recipe states."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from merlab.inference.cost import parameters
from merlab.inputs import mirror_of, parse_recipe
from merlab.methods import METHODS, Preset, Task
from merlab.methods.flow_cnn import FlowCnn
from merlab.synthesis.action_units import ACTION_UNITS

TASK = Task(classes=3, channels=3, height=28, width=28)


def flow(clips: int = 4, seed: int = 0) -> torch.Tensor:
    return torch.randn(clips, 3, 28, 28, generator=torch.Generator().manual_seed(seed))


def test_flow_cnn_has_the_144_383_parameters_of_the_prototype():
    assert parameters(FlowCnn(TASK)) == 144_383


def test_it_has_one_output_for_each_side_of_an_action_unit_of_synthetic_faces():
    sides = sum(2 if unit.paired else 1 for unit in ACTION_UNITS.values())
    assert FlowCnn(TASK).heads(flow())[1].shape == (4, sides)


def test_values_beyond_five_standard_deviations_do_not_count():
    network = FlowCnn(TASK).eval()
    extreme = flow()
    extreme[:, :, 3, 3] = 100
    clipped = extreme.clamp(-5, 5)
    assert torch.equal(network(extreme), network(clipped))


def test_both_heads_read_the_same_features():
    network = FlowCnn(TASK).eval()
    features = network.features(flow())
    assert torch.equal(network(flow()), network.classify(features))
    logits, intensities = network.heads(flow())
    assert torch.equal(logits, network(flow()))
    assert torch.equal(intensities, network.intensities(features))


@pytest.mark.parametrize("side", [28, 30, 56])
def test_it_takes_other_sizes(side):
    assert FlowCnn(Task(5, 3, side, 28))(torch.rand(2, 3, side, 28)).shape == (2, 5)


def test_the_number_of_steps_does_not_depend_on_the_number_of_clips():
    for name in ("flow-cnn", "flow-ensemble"):
        training = METHODS[name].preset("paper").training
        assert training is not None
        assert (training.steps, training.epochs, training.selection) == (10, 30, "fixed")


def test_flow_ensemble_is_the_mean_of_one_network_and_one_machine():
    rng = np.random.default_rng(0)
    inputs, labels = rng.normal(size=(12, 3, 28, 28)).astype(np.float32), np.arange(12) % 3
    mirror = mirror_of(parse_recipe("flow:scale=centered"))

    def predicted(name: str, seed: int) -> np.ndarray:
        method = METHODS[name]
        preset = shortened(method.preset("paper"))
        classifier = method.build(TASK, preset, mirror)
        classifier.fit(inputs, labels, ["s"] * 12, seed)
        return np.asarray(classifier.predict_proba(inputs))

    expected = (predicted("flow-cnn", 3) + predicted("joint-svm", 3)) / 2
    assert predicted("flow-ensemble", 3) == pytest.approx(expected)


def shortened(preset: Preset) -> Preset:
    if preset.training is None:
        return preset
    return preset.model_copy(update={"training": preset.training.model_copy(update={"epochs": 1, "steps": 2})})
