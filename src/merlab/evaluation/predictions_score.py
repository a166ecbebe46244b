"""Metrics of a table of predictions from any tool."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from merlab.errors import MerlabError
from merlab.evaluation import metrics
from merlab.evaluation.metrics import METRICS, MetricName
from merlab.evaluation.predictions import LABEL_COLUMNS, read_predictions
from merlab.evaluation.significance import Interval, bootstrap_interval, subject_counts


class Score(BaseModel):
    """Metrics of a table, each the mean over seeds of the pooled value; ``n`` is its number of rows.

    ``confusion`` (K, K) sums the seeds, rows are the truth. ``interval`` holds the 95 % subject-bootstrap interval of
    each metric, None for one subject; it is None, and left out of the JSON, where the table names no subjects.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    classes: tuple[str, ...]
    uf1: float
    uar: float
    accuracy: float
    macro_precision: float
    confusion: tuple[tuple[int, ...], ...]
    absent_classes: tuple[str, ...]
    by_database: dict[str, Score]
    interval: dict[MetricName, Interval | None] | None = None

    def value(self, metric: MetricName) -> float:
        """A metric by its name."""
        found: float = getattr(self, metric)
        return found

    @model_serializer(mode="wrap")
    def _without_unknown_interval(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        if self.interval is None:
            del content["interval"]
        return content


def score(predictions: pd.DataFrame | Path | str, classes: Sequence[str] | None = None) -> Score:
    """Metrics of predictions from any tool: a table, or a CSV or Parquet file.

    Its columns are truth and prediction, and database, subject, clip and seed where present. ``classes`` None means the
    labels that occur, sorted. Raises MerlabError for a file that cannot be read, and for missing columns, empty cells,
    repeated rows, or labels that are not among the classes.
    """
    if not isinstance(predictions, pd.DataFrame):
        predictions = read_predictions(Path(predictions))
    _require_scorable(predictions)
    table = predictions.assign(**{column: predictions[column].astype(str) for column in LABEL_COLUMNS})
    return _score(table, tuple(classes or sorted(set(table["truth"]) | set(table["prediction"]))))


def _score(table: pd.DataFrame, classes: tuple[str, ...]) -> Score:
    seeds = [rows for _, rows in table.groupby("seed", sort=True)] if "seed" in table else [table]
    counts = np.stack(
        [metrics.confusion_matrix(list(rows["truth"]), list(rows["prediction"]), classes) for rows in seeds]
    )
    databases = table.groupby("database", sort=True) if "database" in table else ()
    return Score(
        n=len(table),
        classes=classes,
        **{name: float(metric(counts).mean()) for name, metric in METRICS.items()},
        confusion=counts.sum(axis=0).tolist(),
        absent_classes=tuple(metrics.absent_classes(counts.sum(axis=0), classes)),
        by_database={str(name): _score(rows.drop(columns="database"), classes) for name, rows in databases},
        interval=_intervals(table, classes) if "subject" in table else None,
    )


def _intervals(table: pd.DataFrame, classes: Sequence[str]) -> dict[MetricName, Interval | None]:
    complete = table.assign(database=table.get("database", ""), seed=table.get("seed", 0))
    counts = subject_counts(complete, classes)
    return {name: bootstrap_interval(counts, metric) for name, metric in METRICS.items()}


def _require_scorable(predictions: pd.DataFrame) -> None:
    missing = [column for column in LABEL_COLUMNS if column not in predictions]
    if missing:
        columns = ", ".join(map(str, predictions.columns))
        raise MerlabError(f"the table has no column {' or '.join(missing)}; its columns are {columns}")
    if predictions.empty:
        raise MerlabError("the table has no rows; there is nothing to score")
    empty = predictions[list(LABEL_COLUMNS)].isna().any(axis=1).to_numpy()
    if empty.any():
        raise MerlabError(
            f"row {empty.argmax() + 1} of the table has an empty truth or prediction; every row needs both"
        )
    if "method" in predictions and predictions["method"].nunique() > 1:
        names = ", ".join(sorted(map(str, predictions["method"].unique())))
        raise MerlabError(f"the table holds several methods ({names}); keep the rows of one")
    _refuse_repeats(predictions)


def _refuse_repeats(predictions: pd.DataFrame) -> None:
    """A clip name is unique only within its subject, so repetitions are found only where both columns are given."""
    if not {"subject", "clip"} <= set(predictions):
        return
    key = [column for column in ("database", "subject", "clip", "seed") if column in predictions]
    repeated = predictions.duplicated(key).to_numpy()
    if repeated.any():
        position = int(repeated.argmax())
        name = " ".join(f"{column} {predictions[column].iloc[position]}" for column in key)
        raise MerlabError(
            f"row {position + 1} of the table repeats {name}; every clip counts once per seed, so remove the row, or "
            "number the repetitions in a seed column"
        )
