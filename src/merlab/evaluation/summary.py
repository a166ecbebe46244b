"""From stored predictions to the numbers of a report: mean, sd and interval a metric, a class and a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.evaluation import metrics
from merlab.evaluation.metrics import METRICS
from merlab.evaluation.predictions import LABEL_COLUMNS
from merlab.evaluation.significance import bootstrap_interval, compare, subject_counts

COMPARED_METRIC = "uf1"


def summarize_method(predictions: pd.DataFrame, classes: list[str]) -> dict[str, Any]:
    """Metrics of one method's predictions.

    Each of uf1, uar, accuracy, macro_precision is an object with mean and sd over seeds (sd None for one seed) and
    the 95 % subject-bootstrap interval of the mean (None for one subject). ``confusion`` sums the seeds, rows are the
    truth.
    """
    counts = subject_counts(predictions, classes)
    pooled = counts.sum(axis=1)
    return {
        **{name: _spread(counts, name) for name in METRICS},
        "clips": int(pooled[0].sum()),
        "seeds": len(pooled),
        "subjects": counts.shape[1],
        "absent_classes": metrics.absent_classes(pooled[0], classes),
        "per_class": _per_class(pooled, classes),
        "by_database": {
            str(name): _database_row(rows, classes) for name, rows in predictions.groupby("database", sort=True)
        },
        "confusion": pooled.sum(axis=0).tolist(),
    }


def summarize_run(
    predictions: pd.DataFrame, classes: list[str], order: Sequence[str], stamps: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """The content of metrics.json: one object a method in ``order``, each with its stamps and how it compares.

    ``compared`` holds, for each method before it in the list, the UF1 difference (this minus that), its interval and
    the p value of a paired subject permutation test (interval None for one subject).
    """
    counts = {method: subject_counts(predictions[predictions["method"] == method], classes) for method in order}
    summaries = []
    for position, method in enumerate(order):
        rows = predictions[predictions["method"] == method]
        summary = {
            "method": method,
            **summarize_method(rows, classes),
            "classes": classes,
            "stamps": list(stamps[method]),
        }
        summary["compared"] = {other: _difference(counts[method], counts[other]) for other in order[:position]}
        summaries.append(summary)
    return summaries


def score(predictions: pd.DataFrame, classes: Sequence[str] | None = None) -> dict[str, Any]:
    """Metrics of any table with columns truth and prediction (and database, subject, seed where present).

    ``classes`` None means the labels that occur, sorted. With several seeds each metric is the mean of the seeds'
    pooled values and ``confusion`` sums the seeds. Raises MerlabError naming missing columns, empty cells or rows that
    occur twice.
    """
    missing = [column for column in LABEL_COLUMNS if column not in predictions]
    if missing:
        raise MerlabError(
            f"the file has no column {' or '.join(missing)}; its columns are {', '.join(map(str, predictions.columns))}"
        )
    if predictions.empty:
        raise MerlabError("the file has no rows; there is nothing to score")
    if predictions[list(LABEL_COLUMNS)].isna().to_numpy().any():
        row = int(predictions[list(LABEL_COLUMNS)].isna().any(axis=1).to_numpy().argmax()) + 1
        raise MerlabError(f"row {row} of the file has an empty truth or prediction; every row needs both")
    if "method" in predictions and predictions["method"].nunique() > 1:
        names = ", ".join(sorted(map(str, predictions["method"].unique())))
        raise MerlabError(f"the file holds several methods ({names}); keep the rows of one")
    _refuse_repeats(predictions)
    table = predictions.assign(truth=predictions["truth"].astype(str), prediction=predictions["prediction"].astype(str))
    labels = list(classes) if classes else sorted(set(table["truth"]) | set(table["prediction"]))
    seeds = [rows for _, rows in table.groupby("seed", sort=True)] if "seed" in table else [table]
    counts = np.stack(
        [metrics.confusion_matrix(list(rows["truth"]), list(rows["prediction"]), labels) for rows in seeds]
    )
    result: dict[str, Any] = {"n": len(table), "classes": labels}
    result.update({name: float(metric(counts).mean()) for name, metric in METRICS.items()})
    result["confusion"] = counts.sum(axis=0).tolist()
    result["absent_classes"] = metrics.absent_classes(counts.sum(axis=0), labels)
    result["by_database"] = (
        {str(name): score(rows.drop(columns="database"), labels) for name, rows in table.groupby("database", sort=True)}
        if "database" in table
        else {}
    )
    if "subject" in table:
        whole = table.assign(database=table.get("database", ""), seed=table.get("seed", 0))
        by_subject = subject_counts(whole, labels)
        result["interval"] = {name: _interval(by_subject, name) for name in METRICS}
    return result


def _refuse_repeats(predictions: pd.DataFrame) -> None:
    """A clip name is unique only inside its subject, so rows can be told apart only where both are given."""
    if not {"subject", "clip"} <= set(predictions):
        return
    key = [column for column in ("database", "subject", "clip", "seed") if column in predictions]
    repeated = predictions.duplicated(key)
    if repeated.any():
        row = int(repeated.to_numpy().argmax()) + 1
        name = " ".join(f"{column} {predictions[column].iloc[row - 1]}" for column in key)
        raise MerlabError(
            f"row {row} of the file repeats {name}; every clip counts once a seed, so remove the row, or tell "
            "repetitions apart in a seed column"
        )


def _spread(counts: NDArray[np.int64], name: str) -> dict[str, Any]:
    values = METRICS[name](counts.sum(axis=1))
    return {
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
        "interval": _interval(counts, name),
    }


def _interval(counts: NDArray[np.int64], name: str) -> list[float] | None:
    return _known(bootstrap_interval(counts, METRICS[name]))


def _known(interval: tuple[float, float]) -> list[float] | None:
    return list(interval) if np.isfinite(interval).all() else None


def _per_class(pooled: NDArray[np.int64], classes: list[str]) -> dict[str, dict[str, float]]:
    values = {"f1": metrics.f1(pooled), "recall": metrics.recall(pooled), "precision": metrics.precision(pooled)}
    return {
        label: {
            "clips": int(pooled[0, position].sum()),
            **{name: float(of[:, position].mean()) for name, of in values.items()},
        }
        for position, label in enumerate(classes)
    }


def _database_row(rows: pd.DataFrame, classes: list[str]) -> dict[str, Any]:
    counts = subject_counts(rows, classes)
    pooled = counts.sum(axis=1)
    return {
        "clips": int(pooled[0].sum()),
        "subjects": counts.shape[1],
        **{name: _spread(counts, name) for name in METRICS},
        "absent_classes": metrics.absent_classes(pooled[0], classes),
    }


def _difference(first: NDArray[np.int64], second: NDArray[np.int64]) -> dict[str, Any]:
    comparison = compare(first, second, METRICS[COMPARED_METRIC])
    return {
        "metric": COMPARED_METRIC,
        "difference": comparison.difference,
        "interval": _known(comparison.interval),
        "p": comparison.p_value,
    }
