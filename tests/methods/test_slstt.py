"""SLSTT, as slstt-mean and slstt-lstm, against the size of ViT-B/16."""

import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference.cost import macs, parameters
from merlab.methods import find_method
from merlab.methods.method import Task
from merlab.training.schedules import learning_rate

SMALL = Task(4, 3, 32, 32, frames=5)


def build(name: str, task: Task, preset: str):
    method = find_method(name)
    return method.module(task, method.preset(preset)).eval()


def test_the_transformer_has_the_size_and_cost_of_vit_base_at_384_pixels():
    # Published for ViT-B/16 at 384 x 384 with the 1000 classes of ImageNet: 86.86 M parameters, 55.5 G operations.
    with torch.device("meta"):
        network = build("slstt-mean", Task(1000, 3, 384, 384, frames=11), "paper")
        assert parameters(network) == 86_859_496
        assert macs(network, 1, 3, 384, 384) / 1e9 == pytest.approx(55.5, abs=0.1)


def test_the_lstm_has_three_layers_of_512_and_a_layer_of_256():
    # By hand: the first layer reads 768 features, the others 512; four gates, and two biases for each.
    lstm = 4 * 512 * (768 + 512 + 2) + 2 * 4 * 512 * (512 + 512 + 2)
    with torch.device("meta"):
        mean, recurrent = (
            parameters(build(name, Task(5, 3, 384, 384, frames=11), "paper")) for name in ("slstt-mean", "slstt-lstm")
        )
    assert recurrent - (mean - (768 * 5 + 5)) == lstm + 512 * 256 + 256 + 256 * 5 + 5


def test_the_mean_does_not_depend_on_the_order_of_the_frames_and_the_lstm_does():
    clips = torch.rand(2, *SMALL.shape)
    for name, same in (("slstt-mean", True), ("slstt-lstm", False)):
        network = build(name, SMALL, "reduced")
        forward, backward = network(clips), network(clips.flip(1))
        assert torch.allclose(forward, backward, atol=1e-6) is same


def test_the_logits_are_the_mean_of_those_of_single_frames():
    clips = torch.rand(2, *SMALL.shape)
    network = build("slstt-mean", SMALL, "reduced")
    single = torch.stack([network(clips[:, [frame]]) for frame in range(SMALL.frames)])
    assert torch.allclose(network(clips), single.mean(dim=0), atol=1e-6)


@pytest.mark.parametrize("name", ["slstt-mean", "slstt-lstm"])
def test_the_learning_rate_is_the_one_that_the_released_loop_sets_before_every_epoch(name):
    training = find_method(name).preset("paper").training
    assert training is not None
    # 0.01 x 0.1 ^ (epoch // 30); the cosine that the release also makes is overwritten.
    assert [learning_rate(training, done) for done in (0, 3, 29, 30, 39)] == pytest.approx([1e-2] * 3 + [1e-3] * 2)


def test_flow_that_is_not_a_color_image_and_images_smaller_than_a_patch_are_refused():
    with pytest.raises(MerlabError, match=r"2 channels; use a recipe with hsv-flow"):
        build("slstt-mean", Task(4, 2, 32, 32, frames=5), "reduced")
    with pytest.raises(MerlabError, match="12x32 has no patch of 16 pixels"):
        build("slstt-lstm", Task(4, 3, 32, 12, frames=5), "paper")
