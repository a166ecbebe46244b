"""Intervals and paired tests: their coverage over many samples, and cases where the value is known exactly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, binomtest, permutation_test, ttest_1samp
from scipy.stats import t as student

from merlab.errors import MerlabError
from merlab.evaluation.metrics import accuracy, uar, uf1
from merlab.evaluation.significance import (
    RESAMPLES,
    _subject_weights,
    bootstrap_interval,
    paired_test,
    subject_counts,
)

CLASSES = ["negative", "positive", "surprise"]


def random_counts(seed: int, subjects: int = 12, seeds: int = 1, right: float = 0.6) -> NDArray[np.int64]:
    """Confusion counts (seeds, subjects, 3, 3) of ten clips per subject, the same true classes for every seed."""
    generator = np.random.default_rng(seed)
    truth = np.random.default_rng(0).integers(3, size=(subjects, 10))
    counts = np.zeros((seeds, subjects, 3, 3), np.int64)
    for position in range(seeds):
        guess = np.where(generator.random(truth.shape) < right, truth, generator.integers(3, size=truth.shape))
        np.add.at(counts[position], (np.arange(subjects)[:, None], truth, guess), 1)
    return counts


def subjects_of_various_skill(generator: np.random.Generator, subjects: int) -> NDArray[np.int64]:
    """Two classes, eight clips per subject; each subject has its own skill, 0.7 on average."""
    skill = generator.beta(7, 3, size=subjects)
    right = generator.binomial(8, skill)
    counts = np.zeros((1, subjects, 2, 2), np.int64)
    counts[0, :, 0, 0], counts[0, :, 0, 1] = right, 8 - right
    return counts


def test_the_interval_holds_the_true_value_about_95_times_in_100():
    assert 0.90 <= share_that_holds_the_true_value(30, 300) <= 0.98


@pytest.mark.parametrize("subjects", [3, 5])
def test_the_interval_of_few_subjects_holds_the_true_value_as_often(subjects):
    """The percentiles of the samples do so in 60 and 83 of 100 cases."""
    assert share_that_holds_the_true_value(subjects, 150) >= 0.90


def share_that_holds_the_true_value(subjects: int, samples: int) -> float:
    generator = np.random.default_rng(1)
    counts = [subjects_of_various_skill(generator, subjects) for _ in range(samples)]
    intervals = np.array([bootstrap_interval(each, accuracy) for each in counts])
    return float(np.mean((intervals[:, 0] <= 0.7) & (intervals[:, 1] >= 0.7)))


@pytest.mark.parametrize("subjects", [3, 5, 16, 68])
def test_the_interval_of_a_mean_over_subjects_is_that_of_students_t(subjects):
    """Every subject has eight clips, so accuracy is the mean of the subjects'."""
    counts = subjects_of_various_skill(np.random.default_rng(3), subjects)
    low, high = ttest_1samp(accuracy(counts[0]), 0).confidence_interval()
    assert bootstrap_interval(counts, accuracy) == pytest.approx((max(low, 0), min(high, 1)), abs=0.05 * (high - low))


def test_the_interval_of_a_difference_of_means_is_that_of_students_t():
    first, second = random_counts(1, subjects=6, right=0.8), random_counts(2, subjects=6)
    low, high = ttest_1samp(accuracy(first[0]) - accuracy(second[0]), 0).confidence_interval()
    assert paired_test(first, second, "accuracy").interval == pytest.approx((low, high), abs=0.05 * (high - low))


def test_the_intervals_of_several_seeds_are_those_of_the_subjects_means_over_them():
    """One of the seeds is always right."""
    first, second = random_counts(1, subjects=8, seeds=3, right=0.8), random_counts(2, subjects=8, seeds=2)
    for counts in (first, second):
        counts[0] = counts[0].sum(axis=-1)[..., None] * np.eye(3, dtype=np.int64)
    means = accuracy(first).mean(axis=0)
    low, high = ttest_1samp(means, 0).confidence_interval()
    assert bootstrap_interval(first, accuracy) == pytest.approx((low, high), abs=0.05 * (high - low))
    low, high = ttest_1samp(means - accuracy(second).mean(axis=0), 0).confidence_interval()
    assert paired_test(first, second, "accuracy").interval == pytest.approx((low, high), abs=0.05 * (high - low))


