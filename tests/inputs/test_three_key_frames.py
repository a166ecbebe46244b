import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.frames import ClipError
from merlab.inputs import make_input, parse_recipe
from merlab.inputs.three_key_frames import three_frames
from tests.helpers import make_clip, moved, texture, write_frames
from tests.inputs.mirroring import mirrored_both_ways


@pytest.mark.parametrize(("onset", "offset", "middle"), [(1, 9, 5), (1, 10, 5), (3, 4, 3), (2, 2, 2)])
def test_the_middle_is_halfway_rounded_down(tmp_path, onset, offset, middle):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1, 20, 20)]), onset=onset, apex=onset, offset=offset)
    assert three_frames(clip) == [onset, middle, offset]


def test_three_key_frames_are_the_middle_frame_and_the_two_flows(tmp_path):
    # 2 px to the right until frame 3, then 1 px back up to frame 5.
    frames = [moved(texture(1), u, 0) for u in (0, 1, 2, 1.5, 1)]
    clip = make_clip(write_frames(tmp_path / "clip", frames), onset=1, apex=2, offset=5)
    recipe = parse_recipe("three-key-frames:color=gray,channels=uv,scale=raw,size=231x282")
    found = make_input(ClipTable((clip,)), clip, recipe)
    assert found.shape == recipe.shape == (5, 282, 231)
    assert found[0] == pytest.approx(frames[2].round() / 255, abs=1 / 255)
    inside = (slice(60, -60),) * 2
    assert [np.median(plane[inside]) for plane in found[1:]] == pytest.approx([2, 0, -1, 0], abs=0.15)


def test_signed_flows_have_one_factor_so_that_the_larger_stays_larger(tmp_path):
    frames = [moved(texture(1), u, 0) for u in (0, 2, 1)]
    clip = make_clip(write_frames(tmp_path / "clip", frames), onset=1, apex=2, offset=3)
    recipe = parse_recipe("three-key-frames:color=gray,channels=uv,scale=signed,size=64x64")
    found = make_input(ClipTable((clip,)), clip, recipe)
    rise, fall = (np.median(np.abs(found[at])) for at in (1, 3))
    assert fall == pytest.approx(rise / 2, rel=0.2)


def test_a_clip_without_offset_is_refused(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 3), offset=None)
    with pytest.raises(ClipError, match="has no offset frame"):
        make_input(ClipTable((clip,)), clip, parse_recipe("three-key-frames"))


@pytest.mark.parametrize("scale", ["signed", "minmax"])
def test_the_mirrored_input_is_the_input_of_the_mirrored_face(tmp_path, scale):
    frames = [moved(texture(1), u, 0.5 * u) for u in (0, 2, 1)]
    text = f"three-key-frames:color=gray,channels=uvs,scale={scale},size=64x64"
    mirrored, of_mirrored_face = mirrored_both_ways(tmp_path, frames, text)
    assert np.abs(mirrored - of_mirrored_face).mean() < 0.05
    assert mirrored[0] == pytest.approx(of_mirrored_face[0], abs=1e-3)
