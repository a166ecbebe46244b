"""Clips that cannot be trained on are refused, and the subjects that are held out for validation are whole."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.training.checks import check_inputs, hold_out_subjects


@pytest.mark.parametrize("shape", [(0, 1, 8, 8), (1, 8, 8), (1, 1, 1, 1, 8, 8)])
def test_inputs_of_another_form_or_without_a_clip_are_refused_with_their_shape(shape):
    with pytest.raises(MerlabError, match=rf"with at least one clip, got \({', '.join(map(str, shape))}\)"):
        check_inputs(np.zeros(shape, np.float32))


@pytest.mark.parametrize("shape", [(1, 1, 8, 8), (1, 2, 1, 8, 8)])
def test_one_image_or_one_sequence_is_enough(shape):
    check_inputs(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_counted_by_clip(value):
    inputs = np.zeros((4, 1, 8, 8), np.float32)
    inputs[1, 0, 2, 2:4] = inputs[3, 0, 0, 0] = value
    with pytest.raises(MerlabError, match="2 of 4 inputs contain NaN or infinity, the first is row 1"):
        check_inputs(inputs)


@pytest.mark.parametrize(
    ("subjects", "share", "held_out"), [(2, 0.01, 1), (2, 0.99, 1), (8, 0.25, 2), (8, 0.99, 7), (10, 0.26, 3)]
)
def test_a_share_of_the_subjects_is_held_out_and_one_at_least_remains_on_either_side(subjects, share, held_out):
    groups = [f"s{clip % subjects}" for clip in range(3 * subjects)]
    rows = hold_out_subjects(groups, share, seed=0)
    kept, judged = ({groups[row] for row in part} for part in rows)
    assert (len(kept), len(judged)) == (subjects - held_out, held_out)
    assert kept.isdisjoint(judged)
    assert sorted(np.concatenate(rows)) == list(range(3 * subjects))


def test_one_subject_cannot_be_held_out():
    with pytest.raises(MerlabError, match="at least 2 subjects in the training fold, which has 1"):
        hold_out_subjects(["s1", "s1"], 0.5, seed=0)


def test_another_seed_holds_out_others():
    groups = [f"s{number}" for number in range(20)]
    assert len({tuple(hold_out_subjects(groups, 0.25, seed)[1]) for seed in range(5)}) == 5
