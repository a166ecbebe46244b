"""Kappa and alpha of published examples."""

from __future__ import annotations

from itertools import permutations

import krippendorff
import numpy as np
import pytest

from merlab.coding.agreement.coefficients import cohen_kappa, facs_ratio, kappa_of_counts, krippendorff_alpha

# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C: 4 observers, 12 units, nominal.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
# The same, section A: 2 observers, 10 units, two categories.
BINARY = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
# Fleiss, Levin and Paik (2003), Table 18.1: 100 subjects, psychotic, neurotic and organic, by two raters.
DIAGNOSES = np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]])


def units(observers):
    return list(zip(*observers, strict=True))


def test_alpha_of_the_examples_of_krippendorff():
    assert krippendorff_alpha(units(OBSERVERS)) == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(units(BINARY)) == pytest.approx(0.095, abs=5e-4)


def test_kappa_of_the_example_of_fleiss():
    rows, columns = np.indices(DIAGNOSES.shape)
    first, second = (np.repeat(each.ravel(), DIAGNOSES.ravel()).tolist() for each in (rows, columns))
    assert cohen_kappa(first, second) == pytest.approx(0.68, abs=5e-3)


def test_kappa_has_the_same_last_digit_whatever_the_values_are_called():
    generator = np.random.default_rng(0)
    first = generator.choice(4, 77_667, p=[0.1, 0.2, 0.3, 0.4])
    second = np.where(generator.random(len(first)) < 0.5, first, generator.choice(4, len(first)))
    renamed = [[np.array(names)[values].tolist() for values in (first, second)] for names in permutations(range(4))]
    assert len({cohen_kappa(*both) for both in renamed}) == 1


def test_kappa_of_counts_is_that_of_the_units():
    first, second = [1] * 30 + [0] * 20, [1] * 20 + [0] * 10 + [1] * 5 + [0] * 15
    assert kappa_of_counts(20, 10, 5, 15) == pytest.approx(cohen_kappa(first, second))
    assert kappa_of_counts(20, 10, 5, 15) == pytest.approx(0.4)


@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_that_of_another_implementation(seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, (3, 25)).astype(float)
    values[rng.random(values.shape) < 0.2] = np.nan
    known = [[None if np.isnan(each) else int(each) for each in unit] for unit in values.T]
    assert krippendorff_alpha(known) == pytest.approx(krippendorff.alpha(values, level_of_measurement="nominal"))


@pytest.mark.filterwarnings("error")
def test_coders_who_never_agree_agree_by_chance_where_each_has_one_value():
    """Expected from the shares of their values is the same agreement as observed: none."""
    assert cohen_kappa([1], [2]) == cohen_kappa([1, 1], [2, 2]) == kappa_of_counts(0, 2, 0, 0) == 0
    assert krippendorff_alpha([[1, 2]]) == 0


def test_without_a_choice_agreement_beyond_chance_is_undefined():
    assert cohen_kappa([1, 1], [1, 1]) is None
    assert cohen_kappa([], []) is None
    assert kappa_of_counts(0, 0, 0, 9) is None
    assert kappa_of_counts(0, 0, 0, 0) is None
    assert krippendorff_alpha([[1, 1], [1, None]]) is None
    assert krippendorff_alpha([]) is None


def test_the_ratio_of_facs_counts_what_was_scored():
    """As Ekman and Friesen count: one coder scores 1+2+5, the other 1+2, of 4 units in use: 2 x 2 / (3 + 2)."""
    first, second = [True, True, True, False], [True, True, False, False]
    assert facs_ratio(first, second) == 0.8
    # Two units of 2 x 2 events: kappa and the share that agrees also count what nobody scored.
    assert facs_ratio([True, False] * 2, [False, False] * 2) == 0
    assert facs_ratio([False], [False]) is None
