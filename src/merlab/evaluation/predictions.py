"""The predictions store: a row a clip a seed, kept in Parquet; every metric, table and figure is a function of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
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
    """Complete key rows (run .. seed) by truth, decision (arg-max) and one probability column a class.

    Raises MerlabError when a probability is not finite.
    """
    if not np.isfinite(probabilities).all():
        raise MerlabError(
            "a method gave probabilities that are not finite; lower its learning rate or look at its input"
        )
    table = rows.copy()
    table["truth"] = list(truth)
    table["prediction"] = [classes[position] for position in probabilities.argmax(axis=1)]
    for position, label in enumerate(classes):
        table[PROBABILITY_PREFIX + label] = probabilities[:, position]
    return table


@dataclass(frozen=True)
class PredictionStore:
    """Predictions of a run folder: one part a (method, fold, seed) as they come, one table at the end.

    A part appears whole or not at all, so that a run killed at any moment finds on its return exactly what is done.
    """

    folder: Path

    @property
    def table_path(self) -> Path:
        """Where the complete table lies."""
        return self.folder / PREDICTIONS_FILE

    def part(self, key: str, fold: str, seed: int) -> Path:
        """Where the predictions of one (method, fold, seed) lie; ``key`` is the run key of the method's settings."""
        return self.folder / "parts" / key / f"{fold.replace('/', '_')}-seed{seed}.parquet"

    def write_part(self, key: str, fold: str, seed: int, table: pd.DataFrame) -> None:
        """Store the predictions of one (method, fold, seed)."""
        _write(self.part(key, fold, seed), table)

    def collect(self, parts: Sequence[Path]) -> pd.DataFrame:
        """Join parts into one table in a fixed order, store it, and return it."""
        table = pd.concat([read_predictions(part) for part in parts], ignore_index=True)
        table = table.sort_values(ORDER, kind="stable", ignore_index=True)
        _write(self.table_path, table)
        return table


def read_predictions(path: Path) -> pd.DataFrame:
    """Predictions of a Parquet or CSV file; raises MerlabError when it is missing, damaged, or of another kind."""
    if not path.is_file():
        raise MerlabError(f"{path} does not exist")
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        if path.suffix.lower() == ".csv":
            return pd.read_csv(path, dtype={"subject": str, "truth": str, "prediction": str})
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MerlabError(f"{path} cannot be read as {path.suffix.lstrip('.').upper()}: {reason}") from error
    raise MerlabError(f"{path} must be a .csv or .parquet file of predictions")


def _write(path: Path, table: pd.DataFrame) -> None:
    with whole_file(path) as aside:
        table.to_parquet(aside, index=False)
