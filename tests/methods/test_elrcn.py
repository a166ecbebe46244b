"""ELRCN: VGG-16 against its published size, and the two kinds of enrichment."""

import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference.cost import macs, parameters
from merlab.inputs import as_recipe
from merlab.methods import find_method
from merlab.methods.elrcn import Vgg16, enriched
from merlab.methods.method import Task

SMALL = Task(5, 4, 32, 32, frames=3)


def build(name: str, task: Task, preset: str = "reduced"):
    method = find_method(name)
    return method.module(task, method.preset(preset)).eval()


def test_vgg_16_has_its_published_size_and_cost():
    # Simonyan and Zisserman: 138 M parameters, of which torchvision's model has 138 357 544; the last layer for 1000
    # classes has 4 097 000. One frame costs 15.5 G multiply-accumulates.
    with torch.device("meta"):
        network = Vgg16(3, Task(5, 3, 224, 224), 1.0, normalize=False)
        cost = macs(network, 3, 224, 224)
    assert parameters(network) == 138_357_544 - 4_097_000
    assert (cost + 4_096_000) / 1e9 == pytest.approx(15.5, abs=0.05)


@pytest.mark.parametrize(("name", "encoders"), [("elrcn", [3, 1, 1]), ("elrcn-se", [5])])
def test_temporal_enrichment_has_a_network_for_each_kind_and_spatial_one_for_all(name, encoders):
    network = build(name, SMALL)
    assert [encoder[0].in_channels for encoder in network.encoders] == encoders
    assert network.remember.lstm.input_size == len(encoders) * 512


def test_the_magnitude_is_added_to_the_flow():
    images = torch.tensor([3.0, 4.0, 0.5, 0.25]).view(1, 4, 1, 1)
    assert enriched(images).flatten().tolist() == [3, 4, 5, 0.5, 0.25]


def test_the_lstm_reads_the_frames_in_their_order():
    network = build("elrcn", SMALL)
    sequence = torch.rand(2, 3, 4, 32, 32)
    assert network(sequence).shape == (2, 5)
    assert not torch.allclose(network(sequence), network(sequence.flip(1)))


@pytest.mark.parametrize("name", ["elrcn", "elrcn-se"])
def test_every_parameter_learns(name):
    network = build(name, SMALL).train()
    network(torch.rand(2, 3, 4, 32, 32)).square().sum().backward()
    assert [label for label, value in network.named_parameters() if value.grad is None] == []


def test_the_published_form_has_nine_steps_of_224_pixels():
    recipe = as_recipe(find_method("elrcn").input)
    assert Task.of(5, recipe).shape == (9, 4, 224, 224)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (Task(5, 3, 32, 32, frames=3), "u, v, strain and the gray frame, and got 3 channels; .*channels=uvs,gray=yes"),
        (Task(5, 4, 28, 28, frames=3), "28x28 pixels are too few for the five poolings of VGG-16; .*32x32"),
    ],
)
def test_other_inputs_are_refused_with_the_remedy(task, message):
    with pytest.raises(MerlabError, match=message):
        build("elrcn", task)
