"""The preset ``paper`` of the comparison methods that are networks: each takes one training step."""

import pytest

from merlab.inputs import parse_recipe
from merlab.methods import COMPARISON_METHODS, find_method
from merlab.methods.method import Task
from tests.methods.training_step import unmoved_after_one_step

# Without elrcn: three VGG-16 and their LSTM have 0.59 billion parameters; elrcn-se trains the same layers.
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
    published = Task.of(5, parse_recipe(method.preset("paper").input or method.input))
    unmoved = unmoved_after_one_step(name, SMALLER.get(name, published))
    assert [label for label in unmoved if not label.endswith(WITHOUT_INFLUENCE)] == []
