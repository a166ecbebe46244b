import weakref

import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.frames import ClipError, ImageFolder
from merlab.inputs import input_of, load_inputs, parse_recipe
from tests.helpers import make_clip, moved, texture, write_frames
from tests.inputs.making import made
from tests.inputs.mirroring import mirrored_both_ways


@pytest.fixture
def brightening(tmp_path):
    """Six constant frames from 51 to 204, frames 9 to 14; the frames before and after are not part of the movement."""
    values = [0, 51, 51, 102, 153, 204, 204, 255]
    folder = write_frames(tmp_path / "clip", [np.full((60, 50), value, np.float32) for value in values], first=8)
    return make_clip(folder, onset=9, apex=12, offset=14)


def test_a_sequence_runs_from_the_onset_to_the_offset(brightening):
    sequence = made(brightening, "sequence:frames=11,interpolation=linear,size=20x30")
    assert sequence.shape == (11, 1, 30, 20)
    expected = np.interp(np.linspace(0, 5, 11), range(6), [0.2, 0.2, 0.4, 0.6, 0.8, 0.8])
    assert sequence[:, 0, 7, 7] == pytest.approx(expected, abs=1e-6)


def test_interpolation_by_tim_stays_within_black_and_white(tmp_path):
    flat = [np.full((30, 30), value, np.float32) for value in (0, 255, 255, 0)]
    clip = make_clip(write_frames(tmp_path / "clip", flat), onset=1, apex=2, offset=4)
    sequence = made(clip, "sequence:size=8x8")
    assert sequence.shape == (10, 1, 8, 8)
    assert (sequence.min(), sequence.max()) == (0, 1)


@pytest.mark.parametrize(
    "recipe", ["sequence:magnify=evm10", "dynamic-image:magnify=linear4", "consecutive-flow", "flow-sequence"]
)
def test_few_frames_of_a_movement_are_in_memory_at_once(tmp_path, recipe):
    folder = write_frames(tmp_path / "clip", [texture(1, 60, 50)] * 30)
    clip = make_clip(folder, onset=1, apex=9, offset=30)
    seen, most = [], 0

    class Watched(ImageFolder):
        def read(self, number):
            nonlocal most
            image = super().read(number)
            seen.append(weakref.ref(image))
            most = max(most, sum(each() is not None for each in seen))
            return image

    input_of(clip, Watched(folder), parse_recipe(recipe))
    assert most <= 4


@pytest.mark.parametrize("interpolation", ["tim", "linear"])
def test_a_movement_of_one_frame_gives_this_frame_at_all_times(tmp_path, interpolation):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 3), onset=2, apex=2, offset=2)
    sequence = made(clip, f"sequence:interpolation={interpolation},size=64x80")
    assert sequence == pytest.approx(np.repeat(sequence[:1], 10, axis=0), abs=1e-6)


def test_a_still_face_gives_a_black_dynamic_image_and_not_stretched_rounding_errors(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 40), onset=1, apex=20, offset=40)
    assert not made(clip, "dynamic-image").any()


def test_a_dynamic_image_shows_where_the_face_brightened_and_darkened(tmp_path):
    frames = []
    for step in range(5):
        frame = np.full((112, 112), 100, np.float32)
        frame[:40], frame[-40:] = 100 + 10 * step, 100 - 10 * step
        frames.append(frame)
    clip = make_clip(write_frames(tmp_path / "clip", frames), onset=1, apex=3, offset=5)
    image = made(clip, "dynamic-image")
    assert image.shape == (3, 112, 112)
    assert image[:, [10, 56, 100], 50] == pytest.approx(np.array([[1, 0.5, 0]] * 3), abs=1e-6)


def test_with_learnets_weights_the_dynamic_image_shows_the_face(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 3))
    face = made(clip, "apex:size=112x112")
    image = made(clip, "dynamic-image:weights=learnet")
    assert image == pytest.approx((face - face.min()) / (face.max() - face.min()), abs=1e-5)


def test_regions_are_kept_in_every_frame(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1), moved(texture(1), 1, 0), texture(1)]))
    both = made(clip, "sequence:regions=mask,size=64x80")
    assert both.shape == (10, 2, 80, 64)
    local = made(clip, "sequence:regions=mask,view=local,size=64x80")
    assert np.array_equal(both[:, 1:], local)
    assert (local[:, 0, 0, 0] == 0).all()


@pytest.mark.parametrize("text", ["sequence:size=58x70", "dynamic-image:size=58x70"])
def test_the_mirrored_input_is_the_input_of_the_mirrored_face(tmp_path, text):
    one, other = mirrored_both_ways(tmp_path, [moved(texture(1), step / 2, 0) for step in range(4)], text)
    assert one == pytest.approx(other, abs=1e-5)


def test_sequences_are_cached_and_computed_again_after_a_change_of_any_frame(tmp_path):
    folder = write_frames(tmp_path / "clip", [moved(texture(1), step / 4, 0) for step in range(5)])
    table = ClipTable((make_clip(folder, offset=5),))
    recipe, cache = parse_recipe("sequence:size=32x32"), tmp_path / "cache"
    before = load_inputs(table, recipe, cache)
    assert before.shape == (1, 10, 1, 32, 32)
    assert np.array_equal(load_inputs(table, recipe, cache), before)
    write_frames(folder, [texture(2)], first=4)
    after = load_inputs(table, recipe, cache)
    assert not np.array_equal(after, before)
    assert len(list(cache.rglob("*.npy"))) == 2


@pytest.mark.parametrize("name", ["sequence", "dynamic-image"])
class TestFaults:
    def test_a_missing_offset_is_named(self, tmp_path, name):
        clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 3), offset=None, name="EP7")
        with pytest.raises(ClipError, match="EP7 .* has no offset"):
            made(clip, name)

    def test_a_frame_missing_between_is_named(self, tmp_path, name):
        clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 5), offset=5)
        (clip.source / "img4.png").unlink()
        with pytest.raises(ClipError, match="no frame 4"):
            made(clip, name)

    def test_a_damaged_frame_is_named(self, tmp_path, name):
        clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 5), offset=5)
        damaged = clip.source / "img3.png"
        damaged.write_bytes(damaged.read_bytes()[:100])
        with pytest.raises(ClipError, match=r"img3.png is truncated"):
            made(clip, name)
