import pytest
import torch

from merlab.inference.cost import macs, parameters
from merlab.methods import find_method
from merlab.methods.method import Task


def build(task):
    method = find_method("learnet")
    return method.module(task, method.preset("paper")).eval()


def test_it_has_the_parameters_and_cost_of_the_released_model():
    # Counted by hand from the released Keras layers (trainable, 8 classes): 448 stem; 4 x (272 + 4 640 + 51 264)
    # paths; 192 + 512 batch normalization; 590 080 convolution; 1 048 832 + 2 056 dense.
    network = build(Task(8, 3, 112, 112))
    assert parameters(network) == 448 + 4 * (272 + 4640 + 51264) + 192 + 512 + 590080 + 1048832 + 2056
    assert parameters(network) / 1e6 == pytest.approx(1.87, abs=0.01)
    assert macs(network, 3, 112, 112) / 1e9 == pytest.approx(0.026, abs=0.001)


def test_the_second_path_adds_the_maps_of_the_first_and_not_the_reverse():
    pair = build(Task(5, 3, 112, 112)).pairs[0]
    stem = torch.rand(1, 16, 24, 24)
    before = pair(stem)
    with torch.no_grad():
        pair.plain[0][0].bias += 1
    after = pair(stem)
    assert not torch.equal(before[:, 64:], after[:, 64:])
    with torch.no_grad():
        pair.accretive[0][0].bias += 1
    assert torch.equal(pair(stem)[:, :64], after[:, :64])


@pytest.mark.parametrize(("height", "width"), [(112, 112), (33, 57), (28, 28)])
def test_it_takes_other_sizes_and_channels(height, width):
    assert build(Task(4, 1, height, width))(torch.rand(2, 1, height, width)).shape == (2, 4)