def test_the_interval_of_a_share_of_subjects_is_that_of_the_binomial_distribution():
    """One clip per subject: as many are right in a sample as among 400 independent draws."""
    counts = np.zeros((1, 400, 2, 2), np.int64)
    counts[0, :, 0, 0] = np.arange(400) < 100
    counts[0, :, 0, 1] = 1 - counts[0, :, 0, 0]
    expected = binom(400, 0.25).ppf([0.025, 0.975]) / 400
    assert bootstrap_interval(counts, accuracy) == pytest.approx(expected, abs=0.003)


def test_the_interval_depends_on_the_number_of_subjects_not_of_clips():
    counts = random_counts(3)
    assert bootstrap_interval(counts, uf1) == bootstrap_interval(10 * counts, uf1)
    few, many = (np.ptp(np.array(bootstrap_interval(of, uf1))) for of in (counts, random_counts(3, subjects=192)))
    assert many < few / 2


@pytest.mark.parametrize("subjects", [2, 5, 26])
def test_a_method_that_is_always_right_or_wrong_has_the_interval_of_as_many_subjects(subjects):
    """Clopper and Pearson; the samples are all alike."""
    right, wrong = np.zeros((2, subjects, 3, 3), np.int64), np.zeros((2, subjects, 3, 3), np.int64)
    right[:, :, [0, 1, 2], [0, 1, 2]] = wrong[:, :, [0, 1, 2], [1, 2, 0]] = 4
    for counts, times in ((right, subjects), (wrong, 0)):
        low, high = binomtest(times, subjects).proportion_ci(method="exact")
        for metric in (uar, uf1, accuracy):
            assert bootstrap_interval(counts, metric) == pytest.approx((low, high))


def others_among(subjects: int) -> float:
    """The largest share of subjects unlike these, who are all alike: the upper limit for none of as many."""
    return float(binomtest(0, subjects).proportion_ci(method="exact").high)


@pytest.mark.parametrize("subjects", [2, 5, 40])
def test_a_value_that_is_the_same_for_all_subjects_may_be_another_for_the_share_of_others(subjects):
    """The limits are the values if all of these others are wrong, or right."""
    counts = np.zeros((1, subjects, 2, 2), np.int64)
    counts[0, :, 0] = [1, 3]
    others = others_among(subjects)
    assert bootstrap_interval(counts, accuracy) == pytest.approx((0.25 * (1 - others), 0.25 + 0.75 * others))


@pytest.mark.parametrize("classes", [2, 3])
def test_the_uar_of_a_method_that_names_one_class_cannot_be_another(classes):
    """Its accuracy can: other subjects have other shares of that class."""
    counts = np.zeros((1, 5, classes, classes), np.int64)
    counts[..., 0] = 4
    others = others_among(5)
    assert bootstrap_interval(counts, uar) == pytest.approx((1 / classes, 1 / classes))
    low, high = (1 - others) / classes, (1 + (classes - 1) * others) / classes
    assert bootstrap_interval(counts, accuracy) == pytest.approx((low, high))


@pytest.mark.parametrize("metric", [uf1, uar])
@pytest.mark.parametrize("present", [[0], [0, 1]])
def test_a_method_that_is_always_right_may_err_elsewhere_also_where_a_class_has_no_clip(metric, present):
    counts = np.zeros((1, 5, 3, 3), np.int64)
    counts[..., present, present] = 4
    value, others = len(present) / 3, others_among(5)
    assert bootstrap_interval(counts, metric) == pytest.approx((value * (1 - others), value + (1 - value) * others))


@pytest.mark.parametrize("subjects", [2, 3])
def test_the_interval_of_subjects_who_may_be_alike_by_chance_holds_the_true_value(subjects):
    """Accuracy is .7. Of 2 subjects with 2 clips, 1 in 6 pairs have one error each: all the same, and not .7."""
    generator = np.random.default_rng(7)
    held = 0
    for _ in range(100):
        right = generator.binomial(2, 0.7, subjects)
        counts = np.zeros((1, subjects, 2, 2), np.int64)
        counts[0, :, 0, 0], counts[0, :, 0, 1] = right, 2 - right
        low, high = np.array(bootstrap_interval(counts, accuracy))
        held += low <= 0.7 <= high
    assert held >= 95


def test_the_interval_of_few_subjects_that_are_nearly_all_right_holds_the_true_value():
    """Accuracy is .97: of 3 subjects with 8 clips, about half have no error."""
    generator = np.random.default_rng(5)
    held = 0
    for _ in range(100):
        counts = np.zeros((1, 3, 2, 2), np.int64)
        counts[0, :, 0, 0] = generator.binomial(8, 0.97, 3)
        counts[0, :, 0, 1] = 8 - counts[0, :, 0, 0]
        low, high = np.array(bootstrap_interval(counts, accuracy))
        held += low <= 0.97 <= high
    assert held >= 93


