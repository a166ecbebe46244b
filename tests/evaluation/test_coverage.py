"""Accuracy against coverage: the surest clips are kept, and only they are scored."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from merlab.evaluation.coverage import SHARES, coverage_scores
from merlab.evaluation.predictions import predictions_table

CLASSES = ("a", "b")


def predictions(truth: str, sure_of_a: list[float], seed: int = 0) -> pd.DataFrame:
    """One row per letter of ``truth``; the second list is the probability of class a."""
    clips = [f"clip{number}" for number in range(len(truth))]
    rows = pd.DataFrame({"clip": clips}).assign(run="", method="m", database="d", subject="s", fold="f", seed=seed)
    shares = np.array(sure_of_a)
    return predictions_table(rows, list(truth), np.stack([shares, 1 - shares], axis=1), CLASSES)


def test_only_the_surest_clips_are_scored():
    # The two least sure ones, of 0.5 and 0.6, are wrong.
    table = predictions("aaaabbbbba", [0.9, 0.95, 0.8, 0.97, 0.1, 0.05, 0.2, 0.15, 0.6, 0.49])
    scores = {scores.share: scores for scores in coverage_scores(table, CLASSES)}
    assert tuple(scores) == SHARES
    assert [scores[share].clips for share in SHARES] == [10, 9, 8, 7, 5]
    assert scores[1.0].accuracy == pytest.approx(0.8)
    assert scores[0.9].accuracy == pytest.approx(8 / 9)
    assert (scores[0.8].clips, scores[0.8].accuracy, scores[0.8].uf1, scores[0.8].uar) == (8, 1, 1, 1)


def test_the_number_of_clips_is_rounded_to_the_nearest():
    table = predictions("aabbaab", [0.9, 0.8, 0.2, 0.1, 0.7, 0.75, 0.3])
    assert [scores.clips for scores in coverage_scores(table, CLASSES)] == [7, 6, 6, 5, 4]


def test_each_seed_keeps_its_own_surest_clips_and_scores_are_their_mean():
    first = predictions("ab", [0.9, 0.6], seed=0)
    second = predictions("ab", [0.6, 0.9], seed=1)
    half = coverage_scores(pd.concat([first, second]), CLASSES)[-1]
    assert (half.share, half.clips) == (0.5, 1)
    assert half.accuracy == pytest.approx(0.5)


def test_of_equally_sure_clips_the_first_by_name_is_kept():
    """Of 0.7 of four clips, three are kept: the third is the first of the two less sure ones, which is right."""
    table = predictions("abab", [0.9, 0.9, 0.6, 0.6])
    for rows in (table, table[::-1]):
        scores = coverage_scores(rows, CLASSES)[SHARES.index(0.7)]
        assert scores.accuracy == pytest.approx(2 / 3)
        # Of class a, both clips are right; of class b, the only one is wrong.
        assert (scores.uar, scores.uf1) == pytest.approx((1 / 2, (4 / 5 + 0) / 2))


def test_without_probabilities_there_is_no_order():
    assert coverage_scores(predictions("ab", [0.9, 0.6])[["truth", "prediction", "seed"]], CLASSES) == ()


def test_a_seed_that_is_equally_sure_of_all_clips_leaves_no_order_for_the_method():
    table = pd.concat([predictions("ab", [0.9, 0.6]), predictions("ab", [0.7, 0.7], seed=1)])
    assert coverage_scores(table, CLASSES) == ()


def test_a_method_that_is_equally_sure_of_all_clips_has_no_order():
    assert coverage_scores(predictions("abab", [0.7, 0.7, 0.7, 0.7]), CLASSES) == ()
