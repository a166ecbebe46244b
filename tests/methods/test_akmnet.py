"""AKMNet, akmnet: its size, the mask of key frames, and its loss by hand."""

import math

import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference.cost import parameters
from merlab.methods import find_method
from merlab.methods.akmnet import key_frame_mask, key_frames_first
from merlab.methods.method import Task
from merlab.training.schedules import learning_rate

SMALL = Task(3, 1, 33, 41, frames=6)


def build(task: Task, preset: str):
    method = find_method("akmnet")
    return method.module(task, method.preset(preset)).eval()


def test_it_has_the_11_3_million_parameters_of_the_released_layers():
    network = build(Task(4, 1, 144, 144, frames=64), "paper")
    assert parameters(network) / 1e6 == pytest.approx(11.3, abs=0.01)
    assert network.trunk(torch.rand(1, 1, 128, 128)).shape == (1, 512, 4, 4)


def test_key_frames_are_those_above_the_mean_of_their_clip():
    cosines = torch.tensor([[0.1, 0.9, 0.8, 0.2], [0.3, 0.3, 0.3, 0.7]])  # means .5 and .4
    assert key_frame_mask(cosines).tolist() == [[0, 1, 1, 0], [0, 0, 0, 1]]


@pytest.mark.parametrize("value", [0.1, 0.7, 1 / 3, 0.9999999])
def test_of_equal_frames_all_are_kept(value):
    assert key_frame_mask(torch.full((1, 7), value)).sum() == 7


def test_the_gradient_passes_the_mask_as_if_it_were_the_cosines():
    cosines = torch.tensor([[0.1, 0.9, 0.8]], requires_grad=True)
    (key_frame_mask(cosines) * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert cosines.grad is not None
    assert cosines.grad.tolist() == [[1, 2, 3]]


def test_key_frames_come_first_in_their_order_in_time():
    frames = torch.arange(5.0).view(1, 5, 1)
    mask = torch.tensor([[0.0, 1.0, 0.0, 1.0, 1.0]])
    assert key_frames_first(frames, mask).flatten().tolist() == [1, 3, 4, 0, 2]


def test_a_frame_that_is_no_key_frame_is_not_read():
    network = build(SMALL, "reduced")
    maps, mask = torch.rand(1, 6, 64, 4), torch.tensor([[1.0, 0, 1, 1, 0, 1]])
    changed = maps.clone()
    changed[:, [1, 4]] += 1
    assert torch.equal(network._read(maps, mask), network._read(changed, mask))
    changed[:, 3] += 1
    assert not torch.equal(network._read(maps, mask), network._read(changed, mask))


def test_the_loss_by_hand():
    network = build(SMALL, "reduced")
    cosines = torch.tensor([[0.9, 0.7, 0.1, 0.3]])
    loss = network.loss((torch.zeros(1, 3), cosines, key_frame_mask(cosines)), torch.tensor([0]), None)
    # log 3, 2 - (.8 - .2), and .1 for each of the two key frames but one.
    assert loss.item() == pytest.approx(math.log(3) + 1.4 + 0.1)


def test_whole_frames_are_seen_at_test_and_in_training_random_parts_for_half_of_the_clips():
    network = build(Task(3, 1, 144, 160, frames=2), "paper")
    # Each pixel states its column and row, so that what is seen states where it comes from.
    columns, rows = torch.arange(160.0).expand(144, 160), torch.arange(144.0)[:, None].expand(144, 160)
    clips = torch.stack([columns, rows])[None, :, None].repeat(40, 1, 1, 1, 1)
    whole = network._seen(clips)[0]
    # Pixel centers: (i + 1/2) x 160 / 128 - 1/2.
    assert torch.allclose(whole[0, 0, 5], (torch.arange(128) + 0.5) * 160 / 128 - 0.5, atol=1e-3)
    assert torch.allclose(whole[1, 0, :, 5], (torch.arange(128) + 0.5) * 144 / 128 - 0.5, atol=1e-3)
    torch.manual_seed(0)
    seen = network.train()._seen(clips)
    is_whole = torch.tensor([torch.allclose(clip, whole, atol=1e-3) for clip in seen])
    assert 10 <= is_whole.sum() <= 30
    firsts = seen[~is_whole][:, :, 0, 0, 0]  # the first column and row of each part
    assert torch.allclose(firsts, firsts.round(), atol=1e-3)
    assert torch.allclose(seen[~is_whole][:, 0, 0, 3], firsts[:, :1] + torch.arange(128), atol=1e-3)
    assert firsts[:, 0].unique().numel() > 5
    assert ((firsts[:, 0] <= 32.001) & (firsts[:, 1] <= 16.001)).all()


def test_only_the_number_of_key_frames_moves_the_mask():
    network = build(SMALL, "reduced")
    cosines = torch.tensor([[0.9, 0.7, 0.1, 0.3]], requires_grad=True)
    network.loss((torch.zeros(1, 3), cosines, key_frame_mask(cosines)), torch.tensor([0]), None).backward()
    # The contrast gives -1/2 to each key frame and 1/2 to each other frame; their number gives .1 to all.
    assert cosines.grad is not None
    assert cosines.grad[0].tolist() == pytest.approx([-0.4, -0.4, 0.6, 0.6])


def test_the_learning_rate_falls_and_rises_in_fifths_of_the_epochs():
    training = find_method("akmnet").preset("paper").training
    assert training is not None
    assert [learning_rate(training, done) for done in (0, 8, 16, 32)] == pytest.approx([1e-3, 0, 1e-3, 1e-3])


def test_an_image_smaller_than_the_crop_is_refused():
    with pytest.raises(MerlabError, match="cannot take parts of 128x128 from 64x64 pixels.*crop=0"):
        build(Task(3, 1, 64, 64, frames=6), "paper")
