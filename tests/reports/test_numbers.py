"""Numbers of a report as text."""

from __future__ import annotations

import pytest

from merlab.reports.numbers import estimate, number, p_text


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [(0.7126, False, ".713"), (1, False, "1.000"), (0, False, ".000"), (-0.05, False, "−.050"), (0.062, True, "+.062")],
)
def test_numbers_have_three_decimals_and_no_leading_zero(value, signed, text):
    assert number(value, signed=signed) == text


def test_a_number_that_rounds_to_zero_has_no_minus():
    assert number(-0.0001) == ".000"


@pytest.mark.parametrize("value", [-0.0004, 0.0, 0.0004])
def test_a_difference_that_rounds_to_zero_is_neither_above_nor_below_it(value):
    assert number(value, signed=True) == ".000"


def test_a_score_with_one_error_in_2500_does_not_read_1():
    assert number(2499 / 2500) == ".999"
    assert number(-2499 / 2500) == "−.999"


def test_an_estimate_reads_mean_sd_interval_and_leaves_out_what_is_unknown():
    assert estimate(0.7, 0.0123, [0.65, 0.75]) == ".700 ± .012 [.650, .750]"
    assert estimate(0.7, None, [0.65, 0.75]) == ".700 [.650, .750]"
    assert estimate(0.7) == ".700"
    assert estimate(0.05, interval=[-0.01, 0.11], signed=True) == "+.050 [−.010, +.110]"


def test_a_p_value_is_never_zero():
    assert p_text(0.0213) == "p = .021"
    assert p_text(0.001) == "p = .001"
    assert p_text(1 / 2001) == "p < .001"


@pytest.mark.parametrize(
    ("p_value", "text"), [(100 / 2001, "p < .050"), (51 / 1024, "p < .050"), (0.05, "p = .050"), (0.0503, "p = .050")]
)
def test_a_p_value_below_the_level_of_significance_does_not_read_as_one_that_is_not(p_value, text):
    assert p_text(p_value) == text


def test_an_undefined_score_is_a_dash():
    assert estimate(None, interval=None) == "–"
