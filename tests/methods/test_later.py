"""Later, later: Video Swin-B against its published size and cost, and shifted windows."""

import pytest
import torch
import torch.nn.functional as F

from merlab.errors import MerlabError
from merlab.inference.cost import macs, parameters
from merlab.methods import find_method
from merlab.methods.later import SIZES
from merlab.methods.later.swin import (
    SwinBlock,
    SwinShape,
    VideoSwin,
    join,
    patches_of,
    relative_places,
    separated,
    split,
)
from merlab.methods.method import Task


def build(task: Task, preset: str):
    method = find_method("later")
    return method.module(task, method.preset(preset)).eval()


@pytest.mark.slow
def test_a_stream_has_the_published_size_and_cost_of_video_swin_base():
    # Torchvision's swin3d_b with the 400 classes of Kinetics: 88 048 984 parameters, 140.67 G operations, 16 frames.
    with torch.device("meta"):
        stream = VideoSwin(3, SwinShape())
        assert parameters(stream) + 400 * stream.features + 400 == 88_048_984
        assert macs(stream, 16, 3, 224, 224) / 1e9 == pytest.approx(140.67, abs=0.01)


def test_the_grid_of_the_last_tokens_is_known_for_every_size():
    for frames, height, width in ((8, 48, 48), (3, 33, 50)):
        stream = VideoSwin(3, SIZES["small"])
        assert stream(torch.rand(1, frames, 3, height, width)).shape[1:4] == stream.grid(frames, height, width)


def test_all_positions_are_classified_or_their_mean():
    task = Task(5, 4, 48, 48, frames=4)
    assert build(task, "reduced").classify.in_features == 2 * 48 * 2 * 6 * 6
    mean = find_method("later").module(task, find_method("later").preset_with("reduced", {"positions": "false"}))
    assert mean.state_dict()["classify.weight"].shape == (5, 2 * 48)
    assert mean(torch.rand(2, *task.shape)).shape == (2, 5)


def test_flow_and_gray_frames_have_their_own_stream():
    with torch.device("meta"):
        network = build(Task(5, 4, 224, 224, frames=16), "paper")
    fewer = 2 * 2 * 4 * 4 * 128  # the gray patches have one channel instead of three
    assert parameters(network.motion) - parameters(network.texture) == fewer
    assert network.classify.in_features == 2 * 1024


def test_patches_are_embedded_as_by_a_convolution_over_space_and_time():
    clips, weights = torch.rand(2, 4, 3, 8, 12), torch.rand(5, 3, 2, 4, 4)
    expected = F.conv3d(clips.transpose(1, 2), weights, stride=(2, 4, 4)).permute(0, 2, 3, 4, 1)
    assert torch.allclose(patches_of(clips, (2, 4, 4)) @ weights.flatten(1).T, expected, atol=1e-5)


def test_it_can_be_trained_after_a_stored_recognizer_has_predicted_in_the_same_process():
    relative_places.cache_clear()
    separated.cache_clear()
    network, clip = VideoSwin(3, SIZES["small"]), torch.rand(1, 8, 3, 48, 48)
    with torch.inference_mode():
        network(clip)
    network(clip).sum().backward()
    assert all(block.bias.grad is not None for block in network.modules() if isinstance(block, SwinBlock))


def test_windows_are_joined_as_they_were_split():
    tokens = torch.rand(2, 4, 6, 8, 3)
    assert torch.equal(join(split(tokens, (2, 3, 4)), tokens.shape, (2, 3, 4)), tokens)


def test_relative_places_depend_only_on_the_difference_of_two_places():
    places = relative_places((2, 3, 3), (2, 3, 3))
    assert places.min() == 0
    assert places.max() == 3 * 5 * 5 - 1
    assert places.unique().numel() == 3 * 5 * 5
    assert places.diagonal().unique().tolist() == [3 * 5 * 5 // 2]


def changed_by(block: SwinBlock, place: tuple[int, int, int], grid: tuple[int, int, int]) -> set[tuple[int, ...]]:
    """The places of the grid whose token changes if that of ``place`` does."""
    tokens = torch.rand(1, *grid, 8)
    other = tokens.clone()
    other[0][place] = torch.rand(8)
    with torch.no_grad():
        differs = (block(tokens) - block(other)).abs().amax(dim=-1)[0] > 1e-7
    return {tuple(each) for each in differs.nonzero().tolist()}


def test_a_token_reaches_its_window_and_in_shifted_blocks_the_next_one():
    plain, shifted = (SwinBlock(8, 2, (1, 4, 4), shifted=s, drop_path=0.0).eval() for s in (False, True))
    grid = (1, 8, 8)
    assert changed_by(plain, (0, 3, 3), grid) == {(0, row, column) for row in range(4) for column in range(4)}
    # Windows moved by 2: the token is in the one of rows and columns 2 to 5.
    assert changed_by(shifted, (0, 3, 3), grid) == {(0, row, column) for row in range(2, 6) for column in range(2, 6)}
    # At the corner, opposite ends of the grid share a window after the shift, and do not see each other.
    assert changed_by(shifted, (0, 0, 0), grid) == {(0, row, column) for row in range(2) for column in range(2)}


def test_a_window_is_never_larger_than_the_grid_and_odd_grids_are_filled_up():
    block = SwinBlock(8, 2, (8, 7, 7), shifted=True, drop_path=0.0).eval()
    assert block(torch.rand(2, 2, 3, 9, 8)).shape == (2, 2, 3, 9, 8)


def test_drop_path_leaves_out_whole_residuals_in_training_only():
    block = SwinBlock(8, 2, (1, 2, 2), shifted=False, drop_path=0.5)
    tokens = torch.rand(64, 1, 2, 2, 8)
    left_out = (block(tokens) == tokens).flatten(1).all(dim=1)
    assert 4 <= left_out.sum() <= 32  # both residuals are left out for about a quarter of the clips
    assert not (block.eval()(tokens) == tokens).flatten(1).all(dim=1).any()


def test_an_epoch_draws_about_as_many_clips_as_casme_2_has_for_training_with_equally_likely_classes():
    training = find_method("later").preset("paper").training
    assert training is not None
    assert training.steps is not None
    assert training.steps * training.batch_size == pytest.approx(249 * 25 / 26, abs=1)
    assert training.class_weights == "none"


def test_other_channels_are_refused():
    with pytest.raises(MerlabError, match=r"got 3 channels; use a recipe with consecutive-flow:channels=muv,gray=yes"):
        build(Task(5, 3, 56, 56, frames=4), "reduced")
