"""One temperature makes probabilities as right as they say."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.models.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    probabilities,
)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found_again(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2 * temperature, (20_000, 3))
    labels = np.array([rng.choice(3, p=row) for row in probabilities(logits, temperature)])
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.05)


def test_the_temperature_is_at_its_limit_where_every_answer_is_right_or_wrong():
    logits = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert fit_temperature(logits, np.array([0, 1])) == pytest.approx(0.05, rel=1e-3)
    assert fit_temperature(logits, np.array([1, 0])) == pytest.approx(20, rel=1e-3)


def test_no_temperature_changes_a_decision():
    logits = np.random.default_rng(1).normal(size=(50, 4))
    assert np.array_equal(probabilities(logits, 7.0).argmax(axis=1), logits.argmax(axis=1))


def test_the_error_is_the_distance_between_confidence_and_accuracy():
    proba = np.array([[0.9, 0.1]] * 10)
    labels = np.array([0] * 6 + [1] * 4)
    # Confidence .9, accuracy .6: one bin that holds every clip.
    assert expected_calibration_error(proba, labels) == pytest.approx(0.3)


def test_confidences_in_the_same_tenth_are_compared_with_the_accuracy_together():
    proba = np.array([[0.91, 0.09], [0.97, 0.03], [0.86, 0.14]])
    # Confidence .94 and accuracy .5 in the last tenth; .86 and 1 in the one before.
    assert expected_calibration_error(proba, np.array([0, 1, 0])) == pytest.approx((2 * 0.44 + 0.14) / 3)


def test_the_upper_end_of_a_tenth_belongs_to_it_as_published():
    """Guo et al. 2017: the bin m of M holds the confidences in ((m - 1) / M, m / M]."""
    proba = np.array([[0.5, 0.3, 0.2], [0.45, 0.3, 0.25]])
    # Both are in (.4, .5]: confidence .475, accuracy .5.
    assert expected_calibration_error(proba, np.array([0, 1])) == pytest.approx(0.025)


@pytest.mark.parametrize(("clips", "error"), [(150, 0.06), (4000, 0.012)])
def test_right_probabilities_of_few_clips_have_an_error_too(clips, error):
    rng = np.random.default_rng(4)
    errors = []
    for _ in range(20):
        proba = probabilities(rng.normal(0, 3, (clips, 3)))
        right = rng.random(clips) < proba.max(axis=1)
        errors.append(expected_calibration_error(proba, np.where(right, proba.argmax(axis=1), proba.argmin(axis=1))))
    assert np.mean(errors) == pytest.approx(error, rel=0.2)


def test_probabilities_are_those_of_the_softmax_however_large_the_logits_are():
    assert probabilities([[np.log(3), 0]])[0] == pytest.approx([0.75, 0.25])
    assert probabilities([[np.log(9), 0]], temperature=2)[0] == pytest.approx([0.75, 0.25])
    assert probabilities([[1e4, 0, -1e4], [-1e4, -1e4, -1e4]]) == pytest.approx(np.array([[1, 0, 0], [1 / 3] * 3]))


def test_a_confidence_of_one_is_in_the_last_bin():
    proba = np.array([[1.0, 0.0], [0.95, 0.05]])
    assert expected_calibration_error(proba, np.array([1, 0])) == pytest.approx(0.975 - 0.5)


def test_of_equal_chances_the_likelihood_is_the_logarithm_of_the_classes():
    assert negative_log_likelihood(probabilities(np.zeros((5, 4))), np.zeros(5, np.int64)) == pytest.approx(np.log(4))


def test_errors_of_labels_are_expected_as_if_the_labels_were_drawn_with_them():
    rng = np.random.default_rng(2)
    logits, labels = rng.normal(0, 3, (40_000, 3)), rng.integers(3, size=40_000)
    logits[np.arange(len(labels)), labels] += 4
    wrong = rng.random(len(labels)) < 0.1
    drawn = np.where(wrong, (labels + rng.integers(1, 3, len(labels))) % 3, labels)
    temperature = fit_temperature(logits, drawn)
    assert fit_temperature(logits, labels, 0.1) == pytest.approx(temperature, rel=0.03)
    proba = probabilities(logits, 2.0)
    for measure in (negative_log_likelihood, expected_calibration_error):
        assert measure(proba, labels, 0.1) == pytest.approx(measure(proba, drawn), abs=0.01)


def test_a_confidence_of_one_is_too_high_for_labels_with_errors():
    proba, labels = np.array([[1.0, 0.0, 0.0]] * 4), np.zeros(4, np.int64)
    assert expected_calibration_error(proba, labels) == 0
    assert expected_calibration_error(proba, labels, 0.09) == pytest.approx(0.09)