def test_a_class_that_a_sample_lacks_counts_as_0():
    """Of 20 subjects one has a class: UAR of (19 / 20) ** 20 of the samples is 0.5, of the others 1."""
    counts = np.zeros((1, 20, 2, 2), np.int64)
    counts[:, :, 0, 0] = counts[:, 0, 1, 1] = 4
    lacking = (19 / 20) ** 20
    error = 0.5 * np.sqrt(lacking * (1 - lacking)) * np.sqrt(20 / 19)
    assert bootstrap_interval(counts, uar) == pytest.approx((1 - student.ppf(0.975, 19) * error, 1), abs=0.01)
    assert bootstrap_interval(counts, accuracy) == pytest.approx((0.025 ** (1 / 20), 1))


@pytest.mark.slow
def test_the_lower_limit_is_seldom_above_the_true_value_where_a_class_has_clips_of_few_subjects():
    generator = np.random.default_rng(1)
    # Recall differs between subjects; its means are .8, .7 and .6. About 2 of 26 subjects have the last class.
    above = 0
    for _ in range(300):
        has = np.zeros(26, bool)
        while not has.any():
            has = generator.random(26) < 0.08
        clips = np.stack([1 + generator.poisson(3, 26), generator.poisson(2, 26), 2 * has], axis=-1)
        right = generator.binomial(clips, generator.beta([6.4, 5.6, 4.8], [1.6, 2.4, 3.2], (26, 3)))
        counts = np.zeros((1, 26, 3, 3), np.int64)
        counts[0, :, [0, 1, 2], [0, 1, 2]] = right.T
        counts[0, :, [0, 1, 2], [1, 2, 0]] = (clips - right).T
        low, _ = np.array(bootstrap_interval(counts, uar))
        above += low > 0.7
    assert above / 300 <= 0.05


def test_one_subject_gives_no_interval():
    counts = random_counts(0, subjects=1)
    assert bootstrap_interval(counts, uf1) is None
    assert paired_test(counts, counts, "uf1").interval is None


def test_an_interval_stays_within_the_range_of_its_metric():
    """Two subjects that differ say little: Student's t is 12.7."""
    counts = np.zeros((1, 2, 2, 2), np.int64)
    counts[0, 0, 0, 0] = counts[0, 1, 0, 1] = 4
    assert bootstrap_interval(counts, accuracy) == (0, 1)
    assert paired_test(counts, counts[:, ::-1], "accuracy").interval == (-1, 1)


def test_the_same_counts_give_the_same_interval_in_every_process():
    counts = random_counts(5)
    interval = bootstrap_interval(counts, uf1)
    _subject_weights.cache_clear()
    assert bootstrap_interval(counts, uf1) == interval


@given(st.integers(0, 1000), st.integers(1, 3))
@settings(max_examples=15)
def test_a_method_does_not_differ_from_itself(seed, seeds):
    counts = random_counts(seed, seeds=seeds)
    comparison = paired_test(counts, counts, "uf1")
    others = others_among(12)
    assert comparison.difference == 0
    assert comparison.interval == pytest.approx((-others, others))
    assert comparison.p == 1


@given(st.integers(0, 1000))
@settings(max_examples=15)
def test_exchanging_the_methods_changes_the_sign(seed):
    first, second = random_counts(seed), random_counts(seed + 1)
    forward, backward = paired_test(first, second, "uar"), paired_test(second, first, "uar")
    assert forward.difference == pytest.approx(-backward.difference)
    assert np.array(forward.interval) == pytest.approx(-np.array(backward.interval)[::-1])
    assert forward.p == backward.p


def test_the_p_value_of_always_right_against_always_wrong_is_two_of_all_exchanges():
    # Of the 2^5 ways to exchange five subjects only "none" and "all" are as extreme as the observed difference.
    right, wrong = np.zeros((1, 5, 2, 2), np.int64), np.zeros((1, 5, 2, 2), np.int64)
    right[..., 0, 0] = right[..., 1, 1] = 3
    wrong[..., 0, 1] = wrong[..., 1, 0] = 3
    comparison = paired_test(right, wrong, "accuracy")
    assert comparison.difference == 1
    # With others who are right by the second method alone, the difference is down to -1 for their share.
    assert comparison.interval == pytest.approx((1 - 2 * others_among(5), 1))
    assert comparison.p == 2 / 32


