import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.frames import ClipError
from merlab.inputs import load_inputs, mirror_of, parse_recipe
from merlab.inputs.hsv_flow import frames_around_apex, hsv_image
from tests.helpers import make_clip, moved, texture, write_frames
from tests.inputs.making import made


@pytest.mark.parametrize(
    ("u", "v", "color"),
    # A full turn of the hue: red to the right, yellow-green down, cyan to the left, violet up.
    [(1, 0, (255, 0, 0)), (0, 1, (128, 255, 0)), (-1, 0, (0, 255, 255)), (0, -1, (128, 0, 255))],
)
def test_the_direction_is_the_hue_and_the_magnitude_the_value(u, v, color):
    flow = np.zeros((1, 3, 2), np.float32)
    flow[0, :, 0], flow[0, :, 1] = np.array([0, 0.5, 1]) * u, np.array([0, 0.5, 1]) * v
    still, half, full = hsv_image(flow, 0, 1)[0].astype(int)
    assert still.tolist() == [0, 0, 0]
    assert full == pytest.approx(color, abs=1)
    assert half == pytest.approx(np.array(color) / 2, abs=1)


def test_the_value_rises_from_the_lowest_to_the_highest_magnitude():
    flow = np.array([[[1, 0], [2, 0], [3, 0]]], np.float32)
    assert hsv_image(flow, 1, 3)[0, :, 0].astype(int) == pytest.approx([0, 127, 255], abs=1)


def test_no_movement_is_black_and_so_is_one_that_is_everywhere_the_same():
    assert not hsv_image(np.zeros((4, 4, 2), np.float32), 0, 0).any()
    assert not hsv_image(np.full((4, 4, 2), [2, 0], np.float32), 2, 2).any()


def test_the_frames_are_around_the_apex_and_within_the_movement(tmp_path):
    clip = make_clip(tmp_path, onset=10, apex=20, offset=23)
    assert frames_around_apex(clip, 11) == [10, *range(15, 24), 23, 23]
    assert frames_around_apex(clip, 3) == [10, 19, 20, 21]


def test_near_the_onset_the_frames_begin_after_it_as_in_the_released_code(tmp_path):
    # Released: from max(apex - 5, onset + 1) to 10 frames later, at most to the offset.
    clip = make_clip(tmp_path, onset=10, apex=12, offset=30)
    assert frames_around_apex(clip, 11) == [10, *range(11, 22)]
    short = make_clip(tmp_path, onset=10, apex=10, offset=12)
    assert frames_around_apex(short, 3) == [10, 11, 12, 12]
    still = make_clip(tmp_path, onset=10, apex=10, offset=10)
    assert frames_around_apex(still, 3) == [10, 10, 10, 10]


@pytest.fixture
def swelling(tmp_path):
    """Nine frames; the lower half of the face moves to the right, .5 px further in each frame."""
    images = []
    for step in range(9):
        image = texture(1)
        image[141:] = moved(texture(1), 0.5 * step, 0)[141:]
        images.append(image)
    return make_clip(write_frames(tmp_path / "clip", images), apex=7, offset=9)


def test_each_image_is_stretched_separately_or_all_together(swelling):
    recipe = "hsv-flow:frames=3,span=movement,stretch={},algorithm=dis,size=46x56"
    separate, together = (made(swelling, recipe.format(stretch)) for stretch in ("image", "clip"))
    assert separate.shape == together.shape == (3, 3, 56, 46)
    red_below = np.median(separate[:, 0, 36:50], axis=(1, 2))
    assert red_below.min() > 0.9
    growth = np.median(together[:, 0, 36:50], axis=(1, 2))
    # The frames 4, 6 and 9 are 3, 5 and 8 steps after the onset.
    assert growth == pytest.approx([3 / 8, 5 / 8, 1], abs=0.03)
    assert np.median(together[:, :, :20]) < 0.05


def test_what_moves_to_the_right_is_red(swelling):
    images = made(swelling, "hsv-flow:frames=3,algorithm=dis,size=46x56")
    red, green, blue = np.median(images[-1, :, 36:50], axis=(1, 2))
    assert red > 3 * max(green, blue)


def test_a_mirrored_hue_is_no_sign_so_the_input_has_no_mirror():
    assert mirror_of(parse_recipe("hsv-flow")) is None


def test_it_is_cached_and_a_missing_frame_is_named(swelling, tmp_path):
    table, recipe = ClipTable((swelling,)), parse_recipe("hsv-flow:frames=3,size=32x32")
    first = load_inputs(table, recipe, tmp_path / "cache")
    assert np.array_equal(load_inputs(table, recipe, tmp_path / "cache"), first)
    (swelling.source / "img8.png").unlink()
    with pytest.raises(ClipError, match="no frame 8"):
        made(swelling, "hsv-flow:frames=3,size=32x32")
