"""The report of a run: one page that needs nothing beside it, and the same tables and figures as files."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from merlab.evaluation.predictions import METRICS_FILE
from merlab.pages import page_environment
from merlab.reports import figures, tables
from merlab.reports.rerun import rerun_commands
from merlab.reports.run import Run, read_run
from merlab.reports.tables import Metrics
from merlab.stamps import STAMP_SEPARATOR, all_stamps, stamp_notes
from merlab.storage import whole_file, write_json

REPORT_FILE, MARKDOWN_FILE, CSV_FILE, CHART_FILE = "report.html", "results.md", "results.csv", "uf1.png"
CSS_PIXELS_PER_INCH = 96
NO_BREAK_SPACE = "\u00a0"

PROTOCOLS = {
    "loso": "leave one subject out: every fold tests one subject and trains on all others",
    "kfold": "folds that share no subject",
    "hold-out-database": "train on some databases, test on others",
}


@dataclass(frozen=True)
class Picture:
    """A figure as the page holds it: its name, a data URI, its width in CSS pixels, and its content in words."""

    name: str
    uri: str
    width: int
    text: str


def write_report(run_folder: Path) -> Path:
    """Draw the report of a run from its stored predictions and return the path of the page.

    Leaves report.html, results.md, results.csv, uf1.png, one confusion-METHOD.png a method, and metrics.json computed
    anew in the folder. Raises MerlabError when the folder holds no run, an unfinished one, or damaged files.
    """
    run = read_run(run_folder)
    metrics = run.summarize()
    write_json(run_folder / METRICS_FILE, metrics)
    with whole_file(run_folder / CSV_FILE) as aside:
        tables.results_numbers(metrics).to_csv(aside, index=False)
    with whole_file(run_folder / MARKDOWN_FILE) as aside:
        aside.write_text(_markdown(run, metrics), encoding="utf-8")
    page = _page(run, metrics, _chart(metrics, run_folder), _confusions(metrics, run_folder))
    with whole_file(run_folder / REPORT_FILE) as aside:
        aside.write_text(page, encoding="utf-8")
    return run_folder / REPORT_FILE


def _title(run: Run) -> str:
    databases = " + ".join(database.name for database in run.record.databases)
    return f"{databases}, {run.record.data.scheme}, {run.record.data.protocol}"


def _markdown(run: Run, metrics: Metrics) -> str:
    parts = [f"# {_title(run)}\n"]
    if stamps := all_stamps(metrics):
        parts.append(f"**{STAMP_SEPARATOR.join(stamps)}**\n")
    parts += [tables.markdown_table(tables.results_table(metrics)), f"{tables.verdict(metrics)}\n"]
    return "\n".join(parts)


def _chart(metrics: Metrics, folder: Path) -> Picture:
    text = "; ".join(f"{summary['method']} {tables.estimate(**summary['uf1'])}" for summary in metrics)
    return _picture("UF1 of every method", figures.uf1_chart(metrics), folder / CHART_FILE, text)


def _confusions(metrics: Metrics, folder: Path) -> list[Picture]:
    return [
        _picture(
            summary["method"],
            figures.confusion_figure(
                summary["confusion"], summary["classes"], f"{summary['method']}, all folds", summary["stamps"]
            ),
            folder / f"confusion-{summary['method']}.png",
            figures.confusion_text(summary["confusion"], summary["classes"]),
        )
        for summary in metrics
    ]


def _picture(name: str, figure: Figure, path: Path, text: str) -> Picture:
    encoded = base64.b64encode(figures.save_png(figure, path)).decode("ascii")
    return Picture(name, f"data:image/png;base64,{encoded}", round(figure.get_figwidth() * CSS_PIXELS_PER_INCH), text)


def _page(run: Run, metrics: Metrics, chart: Picture, confusions: list[Picture]) -> str:
    environment = page_environment("merlab.reports")
    environment.filters["unbroken"] = _unbroken
    environment.tests["numeric"] = _is_numeric
    return environment.get_template("report.html.j2").render(
        title=_title(run),
        record=run.record,
        protocol=PROTOCOLS.get(run.record.data.protocol, ""),
        stamps=all_stamps(metrics),
        notes=stamp_notes(metrics),
        metrics=metrics,
        results=tables.results_table(metrics),
        verdict=tables.verdict(metrics),
        chance=tables.number(tables.chance_level(run.record.data.classes)),
        chart=chart,
        confusions=list(zip(metrics, confusions, [_counts(summary) for summary in metrics], strict=True)),
        classes={measure: tables.class_table(metrics, measure) for measure in ("f1", "recall", "precision")},
        databases=tables.database_table(metrics),
        comparisons=tables.comparison_table(metrics),
        commands=rerun_commands(run),
    )


def _counts(summary: dict[str, Any]) -> pd.DataFrame:
    """The confusion counts as text, a row a true class."""
    counts = pd.DataFrame(summary["confusion"], columns=summary["classes"]).astype(str)
    counts.insert(0, "true class", summary["classes"])
    return counts


def _is_numeric(cell: str) -> bool:
    """Whether a cell begins with a number, ``.713 ± .012 [.651, .772]`` or ``< .001``."""
    return re.match(r"[<+−]? ?\.?\d", cell) is not None


def _unbroken(cell: str) -> str:
    """A number that may break only before its interval."""
    return cell.replace(" ", NO_BREAK_SPACE).replace(f"{NO_BREAK_SPACE}[", " [")
