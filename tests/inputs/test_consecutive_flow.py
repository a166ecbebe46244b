import numpy as np
import pytest

from merlab.frames import ClipError
from tests.helpers import make_clip, moved, texture, write_frames
from tests.inputs.making import made
from tests.inputs.mirroring import mirrored_both_ways


@pytest.fixture
def sliding(tmp_path):
    """Nine frames; each is moved .5 px further to the right than the frame before."""
    folder = write_frames(tmp_path / "clip", [moved(texture(1), 0.5 * step, 0) for step in range(9)])
    return make_clip(folder, apex=5, offset=9)


def test_each_flow_is_the_movement_since_the_frame_before(sliding):
    flow = made(sliding, "consecutive-flow:frames=8,algorithm=dis,size=58x70")
    assert flow.shape == (8, 3, 70, 58)
    # The magnitude is first, as in Later.
    assert np.median(flow, axis=(2, 3)) == pytest.approx(np.tile([0.5, 0.5, 0], (8, 1)), abs=0.08)


def test_twice_as_many_frames_move_half_as_far(sliding):
    flow = made(sliding, "consecutive-flow:frames=16,channels=uv,algorithm=dis,size=58x70")
    assert float(np.median(flow[:, 0])) == pytest.approx(0.25, abs=0.08)


@pytest.mark.slow
def test_the_gray_frames_are_the_last_channel(sliding):
    both = made(sliding, "consecutive-flow:frames=8,gray=yes,size=58x70")
    assert both.shape == (8, 4, 70, 58)
    assert np.array_equal(both[:, :3], made(sliding, "consecutive-flow:frames=8,size=58x70"))
    # The first frame of each flow.
    assert both[0, 3] == pytest.approx(made(sliding, "sequence:size=58x70")[0, 0], abs=1e-5)


def test_a_still_face_does_not_move(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 3))
    assert np.abs(made(clip, "consecutive-flow:frames=4,algorithm=dis,size=58x70")).max() < 0.01


def test_regions_keep_the_gray_frame_black_elsewhere(sliding):
    local = made(sliding, "consecutive-flow:frames=4,gray=yes,scale=minmax,regions=mask,view=local,size=58x70")
    assert (local[:, 3, 0, 0] == 0).all()
    assert (local[:, 1, 0, 0] > 0).all()


@pytest.mark.parametrize("gray", ["yes", "no"])
def test_the_mirrored_input_is_the_input_of_the_mirrored_face(tmp_path, gray):
    images = [moved(texture(1), 0.7 * step, -0.2 * step) for step in range(5)]
    text = f"consecutive-flow:frames=4,gray={gray},algorithm=dis,size=58x70"
    one, other = mirrored_both_ways(tmp_path, images, text)
    assert np.abs(one - other).mean() < 0.05 * np.ptp(one)
    if gray == "yes":
        assert one[:, -1] == pytest.approx(other[:, -1], abs=0.01)


def test_a_frame_missing_between_is_named(sliding):
    (sliding.source / "img4.png").unlink()
    with pytest.raises(ClipError, match="no frame 4"):
        made(sliding, "consecutive-flow:frames=4")
