import numpy as np
import pytest

from merlab.frames import ClipError
from tests.helpers import make_clip, moved, texture, write_frames
from tests.inputs.making import made
from tests.inputs.mirroring import mirrored_both_ways


@pytest.fixture
def clip(tmp_path):
    return make_clip(write_frames(tmp_path / "clip", [texture(1), moved(texture(1), 2, 1), texture(1)]))


@pytest.mark.parametrize(("color", "count"), [("bgr", 3), ("gray", 1)])
def test_it_is_the_apex_input_then_the_flow_input(clip, color, count):
    both = made(clip, f"apex-and-flow:color={color},scale=raw,size=58x70")
    assert np.array_equal(both[:count], made(clip, f"apex:color={color},size=58x70"))
    assert np.array_equal(both[count:], made(clip, "flow:scale=raw,size=58x70"))


@pytest.mark.parametrize("scale", ["signed", "minmax"])
def test_the_mirrored_input_is_the_input_of_the_mirrored_face(tmp_path, scale):
    images = [texture(1), moved(texture(1), 1.5, -0.5), texture(1)]
    one, other = mirrored_both_ways(tmp_path, images, f"apex-and-flow:channels=uv,scale={scale},size=58x70")
    assert one[:3] == pytest.approx(other[:3], abs=1e-5)
    assert np.abs(one - other).mean() < 0.05 * np.ptp(one)


def test_regions_leave_black_and_no_motion_elsewhere(clip):
    local = made(clip, "apex-and-flow:scale=signed,regions=mask,view=local,size=58x70")
    assert not local[:, 0, 0].any()


def test_a_damaged_frame_is_named(clip):
    (clip.source / "img2.png").write_bytes(b"")
    with pytest.raises(ClipError, match=r"img2\.png is empty"):
        made(clip, "apex-and-flow")
