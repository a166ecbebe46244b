import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.frames import ClipError
from merlab.inputs import make_input, mirror_of, parse_recipe
from merlab.inputs.mdmo import REGIONS, main_movement, polar, region_movements
from tests.helpers import make_clip, moved, texture, write_frames


def made(clip, text):
    return make_input(ClipTable((clip,)), clip, parse_recipe(text))[:, 0, 0]


def test_the_main_movement_is_the_mean_of_the_fullest_direction_bin_and_not_of_all_vectors():
    right_and_down = [[1.0, 0.1], [3.0, 0.5], [2.0, 0.3]]
    others = [[-9.0, 1.0], [-9.0, 1.5], [0.1, -8.0]]
    flow = np.array([right_and_down + others], np.float32)
    assert main_movement(flow) == pytest.approx([2, 0.3])


def test_the_direction_to_the_right_is_one_bin_also_where_rounding_makes_it_a_whole_turn():
    flow = np.array([[[3.0, -1e-20], [1.0, 0.0], [0.0, 9.0]]], np.float32)
    assert main_movement(flow) == pytest.approx([2, 0])


@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_regions_are_at_the_same_places_of_a_face_of_any_size(scale):
    """The flow of each pixel is its place, so that of a region is the place of its middle."""
    rows, columns = np.mgrid[: round(282 * scale), : round(231 * scale)].astype(np.float32) / scale
    for places, middles in (
        (columns, [left + right for left, _, right, _ in REGIONS]),
        (rows, [top + bottom for _, top, _, bottom in REGIONS]),
    ):
        found = region_movements(np.stack([places, np.zeros_like(places)], axis=-1))
        assert found[:, 0] == pytest.approx(np.array(middles) / 2, abs=2)


def test_a_tiny_face_has_all_regions():
    assert region_movements(np.ones((6, 5, 2), np.float32)) == pytest.approx(np.ones((36, 2)))


def test_each_of_the_36_regions_has_its_own_movement():
    flow = np.zeros((282, 231, 2), np.float32)
    for number, (left, top, right, bottom) in enumerate(REGIONS):
        flow[top:bottom, left:right] = [number, -number]
    assert region_movements(flow) == pytest.approx(np.stack([np.arange(36), -np.arange(36)], axis=1))


def test_regions_are_inside_the_layout_symmetric_and_without_overlap():
    covered = np.zeros((282, 231), int)
    for left, top, right, bottom in REGIONS:
        covered[top:bottom, left:right] += 1
    assert covered.max() == 1
    assert covered.sum() == sum((right - left) * (bottom - top) for left, top, right, bottom in REGIONS)
    mirrored = {(231 - 1 - right, top, 231 - 1 - left, bottom) for left, top, right, bottom in REGIONS}
    assert mirrored == {(left, top, right, bottom) for left, top, right, bottom in REGIONS}


def test_polar_form_is_relative_to_the_largest_movement_and_zero_for_a_still_face():
    movements = np.zeros((36, 2))
    movements[0], movements[1] = [0, 2], [-1, 0]
    numbers = polar(movements)
    assert numbers[:3] == pytest.approx([1, 0.5, 0])
    assert numbers[36:39] == pytest.approx([0.5, 1, 0])
    assert not polar(np.zeros((36, 2))).any()


@pytest.mark.parametrize("frames", ["all", "10"])
def test_a_face_that_moves_right_and_down_gives_this_direction_in_every_region(tmp_path, frames):
    images = [moved(texture(1), 0.4 * step, 0.4 * step) for step in range(6)]
    clip = make_clip(write_frames(tmp_path / "clip", images), apex=6, offset=6)
    numbers = made(clip, f"mdmo:frames={frames}")
    assert numbers[:36] == pytest.approx(np.ones(36), abs=0.15)
    assert numbers[36:] == pytest.approx(np.full(36, 1 / 4), abs=0.03)


def test_a_clip_of_one_frame_gives_no_movement(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 2), onset=1, apex=1, offset=1)
    assert not made(clip, "mdmo").any()


def test_all_frames_are_needed_unless_the_recipe_states_a_number(tmp_path):
    clip = make_clip(tmp_path, apex=20, offset=41)
    needed = [(recipe := parse_recipe(text)).kind.frames_needed(clip, recipe) for text in ("mdmo", "mdmo:frames=10")]
    assert needed == [list(range(1, 42)), list(range(1, 42, 4))]


def test_a_vector_cannot_be_mirrored():
    assert mirror_of(parse_recipe("mdmo")) is None


def test_a_damaged_frame_is_named(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 5), offset=5)
    (clip.source / "img4.png").write_bytes(b"no image")
    with pytest.raises(ClipError, match="img4.png is not an image"):
        made(clip, "mdmo")
