"""The report of a run: one self-contained HTML page, and the same tables and figures as files."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from matplotlib.figure import Figure

from merlab.evaluation.predictions import METRICS_FILE
from merlab.evaluation.significance import SIGNIFICANCE_LEVEL
from merlab.evaluation.summary import MethodSummary
from merlab.json_files import write_json
from merlab.methods.baselines import BASELINE_NAMES
from merlab.pages import page_environment
from merlab.reports import figures, tables
from merlab.reports.material import material_lines, material_text, untrained_text
from merlab.reports.numbers import estimate_text, number
from merlab.reports.rerun import rerun_commands
from merlab.reports.run import Run
from merlab.reports.verdict import chance_level, verdict
from merlab.stamps import STAMP_SEPARATOR, all_stamps, stamp_notes
from merlab.storage import write_csv, write_text

REPORT_FILE, MARKDOWN_FILE, CSV_FILE, CHART_FILE = "report.html", "results.md", "results.csv", "uf1.png"
CSS_PIXELS_PER_INCH = 96
# A name of a file has at most 255 bytes on most systems, with those that it bears while it is written.
MOST_FILE_LETTERS = 150
# A table with more rows scrolls in a part of the window; with more methods, the page begins with links to its sections.
MOST_ROWS = 30
NO_BREAK_SPACE = "\u00a0"

PROTOCOLS = {
    "loso": "leave one subject out: every fold tests one subject and trains on all others",
    "kfold": "folds that share no subject",
    "hold-out-database": "train on some databases, test on others",
}


@dataclass(frozen=True)
class PageFigure:
    """A figure of the page: its name, a data URI, its width in CSS pixels, and its content in words."""

    name: str
    uri: str
    width: int
    text: str


def write_report(run: Run, folder: Path) -> Path:
    """Write the report of a run into its folder and return the path of the page.

    Writes report.html, results.md, results.csv, metrics.json, uf1.png, and one confusion-METHOD.png per method.
    """
    summaries = run.summaries
    write_json(folder / METRICS_FILE, [summary.model_dump(mode="json") for summary in summaries])
    write_csv(folder / CSV_FILE, tables.results_numbers(summaries))
    write_text(folder / MARKDOWN_FILE, _markdown(run, summaries))
    page = _page(run, summaries, _chart(summaries, folder), _confusions(summaries, folder))
    write_text(folder / REPORT_FILE, page)
    return folder / REPORT_FILE


def _title(run: Run) -> str:
    databases = " + ".join(database.name for database in run.record.databases)
    return f"{databases}, {run.record.data.scheme}, {run.record.data.protocol}"


def _markdown(run: Run, summaries: Sequence[MethodSummary]) -> str:
    paragraphs = [f"# {_title(run)}\n"]
    if stamps := all_stamps(summaries):
        paragraphs.append(f"**{STAMP_SEPARATOR.join(stamps)}**\n")
    paragraphs += [tables.markdown_table(tables.results_table(summaries)), f"{verdict(summaries)}\n"]
    paragraphs += [f"{text}\n"] if (text := untrained_text(run.record.data)) else []
    paragraphs += [f"{line}\n" for line in material_lines(run.record.methods)]
    return "\n".join(paragraphs)


def _chart(summaries: Sequence[MethodSummary], folder: Path) -> PageFigure:
    text = "; ".join(f"{summary.method} {estimate_text(summary.uf1)}" for summary in summaries)
    return _picture("UF1 of every method", figures.uf1_chart(summaries), folder / CHART_FILE, text)


def _confusions(summaries: Sequence[MethodSummary], folder: Path) -> list[PageFigure]:
    alike = Counter(summary.method.casefold() for summary in summaries)
    return [
        _picture(
            summary.method,
            figures.confusion_figure(
                summary.confusion,
                summary.classes,
                f"{figures.drawn_name(summary.method)}, all folds",
                summary.stamps,
            ),
            folder / _confusion_file(summary.method, alike[summary.method.casefold()] == 1),
            figures.confusion_text(summary.confusion, summary.classes),
        )
        for summary in summaries
    ]


def _confusion_file(method: str, is_alone: bool) -> str:
    """The file of a method of any name; the digest keeps two long names apart that begin alike.

    So it does for names that differ in case only, which are one where a file system ignores it.
    """
    name = quote(method, safe=" ")
    if len(name) > MOST_FILE_LETTERS or not is_alone:
        name = f"{name[:MOST_FILE_LETTERS]}-{hashlib.sha256(method.encode()).hexdigest()[:8]}"
    return f"confusion-{name}.png"


def _picture(name: str, figure: Figure, path: Path, text: str) -> PageFigure:
    encoded = base64.b64encode(figures.save_png(figure, path)).decode("ascii")
    return PageFigure(
        name, f"data:image/png;base64,{encoded}", round(figure.get_figwidth() * CSS_PIXELS_PER_INCH), text
    )


def _page(run: Run, summaries: Sequence[MethodSummary], chart: PageFigure, confusions: list[PageFigure]) -> str:
    environment = page_environment("merlab.reports")
    environment.filters["unbroken"] = _unbroken
    environment.filters["material"] = material_text
    environment.tests["numeric"] = _is_numeric
    return environment.get_template("report.html.j2").render(
        title=_title(run),
        record=run.record,
        protocol=PROTOCOLS.get(run.record.data.protocol, ""),
        stamps=all_stamps(summaries),
        separator=STAMP_SEPARATOR,
        notes=stamp_notes(summaries),
        summaries=summaries,
        baselines=BASELINE_NAMES,
        results=tables.results_table(summaries),
        verdict=verdict(summaries),
        untrained=untrained_text(run.record.data),
        level=number(SIGNIFICANCE_LEVEL),
        chance=number(chance_level(run.record.data.classes)),
        chart=chart,
        confusions=list(zip(summaries, confusions, [_counts(summary) for summary in summaries], strict=True)),
        classes={measure: tables.class_table(summaries, measure) for measure in ("f1", "recall", "precision")},
        databases=tables.database_table(summaries),
        coverage=tables.coverage_table(summaries),
        comparisons=tables.comparison_table(summaries),
        commands=rerun_commands(run),
        most_rows=MOST_ROWS,
    )


def _counts(summary: MethodSummary) -> pd.DataFrame:
    """The confusion counts as text, one row per true class."""
    counts = pd.DataFrame(summary.confusion, columns=list(summary.classes)).astype(str)
    counts.insert(0, "true class", summary.classes)
    return counts


def _is_numeric(cell: str) -> bool:
    """Whether a cell begins with a number, ``.713 ± .012 [.651, .772]`` or ``< .001``."""
    return re.match(r"[<+−]? ?\.?\d", cell) is not None


def _unbroken(cell: str) -> str:
    """A number that wraps only before its interval."""
    return cell.replace(" ", NO_BREAK_SPACE).replace(f"{NO_BREAK_SPACE}[", " [")
