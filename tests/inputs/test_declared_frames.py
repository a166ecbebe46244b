"""A kind of input of your own reads only the frames that it declares, because only these make a cached array anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.frames import ClipError
from merlab.inputs import as_recipe, load_inputs
from tests.helpers import make_clip, own_input, write_frames

# The frames are numbers here, and no faces.
pytestmark = pytest.mark.filterwarnings("ignore:an input does not show a face")


@pytest.fixture
def clip(tmp_path):
    """Frames 1 to 5, each of one value: its number."""
    folder = write_frames(tmp_path / "clip", [np.full((16, 16), number, np.float32) for number in range(1, 6)])
    return make_clip(folder, onset=1, apex=3, offset=5)


def load(clip, tmp_path, numbers, read, **fields):
    """The input that ``read`` computes of the frames, where these numbers are declared."""

    def extract(clip, frames, recipe):
        return np.full((1, 8, 8), read(clip, frames), np.float32)

    kind = own_input(extract, frames_needed=lambda clip, recipe: numbers(clip), **fields)
    return load_inputs(ClipTable((clip,)), as_recipe(kind), tmp_path / "cache", jobs=1)[0, 0, 0, 0]


def test_declared_frames_are_read_in_every_way(clip, tmp_path):
    assert load(clip, tmp_path, lambda clip: [1, 3], lambda clip, frames: frames.read(3).mean()) == 3
    assert load(clip, tmp_path, lambda clip: range(1, 6), lambda clip, frames: len(list(frames))) == 5
    walked = lambda clip, frames: sum(f.image.mean() for f in frames.walk(lambda n: n > 3) if f.image is not None)  # noqa: E731
    assert load(clip, tmp_path, lambda clip: [4, 5], walked) == 9


@pytest.mark.parametrize(
    "read",
    [
        lambda clip, frames: frames.read(2).mean(),
        lambda clip, frames: len(list(frames)),
        lambda clip, frames: len(list(frames.walk(lambda number: number == 2))),
    ],
)
def test_another_frame_is_refused_with_the_clip_the_input_and_the_remedy(clip, tmp_path, read):
    message = (
        r"^sub01 EP01_01 \(casme2\): input mine: extract reads frame 2, which frames_needed does not list, .*; add it"
    )
    with pytest.raises(ClipError, match=message):
        load(clip, tmp_path, lambda clip: [clip.onset, clip.apex], read)


def test_what_is_no_list_of_frame_numbers_is_refused_with_the_moments_of_the_clip(clip, tmp_path):
    unknown = replace(clip, onset=None)
    for numbers, given in ((lambda clip: [clip.onset, 3], r"\[None, 3\]"), (lambda clip: 3, "3")):
        with pytest.raises(ClipError, match=f"frames_needed gave {given} for a clip with onset None, apex 3, offset 5"):
            load(unknown, tmp_path, numbers, lambda clip, frames: 0)


def test_where_the_apex_is_chosen_the_frames_of_every_apex_are_declared(clip, tmp_path):
    chosen = {"choices": {"no-apex": ("middle", "spotted")}}
    later = lambda clip: [clip.onset, clip.apex + 1]  # noqa: E731
    unannotated = replace(clip, apex=None, offset=4)
    read = lambda clip, frames: frames.read(clip.apex + 1).mean()  # noqa: E731
    assert load(unannotated, tmp_path, later, read, **chosen) == 3
    # Frame 5 is that after the offset, which could be the apex.
    assert load(unannotated, tmp_path, later, lambda clip, frames: frames.read(5).mean(), **chosen) == 5
