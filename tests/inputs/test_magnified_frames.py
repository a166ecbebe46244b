import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.frames import ClipError
from merlab.inputs import load_inputs, parse_recipe
from tests.helpers import make_clip, moved, texture, write_frames
from tests.inputs.making import made
from tests.inputs.mirroring import mirrored_both_ways


@pytest.fixture
def brightening(tmp_path):
    """Twelve constant frames; each is 2 gray levels brighter than the frame before."""
    folder = write_frames(tmp_path / "clip", [np.full((40, 30), 50 + 2 * step, np.float32) for step in range(12)])
    return make_clip(folder, apex=6, offset=12)


@pytest.mark.parametrize(("name", "factors"), [("2to10", [*range(2, 11)]), ("1-2-4", [1, 2, 4]), ("2-5-8", [2, 5, 8])])
def test_a_factor_makes_the_change_since_the_onset_that_many_times_as_large(brightening, name, factors):
    grid = 255 * made(brightening, f"magnified-frames:frames=11,factors={name},color=gray,size=8x8")
    assert grid.shape == (11, len(factors), 8, 8)
    change = 2 * np.arange(1, 12)[:, None]
    assert grid[:, :, 3, 3] == pytest.approx(np.minimum(50 + change * np.array(factors), 255), abs=0.51)


@pytest.mark.slow
def test_the_channels_of_a_factor_are_together(brightening):
    gray, color = (made(brightening, f"magnified-frames:frames=3,factors=2-5-8,color={c}") for c in ("gray", "bgr"))
    assert color.shape == (3, 9, 224, 224)
    assert color[:, ::3] == pytest.approx(gray, abs=1e-6)


def test_only_the_chosen_frames_are_read(brightening):
    (brightening.source / "img2.png").unlink()
    assert made(brightening, "magnified-frames:frames=3,size=8x8").shape == (3, 27, 8, 8)
    with pytest.raises(ClipError, match="no frame 2"):
        made(brightening, "magnified-frames:frames=11,size=8x8")


def test_the_mirrored_input_is_the_input_of_the_mirrored_face(tmp_path):
    images = [moved(texture(1), step / 2, 0) for step in range(4)]
    one, other = mirrored_both_ways(tmp_path, images, "magnified-frames:frames=3,factors=1-2-4,size=58x70")
    assert one == pytest.approx(other, abs=1e-5)


def test_it_is_cached(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(step) for step in range(12)]), apex=6, offset=12)
    table, recipe = ClipTable((clip,)), parse_recipe("magnified-frames:frames=3,factors=1-2-4,size=8x8")
    first = load_inputs(table, recipe, tmp_path / "cache")
    assert np.array_equal(load_inputs(table, recipe, tmp_path / "cache"), first)
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 1
