import numpy as np
import pytest

from merlab.frames import ClipError
from merlab.inputs import parse_recipe
from tests.helpers import make_clip, moved, texture, write_frames
from tests.inputs.making import made
from tests.inputs.mirroring import mirrored_both_ways


@pytest.fixture
def sliding(tmp_path):
    """Eleven frames; each is moved .2 px further to the right than the frame before."""
    folder = write_frames(tmp_path / "clip", [moved(texture(1), 0.2 * step, 0) for step in range(11)])
    return make_clip(folder, apex=11, offset=11)


def test_flow_is_computed_from_the_onset_to_each_later_frame(sliding):
    flow = made(sliding, "flow-sequence:channels=uv,scale=raw")
    assert flow.shape == (10, 2, 28, 28)
    assert np.median(flow, axis=(2, 3)) == pytest.approx(
        np.stack([0.2 * np.arange(1, 11), np.zeros(10)], axis=1), abs=0.08
    )


def test_if_the_apex_is_the_offset_the_last_flow_is_that_of_the_flow_input(sliding):
    assert np.array_equal(made(sliding, "flow-sequence:scale=raw")[-1], made(sliding, "flow:scale=raw"))


@pytest.mark.parametrize("scale", ["signed", "minmax"])
def test_a_movement_that_grows_still_grows_after_scaling(sliding, scale):
    u = made(sliding, f"flow-sequence:channels=uv,scale={scale}")[:, 0]
    assert (np.diff(np.median(u, axis=(1, 2))) > 0).all()
    assert np.abs(u).max() <= 1


def test_only_the_chosen_frames_are_needed_unless_magnification_filters_over_time(tmp_path):
    folder = write_frames(tmp_path / "clip", [texture(1, 40, 40)] * 41)
    clip = make_clip(folder, apex=20, offset=41)
    needed = {
        magnify: (recipe := parse_recipe(f"flow-sequence:magnify={magnify}")).kind.frames_needed(clip, recipe)
        for magnify in ("none", "evm8")
    }
    assert needed["none"] == list(range(1, 42, 4))
    assert needed["evm8"] == list(range(1, 42))
    (folder / "img2.png").unlink()
    assert made(clip, "flow-sequence:at=native").shape == (10, 3, 28, 28)


def test_a_movement_shorter_than_the_sequence_repeats_frames(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [moved(texture(1), step, 0) for step in range(3)]))
    u = np.median(made(clip, "flow-sequence:channels=uv,scale=raw")[:, 0], axis=(1, 2))
    assert np.unique(u.round()).tolist() == [0, 1, 2]


@pytest.mark.parametrize("scale", ["raw", "minmax"])
def test_the_mirrored_input_is_the_input_of_the_mirrored_face(tmp_path, scale):
    images = [texture(1), moved(texture(1), 1.5, -0.5), texture(1)]
    one, other = mirrored_both_ways(tmp_path, images, f"flow-sequence:channels=uv,scale={scale},size=58x70")
    assert np.abs(one - other).mean() < 0.05 * np.ptp(one)


def test_a_damaged_frame_is_named(sliding):
    damaged = sliding.source / "img5.png"
    damaged.write_bytes(b"")
    with pytest.raises(ClipError, match="img5.png is empty"):
        made(sliding, "flow-sequence")
