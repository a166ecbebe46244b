"""The scale of pictures of motion scores: a micro-expression is seen beside a laugh."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.scale import SymmetricalLogTransform

from merlab.spotting.score_scale import heights, round_scores, score_text, scores_at, shares


def test_heights_are_those_of_matplotlibs_symmetrical_logarithm():
    """With natural logarithms and this ``linscale``, both of its parts have the same slope at the threshold."""
    other = SymmetricalLogTransform(base=math.e, linthresh=5, linscale=1 - 1 / math.e)
    scores = np.array([0, 0.3, 4.9, 5, 5.1, 7.2, 16, 130, 4000])
    assert heights(scores) == pytest.approx(np.asarray(other.transform_non_affine(scores)) / 5)


def test_where_the_score_is_unknown_the_height_is_too():
    assert np.isnan(heights(np.array([np.nan, 1.0]))).tolist() == [True, False]


@given(st.floats(0, 1e6))
def test_a_height_has_one_score(score):
    assert float(scores_at(heights(np.array(score)))) == pytest.approx(score)


def test_a_micro_expression_is_seen_beside_a_laugh():
    """Scores of one recording: 130 where the person talks, 7.2 in a micro-expression, and a threshold of 5."""
    threshold, micro = shares(np.array([5, 7.2]), 130)
    assert micro - threshold > 0.08
    assert threshold > 0.2


@given(st.floats(1.05, 1e6))
def test_scores_beside_the_picture_are_round_within_it_and_apart(top):
    marks = round_scores(top)
    assert marks[0] == 0
    assert len(marks) >= 3
    assert marks[-1] <= top
    assert all(f"{mark:e}"[0] in "0125" for mark in marks)
    assert (np.diff(shares(np.array(marks), top)) >= 0.15 - 1e-9).all()


def test_a_large_score_is_short():
    assert [score_text(score) for score in (0, 0.5, 5, 5000, 10_000, 20_000, 500_000)] == [
        *("0", "0.5", "5", "5000", "10k", "20k", "500k"),
    ]
