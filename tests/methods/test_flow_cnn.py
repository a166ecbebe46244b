"""flow-cnn and flow-ensemble: their size, their heads, and how they use what the recipe states."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference.cost import parameters
from merlab.inputs import mirror_of, parse_recipe
from merlab.methods import METHODS, Preset, Task
from merlab.methods.flow_cnn import FlowCnn, FlowCnns, flow_cnn
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


class TestSeveralNetworksAsOne:
    def networks(self, members: int, mirrored: bool) -> FlowCnns:
        torch.manual_seed(0)
        network = flow_cnn(TASK, members=members, mirrored=mirrored)
        assert isinstance(network, FlowCnns)
        return network.eval()

    def test_one_network_that_is_not_mirrored_is_itself(self):
        assert isinstance(flow_cnn(TASK), FlowCnn)

    def test_the_probabilities_are_the_mean_of_those_of_its_members(self):
        network = self.networks(3, mirrored=False)
        expected = torch.stack([each(flow()).softmax(dim=1) for each in network.networks]).mean(dim=0)
        assert torch.allclose(network(flow()).exp(), expected, atol=1e-6)
        assert torch.allclose(network(flow()).exp().sum(dim=1), torch.ones(4))

    def test_mirrored_networks_average_the_input_and_its_mirror_image(self):
        network = self.networks(2, mirrored=True)
        mirror = mirror_of(parse_recipe("flow:scale=centered"))
        assert mirror is not None
        views = [each(view).softmax(dim=1) for each in network.networks for view in (flow(), mirror(flow()))]
        assert torch.allclose(network(flow()).exp(), torch.stack(views).mean(dim=0), atol=1e-6)
        assert torch.allclose(network(mirror(flow())), network(flow()), atol=1e-6)

    def test_the_tensors_of_a_member_have_its_number_and_the_names_of_one_network(self):
        names = self.networks(2, mirrored=True).state_dict()
        assert list(names) == [f"networks.{number}.{name}" for number in (0, 1) for name in FlowCnn(TASK).state_dict()]

    def test_other_channels_cannot_be_mirrored(self):
        with pytest.raises(MerlabError, match="read centered u, v and strain, and got 2 channels"):
            flow_cnn(Task(3, 2, 28, 28), mirrored=True)

    @pytest.mark.parametrize("members", ["0", "17"])
    def test_more_than_16_members_are_refused(self, members):
        with pytest.raises(MerlabError, match=r"network option members of flow-cnn: .*the range is 1 to 16"):
            METHODS["flow-cnn"].preset_with("paper", {"members": members})


def test_the_training_on_synthetic_flow_and_from_it_is_that_of_the_prototype():
    synthetic, pretrained = (METHODS["flow-cnn"].preset(name).training for name in ("synthetic", "pretrained"))
    assert synthetic is not None
    assert pretrained is not None
    assert (synthetic.epochs, synthetic.steps, synthetic.batch_size) == (8, None, 128)
    assert (synthetic.learning_rate, synthetic.warm_up, synthetic.weight_decay) == (2e-3, 0.2, 1e-3)
    assert (synthetic.label_smoothing, synthetic.unit_loss, synthetic.shift, synthetic.noise) == (0.05, 4, 1, 0.3)
    assert pretrained.steps is not None
    assert pretrained.epochs * pretrained.steps == 120
    assert pretrained.batch_size * pretrained.synthetic_share == pytest.approx(28)
    assert (pretrained.batch_size, pretrained.unit_loss) == (84, 2)
    assert (pretrained.learning_rate, pretrained.warm_up, pretrained.weight_decay) == (1.5e-3, 0.15, 1e-2)
    assert (pretrained.label_smoothing, pretrained.move, pretrained.scale) == (0.1, 1.5, 0.06)
    assert (pretrained.turn, pretrained.noise) == (0.05, 0.25)
    for training in (synthetic, pretrained):
        assert (training.optimizer, training.schedule, training.selection) == ("adamw", "one-cycle", "fixed")
        assert training.mirror
        assert training.mirror_at_test
