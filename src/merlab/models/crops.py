"""Corrected crops of labeled clips: the correction is fitted without labels, and the score states on which clips."""

from __future__ import annotations

from merlab.inputs import Recipe
from merlab.inputs.crop_correction import fit_correction
from merlab.inputs.recipe import CROPS
from merlab.models.labeled_examples import Examples

ON_SCORED = "fitted on the scored clips, without labels"
ON_TRAINING = "fitted on the training clips, without labels"


def is_corrected(recipe: Recipe) -> bool:
    """Whether clips of a database are moved to the crop that a recognizer expects."""
    return recipe.crop != CROPS[0]


def corrected(examples: Examples, recipe: Recipe, fitted_on: Examples | None = None) -> Examples:
    """The examples with corrected crops if the recipe states crop=corrected, otherwise as they are.

    The correction of each database is fitted on ``fitted_on``, or on the examples themselves.
    """
    if not is_corrected(recipe):
        return examples
    source = examples if fitted_on is None else fitted_on
    correction = fit_correction(recipe, source.inputs, list(source.keys["database"]))
    return examples._replace(inputs=correction.applied(examples.inputs, list(examples.keys["database"])))
