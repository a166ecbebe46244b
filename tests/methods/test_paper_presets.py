"""The preset ``paper`` of networks that no other test trains, at the published sizes: each takes one training step."""

import pytest

from merlab.inputs import parse_recipe
from merlab.methods import find_method
from merlab.methods.method import Task
from tests.methods.training_step import after_one_step

# Without elrcn and elrcn-se: VGG-16 on 18 images of 224 x 224 takes more than a minute.
NAMES = (
    "htnet",
    "mmnet",
    "emr",
    "capsulenet",
    "3d-cnn-transfer",
    "dtscnn",
    "se-densenet-3d",
    "self-attention-transfer",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_preset_paper_takes_one_training_step(name):
    method = find_method(name)
    recipe = parse_recipe(method.preset("paper").input or method.input)
    assert after_one_step(name, Task.of(5, recipe)).shape == (2, 5)
