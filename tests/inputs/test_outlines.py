"""Local views with regions from the landmarks of the clip's own face."""

from __future__ import annotations

import os

import numpy as np
import pytest

from merlab.alignment_record import RECORD
from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.faces.regions import face_mask, regions_from_landmarks
from merlab.inputs import load_inputs, make_input, parse_recipe
from merlab.json_files import write_json
from tests.helpers import make_clip, moved, texture, write_frames

RECIPE = "flow:regions={},outlines=landmarks,view=local,channels=uv,scale=raw,size=64x80"


def mesh(seed: int):
    """468 random points within a face, so that their outlines differ from those of the template."""
    return np.random.default_rng(seed).uniform([40, 60], [190, 230], (468, 2)).round(2)


def write_landmarks(clip, points, source="mesh"):
    write_json(clip.source / RECORD, {"landmark_source": source, "landmarks": {str(clip.onset): points.tolist()}})


@pytest.fixture
def clip(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1), moved(texture(1), 1, 0.5), texture(1)]))
    write_landmarks(clip, mesh(0))
    return clip


def test_only_the_pixels_in_the_clips_own_regions_are_kept(clip):
    local = make_input(ClipTable((clip,)), clip, parse_recipe(RECIPE.format("mask")))
    inside = face_mask(64, 80, regions_from_landmarks(mesh(0)).values())
    whole = make_input(ClipTable((clip,)), clip, parse_recipe("flow:channels=uv,scale=raw,size=64x80"))
    assert np.array_equal(local, np.where(inside, whole, 0))
    assert not np.array_equal(inside, face_mask(64, 80))


@pytest.mark.parametrize("form", ["mask", "mosaic"])
def test_changed_landmarks_never_give_the_cached_array_of_the_old_landmarks(clip, tmp_path, form):
    table, recipe, cache = ClipTable((clip,)), parse_recipe(RECIPE.format(form)), tmp_path / "cache"
    before = load_inputs(table, recipe, cache, jobs=1)
    write_landmarks(clip, mesh(1))
    os.utime(clip.source / RECORD, ns=(1, 1))
    after = load_inputs(table, recipe, cache, jobs=1)
    assert not np.array_equal(before, after)
    assert np.array_equal(after, load_inputs(table, recipe, tmp_path / "fresh", jobs=1))


def test_a_clip_without_landmarks_is_an_error_with_the_remedy(clip):
    recipe = parse_recipe(RECIPE.format("mask"))
    write_landmarks(clip, mesh(0)[:5], source="five-points")
    with pytest.raises(MerlabError, match="EP01_01 .casme2. was aligned by five points.*merlab models get"):
        make_input(ClipTable((clip,)), clip, recipe)
    (clip.source / RECORD).unlink()
    with pytest.raises(MerlabError, match="no landmarks are known; .*merlab prepare"):
        make_input(ClipTable((clip,)), clip, recipe)
