"""Attention and Grad-CAM: closed forms on tiny networks, and every form of the dual-branch network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from merlab.inputs import as_recipe, mirror_of
from merlab.methods import find_method
from merlab.methods.layers import SpatialGate
from merlab.models.card import ModelCard
from merlab.models.members import single
from merlab.models.recognizer import Recognizer
from merlab.videos.evidence.maps import maps, network_maps

ATTENTION = ["attention, global branch", "attention, local branch"]
GRAD_CAM = ["Grad-CAM, global branch", "Grad-CAM, local branch"]
TITLES_OF = {
    "gfem": [ATTENTION[0], GRAD_CAM[0]],
    "ltfem": [ATTENTION[1], GRAD_CAM[1]],
    "resnet18": [ATTENTION[0], GRAD_CAM[0]],
    **dict.fromkeys(("dbfem", "dbfem-caffm", "dbfem-caffm-l", "dbfem-caffm-g"), ATTENTION + GRAD_CAM),
}


def recognizer(method: str, preset: str, recipe: str | None = None, **network) -> Recognizer:
    chosen = find_method(method).preset(preset)
    text = recipe or chosen.input or find_method(method).input
    card = ModelCard(
        name="untrained",
        method=method,
        preset=preset,
        network={**chosen.network, **network},
        recipe=str(as_recipe(text) if recipe else as_recipe(text).seen_by(find_method(method).view)),
        scheme="casme2-5",
        classes=("happiness", "disgust", "surprise"),
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Recognizer(card, card.build())


def inputs_of(model: Recognizer) -> np.ndarray:
    return np.random.default_rng(0).random((1, *model.recipe.shape), np.float32)


class Pooled(nn.Module):
    """A convolution, the mean over the grid, a linear layer: its Grad-CAM is known in closed form."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 2, 1, bias=False)
        self.classify = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.convolution.weight[:] = torch.tensor([1.0, -2.0]).view(2, 1, 1, 1)
            self.classify.weight[:] = torch.tensor([[3.0, 1.0], [-1.0, 1.0]])

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classify(self.convolution(inputs).mean(dim=(2, 3)))
        return logits


