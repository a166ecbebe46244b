"""Tables from the summaries of a run (see ``summarize_run``), their numbers as in ``numbers.py``."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Literal

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from merlab.evaluation.metrics import METRIC_TITLES, METRICS, MetricName
from merlab.evaluation.summary import COMPARED_METRIC, DatabaseScores, MethodSummary, summary_frame
from merlab.reports.numbers import difference_text, estimate_text, number, p_text
from merlab.reports.verdict import is_shown
from merlab.spelling import counted
from merlab.stamps import STAMP_SEPARATOR, all_stamps, in_brackets, short_stamp

Measure = Literal["f1", "recall", "precision"]

COVERED_METRICS: tuple[MetricName, ...] = ("uf1", "uar", "accuracy")
# Letters of a line of stamps in the terminal: those of all but NETWORK fit.
STAMP_WIDTH = 18
# Letters of the name of a method that stay in one line.
PART_OF_NAME = 8
DIFFERENCE_TITLE = f"{METRIC_TITLES[COMPARED_METRIC]} difference"


def results_table(summaries: Sequence[MethodSummary]) -> pd.DataFrame:
    """One row per method, baselines included: the four metrics as text, clips, seeds, stamps."""
    return pd.DataFrame(
        [
            {
                "method": summary.method,
                **_metric_cells(summary),
                "clips": str(summary.clips),
                "seeds": str(summary.seeds),
                "stamps": STAMP_SEPARATOR.join(summary.stamps),
            }
            for summary in summaries
        ]
    )


def results_numbers(summaries: Sequence[MethodSummary]) -> pd.DataFrame:
    """The results at full precision for other programs, one column per number: ``uf1_mean``, ``uf1_sd``, ..."""
    return summary_frame(summaries).rename(columns={name: f"{name}_mean" for name in METRICS}).reset_index()


def class_table(summaries: Sequence[MethodSummary], measure: Measure) -> pd.DataFrame:
    """One row per method, one column per class with its number of clips: F1, recall or precision, mean over seeds."""
    return pd.DataFrame(
        [
            {
                "method": summary.method,
                **{f"{label} ({of.clips})": number(getattr(of, measure)) for label, of in summary.per_class.items()},
            }
            for summary in summaries
        ]
    )


def database_table(summaries: Sequence[MethodSummary], metrics: Sequence[MetricName] = tuple(METRICS)) -> pd.DataFrame:
    """One row per method and database, each database's clips taken from the same predictions."""
    return pd.DataFrame(
        [
            {
                "method": summary.method,
                "database": database,
                "clips": str(scores.clips),
                "subjects": str(scores.subjects),
                **_metric_cells(scores, metrics),
                "classes absent": ", ".join(scores.absent_classes) or "none",
            }
            for summary in summaries
            for database, scores in summary.by_database.items()
        ]
    )


def coverage_table(summaries: Sequence[MethodSummary]) -> pd.DataFrame:
    """One row per method and share of answered clips, the surest ones: UF1, UAR and accuracy, means over seeds.

    A method whose confidence is the same for all clips has no row.
    """
    return pd.DataFrame(
        [
            {
                "method": summary.method,
                "answered": f"{scores.share:.0%}",
                "clips": str(scores.clips),
                **{METRIC_TITLES[name]: number(getattr(scores, name)) for name in COVERED_METRICS},
            }
            for summary in summaries
            for scores in summary.by_coverage
        ]
    )


def comparison_table(summaries: Sequence[MethodSummary]) -> pd.DataFrame:
    """One row per pair of methods: their difference in UF1, its 95 % interval, p, and the conclusion."""
    return pd.DataFrame(
        [
            {
                "method": summary.method,
                "against": other,
                DIFFERENCE_TITLE: difference_text(compared),
                "p": p_text(compared.p).removeprefix("p = ").removeprefix("p "),
                "shown": "a difference" if is_shown(compared) else "no difference",
            }
            for summary in summaries
            for other, compared in summary.compared.items()
        ]
    )


def markdown_table(table: pd.DataFrame) -> str:
    """A table of text as GitHub-flavored Markdown, one line per row, ending in a newline."""
    rows = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "".join(f"| {' | '.join(_markdown_cell(str(cell)) for cell in row)} |\n" for row in rows)


def console_table(summaries: Sequence[MethodSummary]) -> Table:
    """The results for a terminal of 80 columns; in a narrow one, print them as ``print_whole`` does.

    The title gives the number of clips, which all methods of a run share, and all stamps; each row gives the words of
    its own stamps. Macro precision is given in the report only.
    """
    stamps = all_stamps(summaries)
    clips = f", {counted(summaries[0].clips, 'clip')}" if summaries else ""
    table = Table(
        title=escape(f"Results{clips}{in_brackets(stamps)}"),
        title_justify="left",
        caption="mean ± sd over seeds, below it the 95 % interval over subjects",
        caption_justify="left",
        box=SIMPLE_HEAD,
    )
    rows = results_table(summaries).drop(columns=[METRIC_TITLES["macro_precision"], "clips"])
    rows["stamps"] = [_stamp_lines(summary) for summary in summaries]
    cells = rows.map(lambda cell: cell.replace(" [", "\n["))
    for column in rows.columns:
        longest_word = max((len(word) for cell in cells[column] for word in cell.split()), default=0)
        # Half of a number would be a wrong number; a long name may go over several lines.
        least = min(longest_word, PART_OF_NAME) if column == "method" else longest_word
        table.add_column(column, overflow="fold", no_wrap=column == "stamps", min_width=least)
    for row in cells.to_numpy().tolist():
        table.add_row(*map(escape, row))
    return table


def _stamp_lines(summary: MethodSummary) -> str:
    """The words of the stamps, one stamp per line where it fits."""
    return "\n".join(line for stamp in summary.stamps for line in wrap(short_stamp(stamp), STAMP_WIDTH))


def _metric_cells(
    scores: MethodSummary | DatabaseScores, metrics: Sequence[MetricName] = tuple(METRICS)
) -> dict[str, str]:
    return {METRIC_TITLES[name]: estimate_text(scores.estimate(name)) for name in metrics}


def _markdown_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
