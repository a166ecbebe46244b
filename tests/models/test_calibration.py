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


def test_no_temperature_changes_a_decision():
    logits = np.random.default_rng(1).normal(size=(50, 4))
    assert np.array_equal(probabilities(logits, 7.0).argmax(axis=1), logits.argmax(axis=1))


def test_the_error_is_the_distance_between_confidence_and_accuracy():
    proba = np.array([[0.9, 0.1]] * 10)
    labels = np.array([0] * 6 + [1] * 4)
    # Confidence .9, accuracy .6: one bin that holds every clip.
    assert expected_calibration_error(proba, labels) == pytest.approx(0.3)


def test_of_equal_chances_the_likelihood_is_the_logarithm_of_the_classes():
    assert negative_log_likelihood(probabilities(np.zeros((5, 4))), np.zeros(5, np.int64)) == pytest.approx(np.log(4))