@pytest.mark.parametrize(("subjects", "smallest"), [(2, 2 / 4), (3, 2 / 8), (10, 2 / 1024)])
def test_with_few_subjects_the_p_value_is_exact(subjects, smallest):
    right, wrong = np.zeros((1, subjects, 2, 2), np.int64), np.zeros((1, subjects, 2, 2), np.int64)
    right[..., 0, 0] = right[..., 1, 1] = 3
    wrong[..., 0, 1] = wrong[..., 1, 0] = 3
    assert paired_test(right, wrong, "accuracy").p == smallest
    assert paired_test(right, right, "accuracy").p == 1


@pytest.mark.parametrize(("subjects", "right", "error"), [(6, 0.7, 1e-9), (12, 0.78, 0.009)])
def test_the_p_value_of_methods_with_several_seeds_is_that_of_scipy(subjects, right, error):
    """Every subject has ten clips, so accuracy is the mean of the subjects'; drawn exchanges come near to all."""
    first, second = random_counts(1, subjects, seeds=3, right=right), random_counts(2, subjects, seeds=3)
    per_subject = [accuracy(counts).mean(axis=0) for counts in (first, second)]
    exact = permutation_test(
        per_subject, lambda one, other, axis: (one - other).mean(axis=axis), permutation_type="samples"
    )
    assert paired_test(first, second, "accuracy").p == pytest.approx(exact.pvalue, abs=error)


def test_seeds_that_are_all_alike_tell_no_more_than_one():
    first, second = random_counts(1), random_counts(2)
    once = paired_test(first, second, "uf1")
    three_times = paired_test(np.repeat(first, 3, axis=0), np.repeat(second, 3, axis=0), "uf1")
    assert three_times.interval == pytest.approx(once.interval)
    assert three_times.p == once.p


def test_drawn_exchanges_count_the_observed_one_so_that_no_p_value_is_0():
    right, wrong = np.zeros((1, 40, 2, 2), np.int64), np.zeros((1, 40, 2, 2), np.int64)
    right[..., 0, 0] = right[..., 1, 1] = 3
    wrong[..., 0, 1] = wrong[..., 1, 0] = 3
    assert paired_test(right, wrong, "accuracy").p == 1 / (RESAMPLES + 1)


def test_p_values_of_equally_good_methods_are_uniform():
    pairs = ((random_counts(2 * n), random_counts(2 * n + 1)) for n in range(200))
    p_values = np.array([paired_test(first, second, "accuracy").p for first, second in pairs])
    assert 0.01 <= np.mean(p_values < 0.05) <= 0.10
    assert 0.40 <= np.mean(p_values < 0.50) <= 0.60


def test_a_clear_difference_is_found():
    comparison = paired_test(random_counts(1, right=0.9), random_counts(2, right=0.3), "uf1")
    assert np.min(np.array(comparison.interval)) > 0
    assert comparison.p < 0.01


def test_a_method_with_one_seed_is_compared_with_every_seed_of_the_other():
    one, three = random_counts(1), random_counts(2, seeds=3)
    each = [paired_test(one, three[[position]], "uf1").difference for position in range(3)]
    assert paired_test(one, three, "uf1").difference == pytest.approx(np.mean(each))


@pytest.mark.parametrize("numbers", [(2, 3), (4, 2), (5, 3)])
def test_every_seed_counts_if_the_methods_have_different_numbers_of_seeds(numbers):
    first, second = (random_counts(position, seeds=number) for position, number in enumerate(numbers))
    means = [uf1(counts.sum(axis=1)).mean() for counts in (first, second)]
    comparison = paired_test(first, second, "uf1")
    assert comparison.difference == pytest.approx(means[0] - means[1])
    assert comparison.interval is not None
    assert comparison.interval[0] < comparison.difference < comparison.interval[1]


@pytest.mark.parametrize("subjects", [11, 12])
def test_methods_tested_on_different_clips_are_not_compared(subjects):
    other = random_counts(1, subjects=subjects)
    other[:, 0, 0, 0] += 1
    with pytest.raises(MerlabError, match="same clips"):
        paired_test(random_counts(0), other, "uf1")


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


def test_the_p_value_weighs_all_seeds_alike_where_one_method_has_fewer():
    """The mean over seeds does not depend on their order, so the test of its difference does not either."""
    random = np.random.default_rng(0)
    first, second = random.integers(4, size=(3, 6, 2, 2)), random.integers(4, size=(2, 6, 2, 2))
    for counts in (first, second):
        counts[..., 0] = 4 - counts[..., 1]
    forward, backward = paired_test(first, second, "uf1"), paired_test(first, second[::-1], "uf1")
    assert forward.difference == pytest.approx(backward.difference)
    assert forward.p == backward.p
