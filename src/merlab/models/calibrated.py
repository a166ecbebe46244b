"""A recognizer gets its temperature, and its card the errors without and with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from merlab.models.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    probabilities,
)
from merlab.models.card import Calibration, CalibrationErrors
from merlab.models.labeled_examples import Examples
from merlab.models.recognizer import Recognizer


def calibrated(recognizer: Recognizer, held: Examples, label_errors: float) -> Recognizer:
    """The recognizer with the temperature that fits ``held``, and the errors without and with it on these clips.

    ``label_errors`` is the share of their labels that an annotator gives differently, 0..1.
    """
    logits = recognizer.logits(held.inputs)
    temperature = fit_temperature(logits, held.labels, label_errors)
    before, after = (_errors(logits, value, held, label_errors) for value in (1.0, temperature))
    calibration = Calibration(
        clips=len(held.labels),
        subjects=len(set(held.groups)),
        before=before,
        after=after,
        label_errors=label_errors,
    )
    facts = {"temperature": temperature, "calibration": calibration}
    return replace(recognizer, card=recognizer.card.model_copy(update=facts))


def _errors(logits: NDArray[np.float64], temperature: float, held: Examples, label_errors: float) -> CalibrationErrors:
    proba = probabilities(logits, temperature)
    return CalibrationErrors(
        negative_log_likelihood=negative_log_likelihood(proba, held.labels, label_errors),
        expected_calibration_error=expected_calibration_error(proba, held.labels, label_errors),
    )
