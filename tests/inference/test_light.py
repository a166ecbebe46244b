"""flow-cnn by NumPy: the numbers of the same network in PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from merlab.inference.light import LightFlowCnns
from merlab.methods.flow_cnn import FlowCnns
from merlab.methods.task import Task
from merlab.models.recognizer import load_recognizer
from merlab.models.shipped import shipped_network
from merlab.videos.evidence.maps import maps, network_maps

TITLE = "Grad-CAM, last convolution"


def random_networks(height: int, width: int, members: int, *, mirrored: bool) -> FlowCnns:
    """Untrained networks whose normalization is not the identity, as after training."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        networks = FlowCnns(Task(classes=3, channels=3, height=height, width=width), members, mirrored).eval()
        for name, tensor in networks.state_dict().items():
            if name.endswith("running_mean"):
                tensor.normal_(0, 0.5)
            elif name.endswith(("running_var", "weight")) and tensor.ndim == 1:
                tensor.uniform_(0.5, 2)
    return networks


def light(networks: FlowCnns) -> LightFlowCnns:
    tensors = {name: tensor.numpy() for name, tensor in networks.state_dict().items()}
    return LightFlowCnns(tensors, len(networks.networks), networks.mirrored)


def flow(*shape: int) -> np.ndarray:
    """Centered flow, of which some values are beyond the five standard deviations at which it is clipped."""
    return np.random.default_rng(1).normal(0, 3, shape).astype(np.float32)


@pytest.mark.parametrize(("height", "width"), [(28, 28), (30, 37), (8, 4)])
@pytest.mark.parametrize("mirrored", [True, False])
def test_it_has_the_logits_and_the_grad_cam_of_pytorch(height, width, mirrored):
    networks, inputs = random_networks(height, width, 2, mirrored=mirrored), flow(4, 3, height, width)
    with torch.inference_mode():
        expected = networks(torch.from_numpy(inputs)).numpy()
    assert light(networks).logits(inputs) == pytest.approx(expected, abs=1e-5)
    for label in range(3):
        cam = light(networks).grad_cam(inputs[:1], label)
        assert cam.shape == (height, width)
        assert cam.dtype == np.float32
        assert cam == pytest.approx(network_maps(networks, torch.from_numpy(inputs[:1]), label)[TITLE], abs=1e-5)


def test_logits_are_logarithms_of_probabilities():
    logits = light(random_networks(28, 28, 3, mirrored=True)).logits(flow(5, 3, 28, 28))
    assert np.exp(logits).sum(axis=1) == pytest.approx(np.ones(5))


def test_a_mirrored_input_has_the_same_probabilities_and_the_mirrored_map():
    network, inputs = light(random_networks(28, 28, 2, mirrored=True)), flow(1, 3, 28, 28)
    mirrored = inputs[..., ::-1] * np.array([-1, 1, 1], np.float32).reshape(3, 1, 1)
    assert network.logits(mirrored) == pytest.approx(network.logits(inputs))
    assert network.grad_cam(mirrored, 0) == pytest.approx(network.grad_cam(inputs, 0)[:, ::-1], abs=1e-6)


def test_where_nothing_speaks_for_the_class_the_map_is_empty():
    networks = random_networks(28, 28, 1, mirrored=False)
    with torch.no_grad():
        networks.get_parameter("networks.0.classify.weight").zero_()
    assert light(networks).grad_cam(flow(1, 3, 28, 28), 0).max() == 0
    assert light(networks).logits(np.zeros((1, 3, 28, 28), np.float32)).max() < math.log(1)


def test_the_recognizer_that_ships_with_merlab_has_the_numbers_of_pytorch():
    recognizer, network, inputs = load_recognizer(), shipped_network(), flow(8, 3, 28, 28)
    assert network.logits(inputs) == pytest.approx(recognizer.logits(inputs), abs=1e-5)
    for label in range(3):
        assert network.grad_cam(inputs[:1], label) == pytest.approx(
            maps(recognizer, inputs[:1], label)[TITLE], abs=1e-5
        )
