"""The command that scores predictions from any tool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import EXPERIMENTS, app
from merlab.cli.arguments import JsonOption, PathArgument
from merlab.cli.console import print_json, print_note, print_table
from merlab.spelling import counted

if TYPE_CHECKING:
    from merlab.evaluation.metrics import MetricName
    from merlab.evaluation.predictions_score import Score


@app.command(rich_help_panel=EXPERIMENTS)
def score(
    file: Annotated[
        Path,
        PathArgument(
            help="CSV, TSV, XLSX, XLS, ODS or Parquet with columns truth and prediction (database, subject, clip, "
            "seed, method where present); of several methods, keep the rows of one.",
            metavar="FILE",
        ),
    ],
    classes: Annotated[
        str | None,
        typer.Option(
            help="The class list, comma separated; unless given, those of the run whose folder holds FILE, else the "
            "labels that occur."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Metrics of predictions from any tool: UF1, UAR, accuracy, macro precision, pooled over all rows.

    With a seed column each metric is the mean over seeds of the pooled value; with a subject column each has its 95 %
    interval from resampling subjects. What was repaired in the table is listed as a note.
    """
    from merlab.evaluation.predictions_score import score as score_predictions

    result = score_predictions(file, None if classes is None else classes.split(","))
    if as_json:
        print_json(result.model_dump(mode="json"))
        return
    _print_score(file.name, result)


def _print_score(title: str, result: Score) -> None:
    from merlab.evaluation.metrics import METRICS
    from merlab.reports.numbers import number

    rows = [[name, number(result.value(name)), _interval(result, name)] for name in METRICS]
    print_table(f"{title}: {counted(result.n, 'row')}", ["metric", "value", "95 % interval (subjects)"], rows)
    confusion = [[label, *map(str, counts)] for label, counts in zip(result.classes, result.confusion, strict=True)]
    print_table("Confusion matrix, rows are the truth", ["", *map(escape, result.classes)], confusion)
    by_database = [
        [
            name,
            str(of.n),
            number(of.uf1),
            _interval(of, "uf1"),
            number(of.uar),
            number(of.accuracy),
            ", ".join(of.absent_classes) or "none",
        ]
        for name, of in result.by_database.items()
    ]
    if by_database:
        columns = ["database", "n", "uf1", "95 % of uf1", "uar", "accuracy", "absent classes"]
        print_table("By database", columns, by_database)
    absent = [f"no row has the truth {label}; this class counts as 0 in UF1 and UAR" for label in result.absent_classes]
    for remark in (*absent, *result.notes):
        print_note(remark)


def _interval(result: Score, name: MetricName) -> str:
    if result.interval is None:
        return "no column subject"
    from merlab.reports.numbers import number

    interval = result.interval[name]
    return "one subject" if interval is None else f"{number(interval[0])} to {number(interval[1])}"
