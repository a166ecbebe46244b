"""The predictions store: one row per clip and seed, in Parquet; every metric, table and figure is computed from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.storage import whole_file

RUN_FILE, PREDICTIONS_FILE, METRICS_FILE = "run.json", "predictions.parquet", "metrics.json"
KEY_COLUMNS = ("run", "method", "database", "subject", "clip", "fold", "seed")
LABEL_COLUMNS = ("truth", "prediction")
PROBABILITY_PREFIX = "p_"
ORDER = ["method", "seed", "database", "subject", "clip"]


def predictions_table(
    rows: pd.DataFrame, truth: Sequence[str], probabilities: NDArray[np.float64], classes: Sequence[str]
) -> pd.DataFrame:
    """Add truth, prediction (arg-max) and one probability column per class to key rows (run .. seed).

    ``probabilities`` is (rows, classes). Raises MerlabError when a probability is not finite.
    """
    if not np.isfinite(probabilities).all():
        raise MerlabError(
            "a method returned probabilities that are not finite; lower its learning rate or check its input"
        )
    table = rows.copy()
    table["truth"] = list(truth)
    table["prediction"] = [classes[position] for position in probabilities.argmax(axis=1)]
    for position, label in enumerate(classes):
        table[PROBABILITY_PREFIX + label] = probabilities[:, position]
    return table


@dataclass(frozen=True)
class PredictionStore:
    """Predictions of a run folder: one file for each (method, fold, seed) as it is finished, one table at the end.

    A file appears whole or not at all, so a run that was killed at any moment finds exactly what is done.
    """

    folder: Path

    def fold_path(self, key: str, fold: str, seed: int) -> Path:
        """The file of one (method, fold, seed); ``key`` is the run key of the method's settings."""
        return self.folder / "parts" / key / f"{fold.replace('/', '_')}-seed{seed}.parquet"

    def write_fold(self, key: str, fold: str, seed: int, table: pd.DataFrame) -> None:
        """Store the predictions of one (method, fold, seed)."""
        _write(self.fold_path(key, fold, seed), table)

    def collect(self, paths: Sequence[Path]) -> pd.DataFrame:
        """Join the tables of these files in a fixed order, store the joined table, and return it."""
        table = pd.concat([read_predictions(path) for path in paths], ignore_index=True)
        table = table.sort_values(ORDER, kind="stable", ignore_index=True)
        _write(self.folder / PREDICTIONS_FILE, table)
        return table


def read_predictions(path: Path) -> pd.DataFrame:
    """Predictions of a Parquet file; raises MerlabError when it is missing, damaged, or no such file."""
    if not path.is_file():
        raise MerlabError(f"{path} does not exist")
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError, TypeError, LookupError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MerlabError(f"{path} cannot be read as Parquet: {reason}; make it again") from error


def _write(path: Path, table: pd.DataFrame) -> None:
    with whole_file(path) as aside:
        table.to_parquet(aside, index=False)
