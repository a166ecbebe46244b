"""The preset ``paper`` of the comparison methods that are networks: each takes one training step."""

import pytest
import torch
import torch.nn.functional as F

from merlab.inputs import as_recipe
from merlab.methods import COMPARISON_METHODS, find_method
from merlab.methods.method import Task
from merlab.training import seeded
from tests.methods.training_step import available_memory, unmoved_after_one_step

# Without elrcn, which has a test of its own.
NAMES = [method.name for method in COMPARISON_METHODS if method.network and method.name != "elrcn"]
# What a convolution adds to all positions before batch normalization has no influence and no gradient.
WITHOUT_INFLUENCE = ("stem.0.bias", "enter.0.bias", "step.0.bias")
# The published layers on smaller inputs: at the published size, a step takes more than ten seconds.
SMALLER = {
    "akmnet": Task(4, 1, 144, 144, frames=8),
    "slstt-mean": Task(5, 3, 64, 64, frames=2),
    "slstt-lstm": Task(5, 3, 64, 64, frames=2),
    "later": Task(5, 4, 32, 32, frames=2),
    "aman": Task(5, 27, 112, 112, frames=2),
    "elrcn-se": Task(5, 4, 32, 32, frames=2),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_preset_paper_takes_one_training_step_that_moves_every_weight(name):
    method = find_method(name)
    published = Task.of(5, as_recipe(method.preset("paper").input or method.input))
    unmoved = unmoved_after_one_step(name, SMALLER.get(name, published))
    assert [label for label in unmoved if not label.endswith(WITHOUT_INFLUENCE)] == []


@pytest.mark.slow
@pytest.mark.skipif(available_memory() < 5 * 2**30, reason="needs 5 GiB of free memory")
def test_the_published_elrcn_takes_one_training_step_that_gives_every_weight_a_gradient():
    """0.59 billion weights in bfloat16; each tensor is changed and its gradient is freed as soon as it is known."""
    method = find_method("elrcn")
    gradients: dict[int, float] = {}

    def step(weights: torch.Tensor) -> None:
        assert weights.grad is not None
        gradients[id(weights)] = float(weights.grad.norm())
        weights.data.add_(weights.grad, alpha=-1e-5)
        weights.grad = None

    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with seeded(0, torch.device("cpu")):
            network = method.module(Task(5, 4, 224, 224, frames=2), method.preset("paper")).train()
            clip = torch.rand(1, 2, 4, 224, 224)
    finally:
        torch.set_default_dtype(usual)
    vgg16, colors = 138_357_544 - 4_097_000, 9 * 64  # as in test_elrcn.py; two of the three have one channel
    recurrent = 4 * 3000 * (3 * 4096 + 3000 + 2)
    expected = 3 * vgg16 - 4 * colors + recurrent + 128 * (3000 + 1) + 5 * (128 + 1)
    assert sum(weights.numel() for weights in network.parameters()) == expected
    for weights in network.parameters():
        weights.register_post_accumulate_grad_hook(step)
    F.cross_entropy(network(clip).float(), torch.tensor([1])).backward()
    values = [gradients[id(weights)] for weights in network.parameters()]
    assert all(0 < value < float("inf") for value in values)
