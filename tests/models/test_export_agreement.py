"""Whether an exported network gives the same answers as PyTorch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.models.export_agreement import ExportAgreement, compared_with_torch
from tests.videos.recognizers import small_recognizer

INPUTS = np.random.default_rng(0).random((10, 3, 28, 28), np.float32)


@pytest.mark.parametrize(
    ("difference", "spread", "changed", "exact"),
    [
        # Up to a thousandth of the range of the logits, which counts as 1 at least.
        (0.1, 100.0, 0, True),
        (0.11, 100.0, 0, False),
        (0.001, 0.1, 0, True),
        (0.0011, 0.1, 0, False),
        (0.0, 100.0, 1, False),
    ],
)
def test_it_is_exact_within_the_rounding_of_float32_and_without_another_decision(difference, spread, changed, exact):
    assert ExportAgreement(10, difference, spread, 0.0, changed).exact is exact


def test_probabilities_are_compared_after_the_temperature():
    recognizer = small_recognizer(temperature=2.0)
    logits = recognizer.logits(INPUTS)
    found = compared_with_torch(recognizer, lambda _: np.tile([[0.0, 0.0, 2 * np.log(2.0)]], (10, 1)), INPUTS)
    assert found.probabilities == pytest.approx(np.abs(recognizer.predict_proba(INPUTS) - [0.25, 0.25, 0.5]).max())
    assert found.logit_range == pytest.approx(logits.max() - logits.min())


def test_it_is_with_pytorch_also_where_the_recognizer_runs_in_another_runtime():
    other = replace(small_recognizer(), infer=lambda batch: np.zeros((len(batch), 3)))
    assert not compared_with_torch(other, lambda batch: np.zeros((len(batch), 3)), INPUTS).exact
