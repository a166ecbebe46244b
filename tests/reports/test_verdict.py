"""Sentences on what a run shows."""

from __future__ import annotations

import pytest

from merlab.reports.verdict import verdict
from tests.reports.fake_run import CLASSES, SKILLS, difference, fake_metrics, summary


@pytest.fixture(scope="module")
def metrics():
    return fake_metrics(stamps={"dbfem-caffm": ["SYNTHETIC", "LEAKY: epoch picked on the test subject"]})


def test_the_best_method_beats_the_best_baseline_where_interval_and_p_show_it():
    metrics = [
        summary("constant", 0.11, (0.2, 0.2)),
        summary("linear-svm", 0.65, (0.6, 0.7), constant=difference(0.54, (0.5, 0.6), 0.001)),
        summary("ststnet", 0.60, (0.5, 0.7), linear_svm=difference(-0.05, (-0.1, 0.0), 0.06)),
        summary("dbfem-caffm", 0.71, (0.6, 0.8), linear_svm=difference(0.06, (0.01, 0.11), 0.021)),
    ]
    assert verdict(metrics) == (
        "dbfem-caffm beats linear-svm: UF1 .710 against .650, difference +.060 [+.010, +.110], p = .021 "
        "(p = .042 as the best of 2 methods)."
    )


def test_the_best_of_more_methods_needs_a_smaller_p():
    """Bonferroni: 3 times .021 is above .05."""
    metrics = [
        summary("linear-svm", 0.65, (0.6, 0.7)),
        *(summary(name, 0.60, (0.5, 0.7)) for name in ("ststnet", "rcn-a")),
        summary("dbfem-caffm", 0.71, (0.6, 0.8), linear_svm=difference(0.06, (0.01, 0.11), 0.021)),
    ]
    assert verdict(metrics) == (
        "dbfem-caffm does not beat linear-svm: UF1 .710 against .650, difference +.060 [+.010, +.110], p = .021 "
        "(p = .063 as the best of 3 methods); p is not below .050."
    )
    assert verdict([metrics[0], metrics[3]]).startswith("dbfem-caffm beats linear-svm")


@pytest.mark.parametrize(
    ("compared", "reason"),
    [
        (difference(0.02, (-0.03, 0.07), 0.4), "the interval of the difference includes 0"),
        (difference(0.02, (0.0, 0.07), 0.04), "the interval of the difference includes 0"),
        (difference(-0.02, (-0.07, 0.0), 0.04), "the interval of the difference includes 0"),
        (difference(0.04, (0.001, 0.07), 0.06), "p is not below .050"),
        (difference(-0.1, (-0.2, -0.05), 0.001), "the baseline is better"),
        (difference(0.1, None, 1.0), "with one subject the interval of the difference is undefined"),
    ],
)
def test_a_method_that_does_not_beat_the_baseline_is_reported_with_the_reason(compared, reason):
    metrics = [summary("linear-svm", 0.5, (0.4, 0.6)), summary("ststnet", 0.5, (0.4, 0.6), linear_svm=compared)]
    assert verdict(metrics).startswith("ststnet does not beat linear-svm: UF1 .500 against .500, difference ")
    assert verdict(metrics).endswith(f"; {reason}.")


def test_the_verdict_does_not_depend_on_the_order_of_the_methods():
    svm_last = [
        summary("ststnet", 0.71, (0.6, 0.8)),
        summary("linear-svm", 0.65, (0.6, 0.7), ststnet=difference(-0.06, (-0.11, -0.01), 0.021)),
    ]
    assert "ststnet beats linear-svm" in verdict(svm_last)
    assert "difference +.060 [+.010, +.110]" in verdict(svm_last)


def test_without_a_baseline_no_method_is_compared():
    assert verdict([summary("ststnet", 0.71, (0.6, 0.8))]) == (
        "This run has no baseline (constant, random, linear-svm) to compare with; the best UF1 is .710 by ststnet."
    )
    assert "no method other than the baselines" in verdict([summary("random", 0.2, (0.1, 0.3))])


def test_a_run_in_which_no_method_exceeds_guessing_is_marked():
    compared = difference(0.01, (-0.05, 0.07), 0.8)
    at_chance = [summary("random", 0.2, (0.1, 0.3)), summary("ststnet", 0.21, (0.12, 0.28), random=compared)]
    assert (
        "No method is shown to be above chance: no 95 % interval of UAR is above .200, the UAR of guessing among 5 "
        "classes" in verdict(at_chance)
    )
    lucky_guess = [summary("random", 0.25, (0.21, 0.3)), at_chance[1]]
    assert "No method is shown to be above chance" in verdict(lucky_guess)
    above = [summary("random", 0.2, (0.1, 0.3)), summary("ststnet", 0.31, (0.21, 0.38), random=compared)]
    assert "chance" not in verdict(above)


def test_predictions_without_skill_are_judged_to_be_chance_and_skilled_ones_are_not():
    assert "No method is shown to be above chance" in verdict(fake_metrics(dict.fromkeys(SKILLS, 0.0), subjects=30))
    assert "dbfem-caffm beats linear-svm" in verdict(fake_metrics(SKILLS, subjects=30))


def test_the_verdict_bears_the_stamps(metrics):
    assert verdict(metrics).endswith("[SYNTHETIC · LEAKY: epoch picked on the test subject]")
    assert len(metrics[0].classes) == len(CLASSES)
