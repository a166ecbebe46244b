"""Metrics of a table of predictions from any tool."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import SerializerFunctionWrapHandler, model_serializer

from merlab.errors import MerlabError
from merlab.evaluation import metrics
from merlab.evaluation.metrics import METRICS, MetricName
from merlab.evaluation.predictions import LABEL_COLUMNS, PREDICTIONS_FILE, RUN_FILE
from merlab.evaluation.run_record import RunRecord, read_record
from merlab.evaluation.scorable import read_scorable
from merlab.evaluation.significance import Interval, bootstrap_interval, subject_counts
from merlab.json_models import ClosedModel
from merlab.stamps import STAMP_SEPARATOR


class Score(ClosedModel):
    """Metrics of a table, each the mean over seeds of the pooled value; ``n`` is its number of rows.

    ``confusion`` (K, K) sums the seeds, rows are the truth. ``interval`` holds the 95 % subject-bootstrap interval of
    each metric, None for one subject; it is None, and left out of the JSON, where the table names no subjects.
    ``notes`` says what was repaired before the rows were counted, and the stamps of the run that the rows are from; the
    JSON has it where there is any.
    """

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
    notes: tuple[str, ...] = ()

    def value(self, metric: MetricName) -> float:
        """A metric by its name."""
        found: float = getattr(self, metric)
        return found

    @model_serializer(mode="wrap")
    def _without_what_is_unknown(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        if self.interval is None:
            content.pop("interval", None)
        if not self.notes:
            content.pop("notes", None)
        return content


def score(predictions: pd.DataFrame | Path | str, classes: Sequence[str] | None = None) -> Score:
    """Metrics of predictions from any tool: a table, or a CSV, TSV, XLSX, XLS, ODS or Parquet file.

    The columns of ``predictions`` are truth and prediction, and database, subject, clip, seed and method where present;
    of several methods, give the rows of one. ``classes`` None means the labels that occur, sorted; of the predictions
    in a run folder, the classes of the run, whose stamps become a note. Raises MerlabError for a file that cannot be
    read, for repeated or empty classes, and for everything in the table that would be counted wrongly.
    """
    record, unknown = _record_beside(predictions)
    of_run = () if record is None else tuple(record.data.classes)
    declared = of_run if classes is None else _declared(classes)
    table = read_scorable(predictions, declared)
    cells = table.cells
    if "seed" in cells and cells["seed"].str.fullmatch(r"-?[0-9]{1,18}").all():
        cells = cells.assign(seed=cells["seed"].astype(int))
    occurring = sorted(set(cells[list(LABEL_COLUMNS)].to_numpy().ravel()))
    notes = (*table.notes, *unknown, *(() if record is None else _stamps_of(record, cells)))
    return _score(cells, declared or tuple(occurring)).model_copy(update={"notes": notes})


def _record_beside(given: pd.DataFrame | Path | str) -> tuple[RunRecord | None, list[str]]:
    """The record of the run that wrote a file of predictions, None for any other table; a note if it is unreadable."""
    if not isinstance(given, str | PathLike):
        return None, []
    beside = Path(given).parent / RUN_FILE
    if Path(given).name != PREDICTIONS_FILE or not beside.is_file():
        return None, []
    try:
        return read_record(beside), []
    except MerlabError:
        return None, [f"{beside} is damaged or not of merlab, so that classes and stamps of the run are unknown"]


def _stamps_of(record: RunRecord, cells: pd.DataFrame) -> list[str]:
    """A note of the stamps of the method in the rows, if it has any."""
    scored = set(cells.get("method", ()))
    of_method = [stamp for method in record.methods if method.method in scored for stamp in method.stamps]
    stamps = dict.fromkeys([*record.data.stamps, *of_method])
    return [f"the run has the stamps {STAMP_SEPARATOR.join(stamps)}"] if stamps else []


def _declared(classes: Sequence[str]) -> tuple[str, ...]:
    if isinstance(classes, str | bytes) or not isinstance(classes, Iterable):
        raise MerlabError(f"the classes must be a list of labels, got {classes!r}")
    texts = tuple(str(label).strip() for label in classes)
    repeated = sorted({label for label in texts if texts.count(label) > 1})
    if not texts or not all(texts):
        raise MerlabError("the list of classes is empty or has an empty name; give each class once, such as a,b,c")
    if repeated:
        raise MerlabError(f"the list of classes repeats {', '.join(repeated)}; give each class once")
    return texts


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
