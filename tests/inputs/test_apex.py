"""The apex of a clip without an annotated apex is the largest movement or the middle, as the recipe states."""

from __future__ import annotations

import os

import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.databases import load
from merlab.frames import ClipError, ImageFolder
from merlab.inputs import load_inputs, parse_recipe
from merlab.inputs.apex import middle, spot_apex
from tests.helpers import make_clip, moved, texture, write_frames
from tests.inputs.making import made

FIRST = 9


def faces(mouth, head=None):
    """Frames whose lower half is moved by ``mouth`` px to the right; the whole frame is moved by ``head`` px down."""
    face = texture(1)
    for across, down in zip(mouth, head or [0] * len(mouth), strict=True):
        frame = moved(face, across, 0)
        frame[:170] = face[:170]
        yield moved(frame, 0, down)


@pytest.fixture
def clip(tmp_path):
    """A clip without apex, frames 9 to 15, with its largest movement at frame 12."""
    folder = write_frames(tmp_path / "clip", list(faces([0, 0.6, 1.2, 2.0, 1.2, 0.6, 0])), first=FIRST)
    return make_clip(folder, onset=9, apex=None, offset=15, apex_source="unannotated")


def test_the_apex_is_where_the_face_moved_most(clip):
    assert spot_apex(ImageFolder(clip.source), 9, 15) == 12


def test_a_movement_of_the_whole_head_does_not_change_the_apex(tmp_path):
    drifting = faces([0, 0.6, 1.2, 2.0, 1.2, 0.6, 0], head=[0, 0.5, 1, 1.5, 2, 2.5, 3])
    assert spot_apex(ImageFolder(write_frames(tmp_path / "clip", list(drifting), first=FIRST)), 9, 15) == 12


def test_a_blink_is_not_the_apex(tmp_path):
    """Rows 58 to 92 of 282 have the eyelids; they move farther at frame 10 than the mouth at frame 12."""
    frames = list(faces([0, 0.3, 0.6, 1.0, 0.6, 0.3, 0]))
    frames[1][62:88] = moved(frames[0], 0, 5)[62:88]
    assert spot_apex(ImageFolder(write_frames(tmp_path / "clip", frames, first=FIRST)), 9, 15) == 12


def test_frames_that_the_camera_dropped_are_passed_over(clip):
    """As in CAS(ME)^3, whose part C has no apexes."""
    for number in (10, 12):
        (clip.source / f"img{number}.png").unlink()
    frames = ImageFolder(clip.source)
    assert spot_apex(frames, 9, 15) == 13
    assert [middle(frames, 9, offset) for offset in (11, 14, 15)] == [11, 11, 11]
    with pytest.raises(ClipError, match="has no frame 16"):
        spot_apex(frames, 9, 16)


@pytest.mark.parametrize(("onset", "offset", "expected"), [(9, 15, 12), (9, 14, 11), (9, 10, 9)])
def test_the_middle_frame_is_the_same_as_in_meb(clip, onset, offset, expected):
    assert middle(ImageFolder(clip.source), onset, offset) == expected


def test_the_recipe_states_which_rule_chooses_the_apex(clip, tmp_path):
    table = ClipTable((make_clip(clip.source, onset=9, apex=None, offset=14),))
    spotted, halfway = (
        load_inputs(table, parse_recipe(f"apex:no-apex={rule}"), tmp_path / "cache") for rule in ("spotted", "middle")
    )
    assert np.array_equal(spotted[0], made(make_clip(clip.source, onset=9, apex=12, offset=14), "apex"))
    assert np.array_equal(halfway[0], made(make_clip(clip.source, onset=9, apex=11, offset=14), "apex"))


@pytest.mark.parametrize("name", ["apex", "onset-apex", "difference", "flow"])
def test_an_annotated_apex_is_kept_under_either_rule(clip, name):
    annotated = make_clip(clip.source, onset=9, apex=10, offset=15)
    assert np.array_equal(made(annotated, f"{name}:no-apex=spotted"), made(annotated, f"{name}:no-apex=middle"))


def test_after_a_change_of_any_frame_a_clip_without_apex_is_computed_again(clip, tmp_path):
    table, recipe = ClipTable((clip,)), parse_recipe("difference")
    before = load_inputs(table, recipe, tmp_path / "cache")
    stronger = list(faces([0, 4]))[1]
    write_frames(clip.source, [stronger], first=14)
    os.utime(clip.source / "img14.png", ns=(1, 1))
    after = load_inputs(table, recipe, tmp_path / "cache")
    assert not np.array_equal(before, after)
    assert np.array_equal(after, load_inputs(table, recipe, tmp_path / "fresh"))


def test_without_apex_and_offset_no_apex_can_be_chosen(clip):
    with pytest.raises(ClipError, match=r"has no apex"):
        made(make_clip(clip.source, onset=9, apex=None, offset=None), "flow")


@pytest.mark.slow
def test_on_synthetic_faces_the_spotted_apex_is_nearer_to_the_truth_than_the_middle(synthetic_faces):
    table = load("synthetic", synthetic_faces("default"))
    frame = table.frame.astype({"onset": int, "apex": int, "offset": int})
    ranges = list(zip(table, frame["onset"], frame["offset"], frame["apex"], strict=True))[::4]
    error = {
        rule: np.median([abs(rule(table.frames(clip), onset, offset) - apex) for clip, onset, offset, apex in ranges])
        for rule in (spot_apex, middle)
    }
    assert error[spot_apex] <= 2
    assert error[spot_apex] < error[middle]
