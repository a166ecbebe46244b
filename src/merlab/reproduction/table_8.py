"""Table 8 of the dual-branch paper: all its rows, published and measured, on the same clips, folds and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from merlab.errors import MerlabError
from merlab.evaluation.summary import MethodSummary
from merlab.methods import METHODS
from merlab.methods.baselines import BASELINE_NAMES
from merlab.recipes import Published, published_results
from merlab.registry import look_up
from merlab.reproduction.bench import Bench
from merlab.reproduction.compared_table import Cell, ComparedRow, ComparedTable, baseline_rows, paper_notes
from merlab.spelling import counted

METRICS = ("accuracy", "precision", "recall")
OTHER = "not in Table 8"
# Published with a start from weights that had been trained on other images; merlab does not have these weights.
FROM_TRAINED_WEIGHTS = ("3d-cnn-transfer", "sssn", "akmnet", "slstt-mean", "aman")


def table_8(bench: Bench) -> ComparedTable:
    """The fourteen rows and the baselines, or the baselines and the rows that the bench names.

    Methods are measured in the order of the table. A row that cannot be measured on these clips gives the reason. What
    an earlier, stopped reproduction in the same folder finished is not measured again.
    """
    listed, others = chosen_rows(bench.rows)
    wanted = [*(row.merlab for row in listed), *others]
    refusals = {name: reason for name in wanted if (reason := bench.refusal(name)) is not None}
    usable = [name for name in wanted if name not in refusals]
    summaries = bench.measure([bench.setup(name) for name in (*BASELINE_NAMES, *usable)])
    rows = [
        *(_row(row, summaries.get(row.merlab), refusals) for row in listed),
        *(ComparedRow(OTHER, name, {}, summaries.get(name), refusals.get(name, "")) for name in others),
        *baseline_rows(summaries),
    ]
    notes = [
        bench.measured_on(summaries),
        "Published on: the numbers of clips of which the published accuracy is a whole number, or which the source "
        "states, and the classes. The published rows are not one experiment.",
        "Precision and recall are means over classes; the paper defines neither.",
        *_starts([row for row in listed if row.merlab in summaries]),
        *(f"{row.method}: {row.source}; model: {row.selection}; {row.status}." for row in listed),
        *paper_notes("Table 8"),
    ]
    return ComparedTable(
        "table8", "Table 8: methods on the same clips and folds", METRICS, rows, notes, "Clips and classes"
    )


def table_8_rows() -> list[Published]:
    """The rows of Table 8, in its order."""
    return [row for row in published_results() if row.table == "Table 8"]


def chosen_rows(names: Sequence[str]) -> tuple[list[Published], list[str]]:
    """The rows of Table 8 with these names, in its order, and the other methods that are named; all rows without names.

    A name is that of a row, as the table prints it, or of a method. Raises MerlabError naming the closest ones.
    """
    if not names:
        return table_8_rows(), []
    by_name = {name: row for row in table_8_rows() for name in (row.method, row.merlab)}
    known = {**dict.fromkeys(METHODS), **by_name}
    found = {name: look_up(name, known, "row") for name in names}
    listed = [row for row in table_8_rows() if row in found.values()]
    others = [name for name, row in found.items() if row is None and name not in BASELINE_NAMES]
    return listed, list(dict.fromkeys(others))


def check_rows(rows: Sequence[str], targets: Sequence[str]) -> None:
    """Raises MerlabError for rows of a target other than Table 8, and for unknown ones."""
    if rows and tuple(targets) != ("table8",):
        raise MerlabError(f"--rows chooses rows of table8, and the target is {', '.join(targets)}; leave --rows out")
    chosen_rows(rows)


def _starts(measured: Sequence[Published]) -> list[str]:
    """A note that names the rows whose published start from trained weights was not repeated, if there are any."""
    names = [row.method for row in measured if row.merlab in FROM_TRAINED_WEIGHTS]
    stated = f"Published with a start from trained weights, measured here from random ones: {', '.join(names)}."
    return [f"{stated} merlab evaluate --from starts from weights of your own."] if names else []


def _row(row: Published, summary: MethodSummary | None, refusals: Mapping[str, str]) -> ComparedRow:
    published = {metric: value for metric in METRICS if (value := getattr(row, metric)) is not None}
    return ComparedRow(row.method, row.merlab, published, summary, refusals.get(row.merlab, ""), _clips(row, summary))


def _clips(row: Published, summary: MethodSummary | None) -> dict[str, Cell]:
    """On how many clips and classes the published and the measured values are."""
    measured = f"{counted(summary.clips, 'clip')}, {len(summary.classes)} classes" if summary else None
    return {"published on": f"{row.clips} clips, {row.classes} classes", "measured on": measured}
