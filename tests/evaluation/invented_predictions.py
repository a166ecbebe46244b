"""A predictions table of a method with a chosen share of right answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

CLASSES = ["negative", "positive", "surprise"]


def predictions(
    method: str = "ststnet", seeds: int = 2, subjects: int = 6, right: float = 0.6, draw: int = 0
) -> pd.DataFrame:
    """Eight clips per subject; the first three subjects are of casme2, the others, of the same names, of samm."""
    generator = np.random.default_rng(draw)
    rows = []
    for seed in range(seeds):
        for subject in range(subjects):
            for clip in range(8):
                truth = CLASSES[(subject + clip) % 3]
                prediction = truth if generator.random() < right else CLASSES[generator.integers(3)]
                database = "casme2" if subject < 3 else "samm"
                rows.append((method, database, f"{subject % 3:03d}", f"clip{clip}", seed, truth, prediction))
    return pd.DataFrame(rows, columns=["method", "database", "subject", "clip", "seed", "truth", "prediction"])