class TestClosedForms:
    def test_grad_cam_is_the_feature_maps_weighted_by_the_mean_gradient(self):
        # Class 0: the maps x and -2x weigh 3 and 1, so that x is left; class 1: -1 and 1 leave -3x.
        x = torch.tensor([[1.0, -2.0], [4.0, 0.5]])[None, None]
        first, second = (network_maps(Pooled(), x, label)["Grad-CAM, last convolution"] for label in (0, 1))
        assert first == pytest.approx(np.array([[0.25, 0], [1, 0.125]]))
        assert second == pytest.approx(np.array([[0, 1], [0, 0]]))

    def test_where_nothing_speaks_for_the_class_the_map_is_empty(self):
        maps_of = network_maps(Pooled(), torch.full((1, 1, 2, 2), -1.0), 0)
        assert maps_of["Grad-CAM, last convolution"].max() == 0

    def test_a_convolution_without_extent_is_not_the_last_one(self):
        network = nn.Sequential(
            nn.Conv2d(1, 2, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Conv2d(2, 2, 1), nn.Flatten()
        )
        assert network_maps(network, torch.rand(1, 1, 6, 6), 0)["Grad-CAM, last convolution"].shape == (6, 6)

    def test_attention_is_the_last_gate_of_the_branch(self):
        model = recognizer("dbfem", "flow28")
        gates = {name: module for name, module in model.module.named_modules() if isinstance(module, SpatialGate)}
        for name, gate in gates.items():
            if name.startswith("local_branch"):
                nn.init.zeros_(gate.convolution.weight)
        found = maps(model, inputs_of(model), 0)
        assert found["attention, local branch"] == pytest.approx(np.full((28, 28), 0.5))
        assert found["attention, global branch"].std() > 0


class TestDualBranch:
    @pytest.mark.parametrize("preset", ["flow28", "reduced"])
    @pytest.mark.parametrize("method", TITLES_OF)
    def test_each_branch_has_its_maps_at_the_size_of_the_input(self, method, preset):
        model = recognizer(method, preset)
        found = maps(model, inputs_of(model), 1)
        assert sorted(found) == sorted(TITLES_OF[method])
        for each in found.values():
            assert each.shape == model.recipe.shape[-2:]
            assert each.dtype == np.float32
            assert 0 <= each.min() <= each.max() <= 1

    @pytest.mark.parametrize(
        ("attention", "titles"), [("sam", ATTENTION + GRAD_CAM), ("se", GRAD_CAM), ("none", GRAD_CAM)]
    )
    def test_without_a_spatial_gate_there_is_no_map_of_it(self, attention, titles):
        model = recognizer("dbfem-caffm", "flow28", attention=attention)
        assert sorted(maps(model, inputs_of(model), 0)) == sorted(titles)

    def test_the_map_of_a_mosaic_lies_on_the_face(self):
        model = recognizer("ltfem", "flow28", "flow:channels=uvs,size=64x80,regions=mosaic,view=local")
        gate = maps(model, inputs_of(model), 0)["attention, local branch"]
        assert gate[0, 0] == gate[-1, -1] == 0
        assert gate[20, 32] > 0

    def test_classes_have_maps_of_their_own(self):
        model = recognizer("dbfem-caffm", "flow28")
        first, second = (maps(model, inputs_of(model), label) for label in (0, 1))
        assert np.array_equal(first[ATTENTION[0]], second[ATTENTION[0]])
        assert not np.array_equal(first[GRAD_CAM[0]], second[GRAD_CAM[0]])


@pytest.mark.parametrize("method", ["ststnet", "off-apexnet", "rcn-a", "rcn-f", "dual-inception", "fr", "learnet"])
def test_other_networks_have_the_grad_cam_of_their_last_convolution(method):
    model = recognizer(method, "reduced")
    found = maps(model, inputs_of(model), 0)
    assert list(found) == ["Grad-CAM, last convolution"]
    assert found["Grad-CAM, last convolution"].shape == model.recipe.shape[-2:]


class TestSeveralNetworks:
    """A flow-cnn that averages networks, and mirror images, has the mean of their maps."""

    RECIPE = "flow:channels=uvs,scale=centered,size=28x28"
    TITLE = "Grad-CAM, last convolution"

    def test_it_is_the_mean_of_the_maps_of_each(self):
        model = recognizer("flow-cnn", "paper", self.RECIPE, members=3)
        inputs = inputs_of(model)
        networks = [network.module for network in single(model)]
        each = [network_maps(network, torch.from_numpy(inputs), 1)[self.TITLE] for network in networks]
        found = maps(model, inputs, 1)
        assert list(found) == [self.TITLE]
        assert found[self.TITLE] == pytest.approx(np.mean(each, axis=0) / np.mean(each, axis=0).max())

    def test_a_mirrored_input_has_the_mirrored_map(self):
        model = recognizer("flow-cnn", "paper", self.RECIPE, members=2, mirrored=True)
        inputs = inputs_of(model)
        mirror = mirror_of(model.recipe)
        assert mirror is not None
        mirrored = mirror(torch.from_numpy(inputs)).numpy()
        first, second = (maps(model, each, 2)[self.TITLE] for each in (inputs, mirrored))
        assert first == pytest.approx(second[:, ::-1], abs=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_the_network_is_left_as_it_was(training):
    model = recognizer("dbfem-caffm", "flow28")
    fusion, branch = (model.module.get_submodule(name) for name in ("fusion", "global_branch"))
    fusion.train(training)
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    maps(model, inputs_of(model), 0)
    assert all(torch.equal(value, before[name]) for name, value in model.module.state_dict().items())
    assert all(parameter.grad is None for parameter in model.module.parameters())
    assert not any(module._forward_hooks for module in model.module.modules())
    assert all(module.training is training for module in fusion.modules())
    assert branch.training is False


def test_watching_changes_no_logit():
    model = recognizer("dbfem-caffm-l", "flow28")
    before = model.logits(inputs_of(model))
    with torch.inference_mode():
        maps(model, inputs_of(model), 0)
    assert np.array_equal(model.logits(inputs_of(model)), before)
