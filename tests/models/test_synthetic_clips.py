"""Onset and apex of synthetic clips, rendered in memory."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.inputs import parse_recipe
from merlab.models.card import SyntheticSettings
from merlab.models.synthetic_clips import synthetic_examples
from merlab.progress import silent

RECIPE = str(parse_recipe("flow:channels=uvs,size=28x28"))


def settings(**changes) -> SyntheticSettings:
    facts = {"scheme": "megc2019", "recipe": RECIPE, "subjects": 2, "clips": 3} | changes
    return SyntheticSettings.model_validate(facts)


@pytest.fixture(scope="module")
def examples():
    return synthetic_examples(settings(), 1, silent)


@pytest.mark.slow
def test_every_class_has_equally_many_clips_and_every_row_has_its_subject(examples):
    assert examples.inputs.shape == (6, 3, 28, 28)
    assert np.bincount(examples.labels).tolist() == [2, 2, 2]
    assert sorted(set(examples.groups)) == ["synthetic/sub0000", "synthetic/sub0001"]
    assert len(examples.of({"synthetic/sub0001"}).labels) == 3


@pytest.mark.slow
def test_the_clips_do_not_depend_on_the_number_of_processes(examples):
    again = synthetic_examples(settings(), 2, silent)
    assert np.array_equal(again.inputs, examples.inputs)
    assert np.array_equal(again.labels, examples.labels)


@pytest.mark.slow
def test_another_seed_gives_other_clips(examples):
    other = synthetic_examples(settings(seed=1, subjects=1), 1, silent)
    assert not np.array_equal(other.inputs, examples.inputs[:3])


def test_an_input_of_more_than_two_frames_is_refused_with_the_remedy():
    with pytest.raises(MerlabError, match="make-faces"):
        synthetic_examples(settings(recipe=str(parse_recipe("sequence:frames=10,size=28x28"))), 1, silent)


def test_a_scheme_with_classes_that_the_faces_do_not_show_is_refused():
    with pytest.raises(MerlabError, match="every class"):
        synthetic_examples(settings(scheme="samm-5", subjects=1), 1, silent)
