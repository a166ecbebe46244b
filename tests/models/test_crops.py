"""Corrected crops of labeled clips."""

from __future__ import annotations

import numpy as np
import pandas as pd

from merlab.inputs import parse_recipe
from merlab.inputs.crop_correction import fit_correction
from merlab.models.crops import corrected
from merlab.models.labeled_examples import Examples

FLOW = "flow:channels=uvs,scale=centered,size=28x28"


def clips(database: str, row: int) -> Examples:
    """Two clips whose faces move in one place, which is lower or higher."""
    inputs = np.random.default_rng(row).normal(0, 0.1, (2, 3, 28, 28)).astype(np.float32)
    inputs[:, 2, row : row + 4, 8:20] += 3
    keys = pd.DataFrame([(database, "s1", f"clip{row}{number}") for number in range(2)])
    return Examples(inputs, np.array([0, 1]), keys.set_axis(["database", "subject", "clip"], axis=1))


def test_without_the_option_inputs_stay_as_they_are():
    held = clips("samm", 12)
    assert corrected(held, parse_recipe(FLOW)) is held


def test_held_out_clips_are_corrected_as_the_clips_that_it_was_fitted_on():
    recipe, held, train = parse_recipe(f"{FLOW},crop=corrected"), clips("samm", 12), clips("samm", 18)
    fitted = fit_correction(recipe, train.inputs, ["samm"] * 2)
    found = corrected(held, recipe, fitted_on=train)
    assert np.array_equal(found.inputs, fitted.applied(held.inputs, ["samm"] * 2))
    assert not np.array_equal(found.inputs, corrected(held, recipe).inputs)
    assert (found.labels.tolist(), found.keys.equals(held.keys)) == ([0, 1], True)
