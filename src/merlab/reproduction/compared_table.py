"""A table of the paper, published beside measured: as text for people, as numbers for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from merlab.methods import METHODS
from merlab.recipes import Experiment, Published, experiment_of, published_results
from merlab.reports.stored import made_now
from merlab.reports.tables import BASELINES, METRIC_TITLES, estimate, markdown_table
from merlab.stamps import STAMP_SEPARATOR, all_stamps
from merlab.storage import whole_file, write_json

Summaries = Mapping[str, dict[str, Any]]
# Column headings of a share, and the key of the same measure in metrics.json. The paper defines neither precision nor
# recall; both are taken as means over classes.
MEASURED = {
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
class Row:
    """One line: its label, its method, published shares by metric, the measured summary, and cells of other columns.

    ``summary`` is None where nothing was measured; ``remark`` then says why.
    """

    label: str
    method: str
    published: Mapping[str, float]
    summary: dict[str, Any] | None
    remark: str = ""
    cells: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ComparedTable:
    """Rows under a title; ``metrics`` are the shares compared, each published and measured side by side."""

    name: str
    title: str
    metrics: Sequence[str]
    rows: Sequence[Row]
    notes: Sequence[str] = ()

    @property
    def stamps(self) -> list[str]:
        """The stamps of everything measured in the table."""
        return all_stamps([row.summary for row in self.rows if row.summary is not None])

    def text(self) -> pd.DataFrame:
        """For people: a column a number, ``mean ± sd [low, high]`` for what was measured.

        Published figures stand before measured ones, where the table has any.
        """
        return pd.DataFrame([self._text_row(row) for row in self.rows]).fillna(NOTHING)

    def numbers(self) -> pd.DataFrame:
        """For programs: the same at full precision, an empty cell where there is nothing."""
        return pd.DataFrame([self._number_row(row) for row in self.rows])

    @property
    def extra_columns(self) -> list[str]:
        """The columns besides shares, in order: what a terminal shows as a table of its own."""
        return list(dict.fromkeys(column for row in self.rows for column in row.cells or {}))

    def markdown(self) -> str:
        """Title, stamps, table, notes, and when it was made by which merlab."""
        stamps = [f"**{STAMP_SEPARATOR.join(self.stamps)}**\n"] if self.stamps else []
        notes = ["".join(f"- {note}\n" for note in self.notes)] if self.notes else []
        made = f"Made on {made_now()}.\n"
        return "\n".join([f"# {self.title}\n", *stamps, markdown_table(self.text()), *notes, made])

    def write(self, out: Path) -> list[Path]:
        """Leave NAME.md, NAME.csv and NAME.json in a folder."""
        paths = [out / f"{self.name}.{suffix}" for suffix in ("md", "csv", "json")]
        with whole_file(paths[0]) as aside:
            aside.write_text(self.markdown(), encoding="utf-8")
        with whole_file(paths[1]) as aside:
            self.numbers().to_csv(aside, index=False)
        rows = [
            {
                "row": row.label,
                "method": row.method,
                "published": dict(row.published),
                "measured": row.summary,
                "remark": row.remark,
                **(row.cells or {}),
            }
            for row in self.rows
        ]
        write_json(paths[2], {"title": self.title, "stamps": self.stamps, "notes": list(self.notes), "rows": rows})
        return paths

    def _text_row(self, row: Row) -> dict[str, str]:
        cells = {"row": row.label, "method": row.method or NOTHING}
        for metric in self.metrics:
            published, measured = row.published.get(metric), row.summary and row.summary[MEASURED[metric]]
            title = METRIC_TITLES.get(metric, metric)
            if any(metric in other.published for other in self.rows):
                cells[f"{title}, published"] = NOTHING if published is None else f"{published:g}"
            cells[f"{title}, measured"] = estimate(**measured) if measured else NOTHING
        remark = row.remark or STAMP_SEPARATOR.join(row.summary["stamps"] if row.summary else [])
        return cells | {column: _cell(value) for column, value in (row.cells or {}).items()} | {"remark": remark}

    def _number_row(self, row: Row) -> dict[str, Any]:
        cells: dict[str, Any] = {"row": row.label, "method": row.method}
        for metric in self.metrics:
            measured = row.summary[MEASURED[metric]] if row.summary else {"mean": None, "sd": None, "interval": None}
            low, high = measured["interval"] or (None, None)
            cells |= {f"{metric}_published": row.published.get(metric), f"{metric}_mean": measured["mean"]}
            cells |= {f"{metric}_sd": measured["sd"], f"{metric}_low": low, f"{metric}_high": high}
        cells |= dict(row.cells or {})
        cells |= {"seeds": row.summary and row.summary["seeds"], "clips": row.summary and row.summary["clips"]}
        return cells | {
            "stamps": STAMP_SEPARATOR.join(row.summary["stamps"] if row.summary else []),
            "remark": row.remark,
        }


def baseline_rows(summaries: Summaries) -> list[Row]:
    """The baselines, which the paper does not have."""
    return [Row("a floor", floor, {}, summaries[floor]) for floor in BASELINES]


def published_in(experiment: Experiment, source: str, metrics: Sequence[str]) -> dict[str, float]:
    """What an experiment's publication prints in one of its tables."""
    return {
        item.metric: item.value for item in experiment.published if item.source == source and item.metric in metrics
    }


def paper_rows(rows: Mapping[str, str], source: str, metrics: Sequence[str], summaries: Summaries) -> list[Row]:
    """The paper's own networks, published figures from their recipes."""
    return [
        Row(label, method, published_in(experiment_of(method), source, metrics), summaries[method])
        for label, method in rows.items()
    ]


def table_8_rows() -> list[Published]:
    """What Table 8 lists, in its order."""
    return [row for row in published_results() if row.table == "Table 8"]


def comparison_methods() -> list[str]:
    """Every registered method that is neither a floor nor one of the paper's ablations."""
    own = {*TABLE_5.values(), *TABLE_7.values()} - {PROPOSED}
    return [name for name in METHODS if name not in BASELINES and name not in own]


def paired(text: pd.DataFrame) -> pd.DataFrame:
    """The same table, narrower: each pair of columns ``X, published`` and ``X, measured`` as one, ``.70 | .68``."""
    columns = {}
    for column in text.columns:
        title, _, kind = column.rpartition(", ")
        if kind == "published" and f"{title}, measured" in text:
            columns[f"{title}, published | measured"] = text[column] + " | " + text[f"{title}, measured"]
        elif kind != "measured" or f"{title}, published" not in text:
            columns[column] = text[column]
    return pd.DataFrame(columns)


def _cell(value: Any) -> str:
    if value is None:
        return NOTHING
    return f"{value:.4g}" if isinstance(value, float) else str(value)
