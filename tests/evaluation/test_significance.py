"""Intervals and paired tests: what they promise in the long run, and where their value is known exactly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.evaluation.metrics import accuracy, uar, uf1
from merlab.evaluation.significance import bootstrap_interval, compare, subject_counts

CLASSES = ["negative", "positive", "surprise"]


def random_counts(seed: int, subjects: int = 12, seeds: int = 1, right: float = 0.6) -> NDArray[np.int64]:
    """Confusion counts (seeds, subjects, 3, 3) of ten clips a subject, the same true classes for every seed."""
    generator = np.random.default_rng(seed)
    truth = np.random.default_rng(0).integers(3, size=(subjects, 10))
    counts = np.zeros((seeds, subjects, 3, 3), np.int64)
    for position in range(seeds):
        guess = np.where(generator.random(truth.shape) < right, truth, generator.integers(3, size=truth.shape))
        np.add.at(counts[position], (np.arange(subjects)[:, None], truth, guess), 1)
    return counts


def subjects_of_various_skill(generator: np.random.Generator, subjects: int) -> NDArray[np.int64]:
    """Two classes, eight clips a subject; each subject has a skill of its own, 0.7 on average."""
    skill = generator.beta(7, 3, size=subjects)
    right = generator.binomial(8, skill)
    counts = np.zeros((1, subjects, 2, 2), np.int64)
    counts[0, :, 0, 0], counts[0, :, 0, 1] = right, 8 - right
    return counts


def test_the_interval_holds_the_true_value_about_95_times_in_100():
    generator = np.random.default_rng(1)
    intervals = [bootstrap_interval(subjects_of_various_skill(generator, 30), accuracy) for _ in range(300)]
    share = np.mean([low <= 0.7 <= high for low, high in intervals])
    assert 0.90 <= share <= 0.98


def test_the_interval_depends_on_the_number_of_subjects_not_of_clips():
    counts = random_counts(3)
    assert bootstrap_interval(counts, uf1) == bootstrap_interval(10 * counts, uf1)
    few, many = bootstrap_interval(counts, uf1), bootstrap_interval(random_counts(3, subjects=192), uf1)
    assert many[1] - many[0] < (few[1] - few[0]) / 2


def test_the_interval_of_a_method_that_is_always_right_has_no_width():
    counts = np.zeros((2, 5, 3, 3), np.int64)
    counts[:, :, [0, 1, 2], [0, 1, 2]] = 4
    assert bootstrap_interval(counts, uar) == (1.0, 1.0)


def test_one_subject_gives_no_interval():
    counts = random_counts(0, subjects=1)
    assert np.isnan(bootstrap_interval(counts, uf1)).all()
    assert np.isnan(compare(counts, counts, uf1).interval).all()


def test_the_same_seed_gives_the_same_interval():
    counts = random_counts(5)
    assert bootstrap_interval(counts, uf1, seed=7) == bootstrap_interval(counts, uf1, seed=7)


@given(st.integers(0, 1000), st.integers(1, 3))
@settings(max_examples=15)
def test_a_method_does_not_differ_from_itself(seed, seeds):
    counts = random_counts(seed, seeds=seeds)
    comparison = compare(counts, counts, uf1)
    assert comparison.difference == 0
    assert comparison.interval == (0, 0)
    assert comparison.p_value == 1


@given(st.integers(0, 1000))
@settings(max_examples=15)
def test_exchanging_the_methods_turns_the_sign(seed):
    first, second = random_counts(seed), random_counts(seed + 1)
    forward, backward = compare(first, second, uar), compare(second, first, uar)
    assert forward.difference == pytest.approx(-backward.difference)
    assert forward.interval == pytest.approx((-backward.interval[1], -backward.interval[0]))
    assert forward.p_value == backward.p_value


def test_the_p_value_of_always_right_against_always_wrong_is_two_of_all_exchanges():
    # Of the 2^5 ways to exchange five subjects only "none" and "all" are as extreme as what was observed.
    right, wrong = np.zeros((1, 5, 2, 2), np.int64), np.zeros((1, 5, 2, 2), np.int64)
    right[..., 0, 0] = right[..., 1, 1] = 3
    wrong[..., 0, 1] = wrong[..., 1, 0] = 3
    comparison = compare(right, wrong, accuracy)
    assert comparison.difference == 1
    assert comparison.interval == (1, 1)
    assert comparison.p_value == pytest.approx(2 / 32, abs=0.02)


def test_p_values_of_equally_good_methods_are_uniform():
    p_values = np.array([compare(random_counts(2 * n), random_counts(2 * n + 1), accuracy).p_value for n in range(200)])
    assert 0.01 <= np.mean(p_values < 0.05) <= 0.10
    assert 0.40 <= np.mean(p_values < 0.50) <= 0.60


def test_a_clear_difference_is_found():
    comparison = compare(random_counts(1, right=0.9), random_counts(2, right=0.3), uf1)
    assert comparison.interval[0] > 0
    assert comparison.p_value < 0.01


def test_a_method_of_one_seed_meets_every_seed_of_the_other():
    one, three = random_counts(1), random_counts(2, seeds=3)
    each = [compare(one, three[[position]], uf1).difference for position in range(3)]
    assert compare(one, three, uf1).difference == pytest.approx(np.mean(each))


@pytest.mark.parametrize("subjects", [11, 12])
def test_methods_tested_on_different_clips_are_not_compared(subjects):
    other = random_counts(1, subjects=subjects)
    other[:, 0, 0, 0] += 1
    with pytest.raises(MerlabError, match="same clips"):
        compare(random_counts(0), other, uf1)


def predictions(rows: list[tuple[str, str, int, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["database", "subject", "seed", "truth", "prediction"])


def test_subjects_of_the_same_name_in_two_databases_are_two_subjects():
    table = predictions([("casme2", "01", 0, "negative", "negative"), ("samm", "01", 0, "negative", "surprise")])
    counts = subject_counts(table, CLASSES)
    assert counts.shape == (1, 2, 3, 3)
    assert counts[0, :, 0].tolist() == [[1, 0, 0], [0, 0, 1]]


def test_the_order_of_the_rows_does_not_matter():
    rows = [("casme2", f"{n % 4}", n % 2, CLASSES[n % 3], CLASSES[n % 5 % 3]) for n in range(24)]
    np.testing.assert_array_equal(
        subject_counts(predictions(rows), CLASSES), subject_counts(predictions(rows[::-1]), CLASSES)
    )


def test_a_label_outside_the_classes_is_refused_and_not_counted_as_the_last_class():
    table = predictions([("casme2", "01", 0, "negative", "fear")])
    with pytest.raises(MerlabError, match="fear.*not among the classes"):
        subject_counts(table, CLASSES)


def test_an_empty_table_is_refused():
    with pytest.raises(MerlabError, match="no prediction"):
        subject_counts(predictions([]), CLASSES)
