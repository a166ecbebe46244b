import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.inputs import make_input, mirror_of, parse_recipe
from merlab.inputs.lbp_top_hoof import hoof
from tests.helpers import make_clip, moved, texture, write_frames


def test_the_magnitude_is_in_the_bin_of_its_direction_and_block():
    flow = np.zeros((4, 6, 2), np.float32)
    # One pixel each: 3 to the right and slightly down in the lower right block, 1 to the left and slightly down above.
    flow[3, 5] = 3, 0.01
    flow[0, 0] = -1, 0.01
    found = hoof([flow], (2, 2))
    assert found.shape == (4, 8)
    # Bins of 45 degrees from -180: slightly below to the right is the fifth, slightly below to the left the last.
    assert found[3, 4] == pytest.approx(0.75, abs=1e-4)
    assert found[0, 7] == pytest.approx(0.25, abs=1e-4)
    assert found.sum() == pytest.approx(1)


def test_frames_are_added_and_a_still_face_has_no_shares():
    right, down = np.zeros((2, 4, 4, 2), np.float32)
    right[..., 0], down[..., 1] = 1, 1
    found = hoof([right, down], (1, 1))[0]
    assert found[4] == found[6] == pytest.approx(0.5)
    assert not hoof([np.zeros((4, 4, 2), np.float32)], (2, 2)).any()


def test_the_input_lbp_top_hoof_is_the_vector_of_lbp_top_and_then_the_directions(tmp_path):
    frames = [moved(texture(1), 0.4 * step, 0) for step in range(12)]
    table = ClipTable((make_clip(write_frames(tmp_path / "clip", frames), apex=6, offset=12),))
    recipe = parse_recipe("lbp-top-hoof:blocks=5x5,radii=1x1x2,size=77x94")
    found = make_input(table, table.clips[0], recipe).ravel()
    texture_part, motion = np.split(found, [25 * 177])
    expected = make_input(table, table.clips[0], parse_recipe("lbp-top:blocks=5x5x1,radii=1x1x2,size=77x94"))
    assert np.array_equal(texture_part, expected.ravel())
    # The face slides to the right: the two bins around 0 degrees.
    assert motion.reshape(25, 8)[:, 3:5].sum() > 0.9
    assert mirror_of(recipe) is None
