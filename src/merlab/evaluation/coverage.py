"""Accuracy against coverage: the scores of a method that answers only for the clips of which it is surest.

A clip's confidence is the probability of its predicted class. For each share, the clips with the highest confidence of
a seed are kept; the others count as not answered. (El-Yaniv and Wiener, "On the Foundations of Noise-free Selective
Classification", Journal of Machine Learning Research 11, 2010.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from merlab.evaluation.metrics import METRICS, confusion_matrix
from merlab.evaluation.predictions import CLIP_COLUMNS, probabilities_in
from merlab.json_models import ClosedModel

SHARES = (1.0, 0.9, 0.8, 0.7, 0.5)


class CoverageScores(ClosedModel):
    """The scores on the surest clips: ``share`` of all, 0..1, ``clips`` of each seed; means over seeds."""

    share: float
    clips: int
    uf1: float
    uar: float
    accuracy: float


def coverage_scores(predictions: pd.DataFrame, classes: Sequence[str]) -> tuple[CoverageScores, ...]:
    """The scores of one method's predictions for each of SHARES, the largest first.

    Empty if there are no probabilities, or if they do not order the clips, because a seed gives all of them the same
    confidence. Clips of equal confidence are kept in the order of their names.
    """
    probabilities = probabilities_in(predictions, classes)
    if probabilities is None:
        return ()
    table = predictions.assign(confidence=probabilities.max(axis=1))
    ordered = table.sort_values(["confidence", *CLIP_COLUMNS], ascending=[False, *[True] * len(CLIP_COLUMNS)])
    seeds = [of_seed for _, of_seed in ordered.groupby("seed", sort=True)]
    if any(of_seed["confidence"].nunique() < 2 for of_seed in seeds):
        return ()
    return tuple(_scores(seeds, share, classes) for share in SHARES)


def _scores(seeds: Sequence[pd.DataFrame], share: float, classes: Sequence[str]) -> CoverageScores:
    kept = [of_seed.head(max(1, round(share * len(of_seed)))) for of_seed in seeds]
    counts = np.stack([confusion_matrix(list(rows["truth"]), list(rows["prediction"]), classes) for rows in kept])
    means = {name: float(METRICS[name](counts).mean()) for name in ("uf1", "uar", "accuracy")}
    return CoverageScores(share=share, clips=len(kept[0]), **means)
