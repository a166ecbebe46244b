"""A table of the paper with published and measured values side by side: as text for people, as numbers for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from merlab.evaluation.metrics import METRIC_TITLES, MetricName
from merlab.evaluation.summary import MethodSummary
from merlab.json_files import write_json
from merlab.methods.baselines import BASELINE_NAMES
from merlab.recipes import Experiment, experiment_of, find_paper
from merlab.reports.numbers import estimate_text
from merlab.reports.stored import made_now
from merlab.reports.tables import markdown_table
from merlab.stamps import STAMP_SEPARATOR, all_stamps
from merlab.storage import write_csv, write_text

Summaries = Mapping[str, MethodSummary]
Cell = str | float | None
# The published shares, and merlab's metric for each. The paper defines neither precision nor recall; both are computed
# as means over classes.
MEASURED: Mapping[str, MetricName] = {
    "accuracy": "accuracy",
    "uf1": "uf1",
    "uar": "uar",
    "precision": "macro_precision",
    "recall": "uar",
}
NOTHING = "–"

TABLE_5 = {"ResNet_12": "gfem", "ResNet_18": "resnet18", "ResNet_34": "resnet34"}
TABLE_7 = {
    "GFEM": "gfem",
    "LTFEM": "ltfem",
    "DBFEM": "dbfem",
    "DBFEM+CAFFM": "dbfem-caffm",
    "DBFEM+CAFFM_L": "dbfem-caffm-l",
    "DBFEM+CAFFM_G": "dbfem-caffm-g",
}
PROPOSED = "dbfem-caffm"


@dataclass(frozen=True)
class ComparedRow:
    """One row: its label, its method, published shares by metric, the measured summary, and cells of other columns.

    ``summary`` is None where nothing was measured; ``remark`` then gives the reason.
    """

    label: str
    method: str
    published: Mapping[str, float]
    summary: MethodSummary | None
    remark: str = ""
    cells: Mapping[str, Cell] = field(default_factory=dict)

    @property
    def stamps(self) -> str:
        """The stamps of what was measured."""
        return STAMP_SEPARATOR.join(self.summary.stamps if self.summary else ())


@dataclass(frozen=True)
class ComparedTable:
    """Rows under a title; ``metrics`` are the compared shares, each published and measured side by side.

    ``extra_title`` is the title of the columns other than shares, where a terminal shows them as a table of their own.
    """

    name: str
    title: str
    metrics: Sequence[str]
    rows: Sequence[ComparedRow]
    notes: Sequence[str] = ()
    extra_title: str = "Size and speed"

    @property
    def stamps(self) -> list[str]:
        """The stamps of everything measured in the table."""
        return all_stamps([row.summary for row in self.rows if row.summary is not None])

    def text(self) -> pd.DataFrame:
        """For people: one column per number, ``mean ± sd [low, high]`` for what was measured.

        A column of published values comes before that of the measured ones, where the table has any.
        """
        return pd.DataFrame([self._text_row(row) for row in self.rows]).fillna(NOTHING)

    def numbers(self) -> pd.DataFrame:
        """For programs: the same at full precision, an empty cell where there is no value."""
        return pd.DataFrame([self._number_row(row) for row in self.rows])

    @property
    def extra_columns(self) -> list[str]:
        """The columns other than shares, in order; a terminal shows them as a separate table."""
        return list(dict.fromkeys(column for row in self.rows for column in row.cells))

    def markdown(self) -> str:
        """Title, stamps, table, notes, and the date, version and commit with which it was made."""
        stamps = [f"**{STAMP_SEPARATOR.join(self.stamps)}**\n"] if self.stamps else []
        notes = ["".join(f"- {note}\n" for note in self.notes)] if self.notes else []
        made = f"Made on {made_now()}.\n"
        return "\n".join([f"# {self.title}\n", *stamps, markdown_table(self.text()), *notes, made])

    def write(self, out: Path) -> list[Path]:
        """Write NAME.md, NAME.csv and NAME.json to a folder."""
        paths = [out / f"{self.name}.{suffix}" for suffix in ("md", "csv", "json")]
        write_text(paths[0], self.markdown())
        write_csv(paths[1], self.numbers())
        rows = [
            {
                "row": row.label,
                "method": row.method,
                "published": dict(row.published),
                "measured": row.summary and row.summary.model_dump(mode="json"),
                "remark": row.remark,
                **row.cells,
            }
            for row in self.rows
        ]
        write_json(paths[2], {"title": self.title, "stamps": self.stamps, "notes": list(self.notes), "rows": rows})
        return paths

    def _text_row(self, row: ComparedRow) -> dict[str, str]:
        cells = {"row": row.label, "method": row.method or NOTHING}
        for metric in self.metrics:
            title = METRIC_TITLES.get(metric, metric)
            if any(metric in other.published for other in self.rows):
                cells[f"{title}, published"] = f"{row.published[metric]:g}" if metric in row.published else NOTHING
            measured = estimate_text(row.summary.estimate(MEASURED[metric])) if row.summary else NOTHING
            cells[f"{title}, measured"] = measured
        cells |= {column: _cell(value) for column, value in row.cells.items()}
        return cells | {"remark": row.remark or row.stamps}

    def _number_row(self, row: ComparedRow) -> dict[str, Cell]:
        cells: dict[str, Cell] = {"row": row.label, "method": row.method}
        for metric in self.metrics:
            measured = row.summary.estimate(MEASURED[metric]).numbers() if row.summary else {}
            cells[f"{metric}_published"] = row.published.get(metric)
            cells |= {f"{metric}_{number}": measured.get(number, np.nan) for number in ("mean", "sd", "low", "high")}
        cells |= row.cells
        seeds, clips = (row.summary.seeds, row.summary.clips) if row.summary else (None, None)
        return cells | {"seeds": seeds, "clips": clips, "stamps": row.stamps, "remark": row.remark}


def baseline_rows(summaries: Summaries) -> list[ComparedRow]:
    """The baselines, which the paper does not have."""
    return [ComparedRow("baseline", name, {}, summaries[name]) for name in BASELINE_NAMES]


def published_in(experiment: Experiment, source: str, metrics: Sequence[str]) -> dict[str, float]:
    """The values that an experiment's publication gives in one of its tables."""
    return {
        item.metric: item.value for item in experiment.published if item.source == source and item.metric in metrics
    }


def paper_rows(rows: Mapping[str, str], source: str, metrics: Sequence[str], summaries: Summaries) -> list[ComparedRow]:
    """The paper's own networks, with the published values of their recipes."""
    return [
        ComparedRow(label, method, published_in(experiment_of(method), source, metrics), summaries[method])
        for label, method in rows.items()
    ]


def paper_notes(*words: str) -> list[str]:
    """The contradictions of the dual-branch paper that contain one of these words."""
    return [text for text in find_paper("dualbranch").contradictions if any(word in text for word in words)]


def paired(text: pd.DataFrame) -> pd.DataFrame:
    """The same table with each pair of columns ``X, published`` and ``X, measured`` joined in one, ``.70 | .68``."""
    columns = {}
    for column in text.columns:
        title, _, kind = column.rpartition(", ")
        if kind == "published" and f"{title}, measured" in text:
            columns[f"{title}, published | measured"] = text[column] + " | " + text[f"{title}, measured"]
        elif kind != "measured" or f"{title}, published" not in text:
            columns[column] = text[column]
    return pd.DataFrame(columns)


def _cell(value: Cell) -> str:
    if value is None:
        return NOTHING
    return f"{value:.4g}" if isinstance(value, float) else str(value)
