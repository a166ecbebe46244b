"""Onset and apex drawn in memory are those of the synthetic clips, as far as the slack allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.inputs import parse_recipe
from merlab.models.synthetic_clips import Drawing, draw
from merlab.progress import silent

RECIPE = str(parse_recipe("flow:channels=uvs,size=28x28"))


def drawing(**changes) -> Drawing:
    return replace(Drawing("megc2019", RECIPE, subjects=2, clips=6), **changes)


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    return draw(drawing(), tmp_path_factory.mktemp("drawn"), 1, silent)


def test_every_class_has_as_many_clips_and_every_row_its_subject(examples):
    assert examples.inputs.shape == (12, 3, 28, 28)
    assert np.bincount(examples.labels).tolist() == [4, 4, 4]
    assert sorted(set(examples.groups)) == ["synthetic/sub0000", "synthetic/sub0001"]
    assert len(examples.of({"synthetic/sub0001"}).labels) == 6


def test_what_is_drawn_is_found_again_and_the_rest_is_drawn_alike(examples, tmp_path):
    draw(drawing(subjects=1), tmp_path, 1, silent)
    first = tmp_path / "subject-0000.npz"
    before = first.stat().st_mtime_ns
    again = draw(drawing(), tmp_path, 2, silent)
    assert first.stat().st_mtime_ns == before
    assert np.array_equal(again.inputs, examples.inputs)
    assert np.array_equal(again.labels, examples.labels)


def test_another_seed_draws_others(examples, tmp_path):
    other = draw(drawing(seed=1, subjects=1), tmp_path, 1, silent)
    assert not np.array_equal(other.inputs, examples.inputs[:6])


def test_an_input_of_more_than_two_frames_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(MerlabError, match="make-faces"):
        draw(drawing(recipe=str(parse_recipe("sequence:frames=10,size=28x28"))), tmp_path, 1, silent)


def test_classes_that_the_faces_do_not_show_are_named(tmp_path):
    with pytest.raises(MerlabError, match="every class"):
        draw(drawing(scheme="samm-5", subjects=1), tmp_path, 1, silent)
