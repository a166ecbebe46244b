"""What ``merlab.evaluate`` gives back: predictions, and tables, comparisons, figures and the report made of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection
from html import escape
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from merlab.errors import MerlabError
from merlab.evaluation.coverage import CoverageScores
from merlab.evaluation.metrics import MetricName
from merlab.evaluation.predictions import PREDICTIONS_FILE, RUN_FILE, write_predictions
from merlab.evaluation.run_record import RunRecord, read_record
from merlab.evaluation.significance import Comparison
from merlab.evaluation.summary import MethodSummary, compare, database_frame, summary_frame
from merlab.given import as_names, as_path, require_instance
from merlab.json_models import write_model
from merlab.registry import look_up
from merlab.reports.figures import uf1_chart
from merlab.reports.html import write_report
from merlab.reports.numbers import estimate_text
from merlab.reports.run import Run, read_run, require_table_of
from merlab.reports.tables import results_table
from merlab.reports.verdict import verdict
from merlab.spelling import counted
from merlab.stamps import STAMP_SEPARATOR, all_stamps
from merlab.storage import whole_file


class Results:
    """The results of a run: everything here is a function of its predictions.

    Attributes:
        record: what was run, on which clips, with which settings and versions.
        predictions: one row per method, seed and clip: database, subject, clip, fold, truth, prediction, and one
            column ``p_CLASS`` of probabilities per class. Each access gives a copy: to change it changes no metric.
        folder: the run folder, None where none was kept.
        run: record and predictions in the form that reports use.

    """

    def __init__(self, record: RunRecord, predictions: pd.DataFrame, folder: Path | None = None) -> None:
        require_instance(record, RunRecord, "record", "that of other results")
        require_instance(predictions, pd.DataFrame, "predictions", "that of other results")
        require_table_of(record, predictions, "the table of predictions", "give all rows of the run, each once")
        self.record = record
        self.folder = folder
        self.run = Run(record, predictions)

    @classmethod
    def read(cls, folder: Path | str) -> Results:
        """The results in a run folder; raises MerlabError where it holds none, an unfinished run, or damaged files."""
        folder = as_path(folder, "folder")
        run = read_run(folder)
        return cls(run.record, run.predictions, folder)

    def only(self, methods: str | Collection[str]) -> Results:
        """The results of one method, or of these methods alone; raises MerlabError for one that the run lacks."""
        names = as_names(methods, "methods")
        known = dict.fromkeys(facts.method for facts in self.record.methods)
        for name in names:
            look_up(name, known, "method")
        chosen = [facts for facts in self.record.methods if facts.method in names]
        if chosen == self.record.methods:
            return self
        rows = self.predictions["method"].isin(names)
        record = self.record.model_copy(update={"methods": chosen})
        return Results(record, self.predictions[rows].reset_index(drop=True), self.folder)

    @property
    def predictions(self) -> pd.DataFrame:
        """One row per method, seed and clip, as a copy."""
        return self.run.predictions.copy()

    @property
    def summaries(self) -> list[MethodSummary]:
        """The metrics of every method with intervals, classes and databases, as metrics.json holds them."""
        return self.run.summaries

    @property
    def summary(self) -> pd.DataFrame:
        """One row per method: each metric with its sd over seeds and its 95 % interval over subjects."""
        return summary_frame(self.summaries)

    @property
    def by_database(self) -> pd.DataFrame:
        """One row per method and database, from the same predictions."""
        return database_frame(self.summaries)

    @property
    def coverage(self) -> pd.DataFrame:
        """One row per method and share of answered clips, the surest ones: clips, uf1, uar, accuracy, stamps."""
        rows = [
            {"method": summary.method, **scores.model_dump(), "stamps": STAMP_SEPARATOR.join(summary.stamps)}
            for summary in self.summaries
            for scores in summary.by_coverage
        ]
        columns = ["method", *CoverageScores.model_fields, "stamps"]
        return pd.DataFrame(rows, columns=columns).set_index(["method", "share"])

    @property
    def stamps(self) -> list[str]:
        """What a reader of these numbers must know first, such as SYNTHETIC or REDUCED."""
        return all_stamps(self.summaries)

    @property
    def verdict(self) -> str:
        """Whether the best method beats the best baseline, and whether anything is above chance, in plain sentences."""
        return verdict(self.summaries)

    def compare(self, first: str, second: str, metric: MetricName = "uf1") -> Comparison:
        """The difference of two methods, first minus second, with its interval and a paired p value over subjects.

        Raises MerlabError for a method or metric that the run does not have.
        """
        return compare(self.run.predictions, self.record.data.classes, first, second, metric)

    def plot(self) -> Figure:
        """UF1 of every method with its interval."""
        return uf1_chart(self.summaries)

    def save(self, folder: Path | str) -> Path:
        """Write run.json and predictions.parquet into a folder; ``Results.read`` reads them again.

        Raises MerlabError where the folder contains another run.
        """
        folder = as_path(folder, "folder")
        if (folder / RUN_FILE).exists() and read_record(folder / RUN_FILE) != self.record:
            raise MerlabError(f"{folder} contains another run; choose another folder")
        write_predictions(folder / PREDICTIONS_FILE, self.run.predictions)
        write_model(folder / RUN_FILE, self.record)
        return folder

    def report(self, path: Path | str) -> Path:
        """Write the report, one HTML page that holds everything, and return its path.

        ``path`` is that page, or a folder, which gets the page, the tables and figures as files, and the run itself.
        """
        path = as_path(path, "path")
        if path.suffix.lower() not in (".html", ".htm"):
            return write_report(self.run, self.save(path))
        with tempfile.TemporaryDirectory() as folder, whole_file(path) as aside:
            shutil.copyfile(write_report(self.run, self.save(folder)), aside)
        return path

    @property
    def _clips(self) -> str:
        data = self.record.data
        return f"{counted(data.clips, 'clip')} of {counted(data.subjects, 'subject')}"

    def __repr__(self) -> str:
        data = self.record.data
        lines = [
            f"Results: {counted(len(self.summaries), 'method')} on {self._clips} "
            f"({data.scheme}, {data.protocol}, {counted(data.folds, 'fold')})",
            *(f"  {summary.method}: UF1 {estimate_text(summary.uf1)}" for summary in self.summaries),
        ]
        return "\n".join(lines + ([f"  [{STAMP_SEPARATOR.join(self.stamps)}]"] if self.stamps else []))

    def _repr_html_(self) -> str:
        data = self.record.data
        heading = f"{self._clips}, {data.scheme}, {data.protocol}, {counted(data.folds, 'fold')}"
        stamps = f"<p><strong>{escape(STAMP_SEPARATOR.join(self.stamps))}</strong></p>" if self.stamps else ""
        table = results_table(self.summaries).to_html(index=False, border=0)
        return f"<p>{escape(heading)}</p>{stamps}{table}<p>{escape(self.verdict)}</p>"
