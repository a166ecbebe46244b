"""From stored predictions to the numbers of a report: each metric with its spread, by method, class and database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import SerializerFunctionWrapHandler, model_serializer

from merlab.evaluation import metrics
from merlab.evaluation.coverage import CoverageScores, coverage_scores
from merlab.evaluation.metrics import METRICS, MetricName
from merlab.evaluation.significance import Comparison, Interval, bootstrap_interval, paired_test, subject_counts
from merlab.json_models import ClosedModel
from merlab.registry import look_up
from merlab.stamps import STAMP_SEPARATOR

COMPARED_METRIC: MetricName = "uf1"
Counts = NDArray[np.int64]


class Estimate(ClosedModel):
    """A metric: mean and standard deviation over seeds, and the 95 % interval of the mean over subjects.

    ``sd`` is None for one seed, ``interval`` None for one subject.
    """

    mean: float
    sd: float | None
    interval: Interval | None

    def numbers(self) -> dict[str, float]:
        """The numbers mean, sd, low and high; nan where unknown."""
        low, high = self.interval or (np.nan, np.nan)
        return {"mean": self.mean, "sd": np.nan if self.sd is None else self.sd, "low": low, "high": high}


class ClassScores(ClosedModel):
    """One class of one method: its clips, and the means over seeds of F1, recall and precision."""

    clips: int
    f1: float
    recall: float
    precision: float


class _Scored(ClosedModel):
    def estimate(self, metric: MetricName) -> Estimate:
        """The estimate of a metric by its name."""
        found: Estimate = getattr(self, metric)
        return found


class DatabaseScores(_Scored):
    """One method on the clips of one database, from the same predictions."""

    clips: int
    subjects: int
    uf1: Estimate
    uar: Estimate
    accuracy: Estimate
    macro_precision: Estimate
    absent_classes: tuple[str, ...]


class MethodSummary(_Scored):
    """One method of a run: an object of metrics.json.

    ``confusion`` (K, K) sums the seeds, rows are the truth. ``by_coverage`` are the scores on the surest clips; it is
    empty if all clips are equally sure, and in results of earlier versions. ``compared`` holds, for each method before
    this one in the run, the UF1 of this method minus that of the other.
    """

    method: str
    uf1: Estimate
    uar: Estimate
    accuracy: Estimate
    macro_precision: Estimate
    clips: int
    seeds: int
    subjects: int
    absent_classes: tuple[str, ...]
    per_class: dict[str, ClassScores]
    by_database: dict[str, DatabaseScores]
    by_coverage: tuple[CoverageScores, ...] = ()
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[str, ...]
    stamps: tuple[str, ...]
    compared: dict[str, Comparison]

    @model_serializer(mode="wrap")
    def _without_unknown_coverage(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        return {name: value for name, value in content.items() if name != "by_coverage" or value}


def summarize_run(
    predictions: pd.DataFrame, classes: Sequence[str], order: Sequence[str], stamps: Mapping[str, Sequence[str]]
) -> list[MethodSummary]:
    """The summaries of the methods in ``order``, each with its stamps and compared with the methods before it.

    Raises MerlabError for a method without predictions and for a label that is not one of the classes.
    """
    rows = {method: predictions[predictions["method"] == method] for method in order}
    counts = {method: subject_counts(of, classes) for method, of in rows.items()}
    return [
        _summary(
            rows[method],
            counts[method],
            method=method,
            classes=tuple(classes),
            stamps=tuple(stamps[method]),
            compared={other: paired_test(counts[method], counts[other], COMPARED_METRIC) for other in order[:position]},
        )
        for position, method in enumerate(order)
    ]


def compare(
    predictions: pd.DataFrame, classes: Sequence[str], first: str, second: str, metric: MetricName = COMPARED_METRIC
) -> Comparison:
    """Two methods of a predictions table on the same clips, first minus second (see ``paired_test``).

    Raises MerlabError for an unknown method or metric, and for methods that were tested on different clips.
    """
    look_up(metric, METRICS, "metric")
    methods = {str(name): rows for name, rows in predictions.groupby("method", sort=False)}
    one, other = (subject_counts(look_up(name, methods, "method"), classes) for name in (first, second))
    return paired_test(one, other, metric)


def summary_frame(summaries: Sequence[MethodSummary]) -> pd.DataFrame:
    """One row per method: each metric with its _sd, _low and _high, then clips, subjects, seeds and stamps.

    A column _sd is nan for one seed, _low and _high are nan for one subject.
    """
    rows = [
        {
            "method": summary.method,
            **_columns(summary),
            "clips": summary.clips,
            "subjects": summary.subjects,
            "seeds": summary.seeds,
            "stamps": STAMP_SEPARATOR.join(summary.stamps),
        }
        for summary in summaries
    ]
    return pd.DataFrame(rows).set_index("method")


def database_frame(summaries: Sequence[MethodSummary]) -> pd.DataFrame:
    """One row per method and database, from the same predictions; columns as in ``summary_frame``.

    ``absent_classes`` lists the classes without a clip in that database; they count as 0 in UF1 and UAR.
    """
    rows = [
        {
            "method": summary.method,
            "database": name,
            **_columns(scores),
            "clips": scores.clips,
            "subjects": scores.subjects,
            "absent_classes": ", ".join(scores.absent_classes),
            "stamps": STAMP_SEPARATOR.join(summary.stamps),
        }
        for summary in summaries
        for name, scores in summary.by_database.items()
    ]
    return pd.DataFrame(rows).set_index(["method", "database"])


def _summary(
    rows: pd.DataFrame,
    counts: Counts,
    *,
    method: str,
    classes: tuple[str, ...],
    stamps: tuple[str, ...],
    compared: dict[str, Comparison],
) -> MethodSummary:
    pooled = counts.sum(axis=1)
    by_database = {str(name): _database(of, classes) for name, of in rows.groupby("database", sort=True)}
    return MethodSummary(
        method=method,
        **{name: _estimate(counts, name) for name in METRICS},
        clips=int(pooled[0].sum()),
        seeds=len(pooled),
        subjects=counts.shape[1],
        absent_classes=tuple(metrics.absent_classes(pooled[0], classes)),
        per_class=_per_class(pooled, classes),
        by_database=by_database,
        by_coverage=coverage_scores(rows, classes),
        confusion=pooled.sum(axis=0).tolist(),
        classes=classes,
        stamps=stamps,
        compared=compared,
    )


def _database(rows: pd.DataFrame, classes: Sequence[str]) -> DatabaseScores:
    counts = subject_counts(rows, classes)
    pooled = counts.sum(axis=1)
    return DatabaseScores(
        clips=int(pooled[0].sum()),
        subjects=counts.shape[1],
        **{name: _estimate(counts, name) for name in METRICS},
        absent_classes=tuple(metrics.absent_classes(pooled[0], classes)),
    )


def _estimate(counts: Counts, name: MetricName) -> Estimate:
    values = METRICS[name](counts.sum(axis=1))
    return Estimate(
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)) if len(values) > 1 else None,
        interval=bootstrap_interval(counts, METRICS[name]),
    )


def _per_class(pooled: Counts, classes: Sequence[str]) -> dict[str, ClassScores]:
    means = {
        measure.__name__: measure(pooled).mean(axis=0) for measure in (metrics.f1, metrics.recall, metrics.precision)
    }
    return {
        label: ClassScores(
            clips=int(pooled[0, position].sum()),
            **{name: float(of_class[position]) for name, of_class in means.items()},
        )
        for position, label in enumerate(classes)
    }


def _columns(scores: _Scored) -> dict[str, float]:
    return {
        name if number == "mean" else f"{name}_{number}": value
        for name in METRICS
        for number, value in scores.estimate(name).numbers().items()
    }
