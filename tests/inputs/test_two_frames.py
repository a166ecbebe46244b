"""The input of an onset and an apex in memory is that of a clip with these frames."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from merlab.clips import Clip
from merlab.errors import MerlabError
from merlab.frames import open_frames
from merlab.inputs import from_frames, input_of, parse_recipe
from merlab.inputs.two_frames import APEX, ONSET, TwoFrames
from tests.helpers import texture


@pytest.fixture
def faces():
    """An aligned face whose lower half has moved by two pixels."""
    onset = np.repeat(np.clip(texture(0), 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    apex = onset.copy()
    apex[140:] = np.roll(onset, 2, axis=1)[140:]
    return onset, apex


@pytest.mark.parametrize("text", ["flow:scale=centered,size=28x28,crop=corrected", "onset-apex", "apex:color=gray"])
def test_it_is_that_of_a_clip_with_one_array_for_the_network(faces, tmp_path, text):
    for number, image in zip((7, 9), faces, strict=True):
        cv2.imwrite(str(tmp_path / f"img{number}.png"), image)
    clip = Clip("own", "a", "b", 200.0, 7, 9, 9, "", "", tmp_path)
    recipe = parse_recipe(text)
    inputs = from_frames(faces[0], faces[1], str(recipe))
    assert inputs.dtype == np.float32
    assert np.array_equal(inputs, input_of(clip, open_frames(tmp_path), recipe)[None])


@pytest.mark.parametrize("text", ["sequence", "flow:magnify=evm10", "lbp-top", "three-key-frames"])
def test_an_input_of_more_frames_is_refused(faces, text):
    with pytest.raises(MerlabError, match="needs more frames than an onset and an apex"):
        from_frames(faces[0], faces[1], text)


def test_images_of_another_kind_are_refused(faces):
    onset, apex = faces
    for wrong in (onset[..., 0], onset.astype(np.float32), onset[:0]):
        with pytest.raises(MerlabError, match=r"must be arrays of uint8 \(height, width, 3\)"):
            from_frames(wrong, apex, "flow")
    with pytest.raises(MerlabError, match="got list"):
        from_frames(onset, apex.tolist(), "flow")
    with pytest.raises(MerlabError, match="same size"):
        from_frames(onset[1:], apex, "flow")


def test_two_frames_are_numbered_and_walked_as_those_of_any_source(faces):
    frames = TwoFrames(*faces)
    assert [number for number, _ in frames] == [ONSET, APEX] == list(frames.numbers)
    walked = list(frames.walk(lambda number: number == APEX))
    assert [(each.number, each.seconds, each.image is None) for each in walked] == [(1, None, True), (3, None, False)]
    assert walked[1].image is faces[1]
