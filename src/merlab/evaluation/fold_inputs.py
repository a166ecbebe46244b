"""The inputs of one fold as a method gets them: crops corrected, and every sample of a clip on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.inputs.crop_correction import fit_correction
from merlab.inputs.recipe import CROPS, Recipe


@dataclass(frozen=True, eq=False)
class FoldInputs:
    """``train`` and ``test`` are (clips x samples, *recipe.sample_shape); the samples of a clip follow each other."""

    train: Float32Array
    test: Float32Array
    samples: int

    def of_samples(self, of_clips: NDArray[np.int64]) -> NDArray[np.int64]:
        """One value per sample from one value per clip."""
        return np.repeat(of_clips, self.samples)

    def of_clips(self, of_samples: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean of each column over the samples of each clip: (clips x samples, columns) -> (clips, columns)."""
        return np.asarray(of_samples.reshape(-1, self.samples, *of_samples.shape[1:]).mean(axis=1), np.float64)


def fold_inputs(
    recipe: Recipe,
    inputs: Float32Array,
    databases: Sequence[str],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
) -> FoldInputs:
    """The rows ``train`` and ``test`` of inputs (N, *recipe.shape) of clips of these databases.

    A correction of crops is fitted on the training rows alone.
    """
    parts = [inputs[train], inputs[test]]
    if recipe.crop != CROPS[0]:
        names = [[databases[row] for row in rows] for rows in (train, test)]
        correction = fit_correction(recipe, parts[0], names[0])
        parts = [correction.applied(part, of_part) for part, of_part in zip(parts, names, strict=True)]
    first, second = (part.reshape(-1, *recipe.sample_shape) for part in parts)
    return FoldInputs(first, second, recipe.samples)
