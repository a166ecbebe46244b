import numpy as np
import pytest

from merlab.frames import ClipError
from merlab.inputs import parse_recipe
from merlab.inputs.images import medians, resize
from tests.helpers import make_clip, texture, write_frames
from tests.inputs.making import made


@pytest.fixture
def clip(tmp_path):
    flat = [np.full((60, 50), value, np.float32) for value in (51, 102, 204)]
    return make_clip(write_frames(tmp_path / "clip", flat, first=9), onset=9, apex=10, offset=11)


def test_an_image_is_reduced_by_the_mean_of_areas_and_enlarged_by_linear_interpolation():
    spikes = np.zeros((8, 8), np.float32)
    spikes[::4, ::4] = 1
    assert resize(spikes, 2, 2) == pytest.approx(np.full((2, 2), 1 / 16))
    assert resize(spikes[:4], 2, 8)[:2] == pytest.approx(np.full((2, 2), 1 / 4))
    assert resize(np.array([[0, 1]], np.float32), 4, 1) == pytest.approx(np.array([[0, 0.25, 0.75, 1]]))


def test_apex_is_the_apex_frame_scaled_to_one(clip):
    assert made(clip, "apex:size=20x30") == pytest.approx(np.full((3, 30, 20), 0.4))


def test_onset_apex_stacks_the_onset_frame_before_the_apex_frame(clip):
    stacked = made(clip, "onset-apex:color=gray,size=20x30")
    assert stacked[:, 0, 0] == pytest.approx([0.2, 0.4])


def test_difference_is_apex_minus_onset(clip):
    assert made(clip, "difference:size=20x30") == pytest.approx(np.full((3, 30, 20), 0.2))


def test_frames_of_two_sizes_are_refused_with_both_sizes(tmp_path):
    folder = write_frames(tmp_path / "clip", [texture(1, 40, 30)])
    write_frames(folder, [texture(1, 40, 32)] * 2, first=2)
    with pytest.raises(ClipError, match="frame 1 is 30x40, frame 2 is 32x40"):
        made(make_clip(folder), "apex")


def test_a_missing_apex_frame_is_an_error_that_lists_the_existing_frames(tmp_path):
    folder = write_frames(tmp_path / "clip", [texture(1, 40, 30)] * 3, first=46)
    with pytest.raises(ClipError, match=r"no frame 60; it has frames 46\.\.48"):
        made(make_clip(folder, onset=46, apex=60, offset=60), "apex")


def test_the_neutral_value_after_stretching_is_the_median_of_each_channel():
    view = np.array([[[0, 0.1], [0.2, 0.9]], [[0.5, 0.5], [0.5, 0.1]]], np.float32)
    assert medians(view, parse_recipe("apex")) == pytest.approx(np.array([0.15, 0.5]).reshape(2, 1, 1))
