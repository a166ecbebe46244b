"""The scores of several spotting methods on the same recordings: as a table, and stored as JSON for documents."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from merlab.errors import MerlabError
from merlab.evaluation.versions import versions
from merlab.inference.cost import hardware
from merlab.json_models import read_model, write_model
from merlab.reports.numbers import estimate
from merlab.reports.stored import commit_of_checkout, today
from merlab.spelling import counted
from merlab.spotting.comparison import all_spotters
from merlab.spotting.comparison.results import MethodScores, SpottingComparison
from merlab.spotting.scoring import SpottingScores
from merlab.spotting.scoring.score_models import KindScores
from merlab.stamps import in_brackets


class StoredComparison(BaseModel):
    """A comparison with the command that repeats it."""

    date: str
    commit: str | None
    command: str
    comparison: SpottingComparison
    versions: dict[str, str]
    hardware: str


def store_comparison(path: Path, comparison: SpottingComparison, command: str) -> None:
    """Write a comparison as JSON; raises MerlabError without a command."""
    if not command:
        raise MerlabError("--save needs --command, so that a reader can repeat the table")
    stored = StoredComparison(
        date=today(),
        commit=commit_of_checkout(),
        command=command,
        comparison=comparison,
        versions=versions(),
        hardware=hardware(),
    )
    write_model(path, stored, by_alias=True)


def read_comparison(path: Path) -> StoredComparison:
    """The content of a file of ``store_comparison``; raises MerlabError for any other file."""
    again = "write it again with `merlab compare-spotting --save`"
    return read_model(path, StoredComparison, "contains no comparison of spotting methods", again)


def comparison_heading(comparison: SpottingComparison) -> str:
    """``4 videos of 4 subjects, 1.8 minutes; 18 micro [SYNTHETIC]``."""
    events = ", ".join(f"{count} {kind}" for kind, count in comparison.events.items())
    stamps = in_brackets(comparison.stamps, ", ")
    videos, subjects = counted(comparison.videos, "video"), counted(comparison.subjects, "subject")
    length = f"{videos} of {subjects}, {comparison.minutes:.1f} minutes"
    return f"{length}; {events} expressions; fitted on {comparison.fitted_on}{stamps}"


def comparison_table(comparison: SpottingComparison) -> pd.DataFrame:
    """One row per method, or per method and kind of movement: scores at IoU 0.5; the best first.

    F1 has its 95 % interval over subjects, or over videos where subjects are unknown. Methods are in the order of F1,
    or of F1 of micro-expressions.
    """
    ranked = sorted(comparison.methods, key=lambda method: -(_main(method).f1 or 0.0))
    return pd.DataFrame([row for method in ranked for row in _rows(method)])


def _main(method: MethodScores) -> SpottingScores | KindScores:
    return method.scores.kinds[0] if method.scores.kinds else method.scores


def _rows(method: MethodScores) -> list[dict[str, str]]:
    if not method.scores.kinds:
        return [{"method": method.method, **_cells(method.scores)}]
    return [{"method": method.method, "kind": each.kind, **_cells(each)} for each in method.scores.kinds]


def _cells(scores: SpottingScores | KindScores) -> dict[str, str]:
    return {
        "F1": estimate(scores.f1, interval=scores.f1_interval),
        "precision": estimate(scores.precision),
        "recall": estimate(scores.recall),
        "right, wrong; missed": f"{scores.tp}, {scores.fp}; {scores.fn}",
        "false alarms a minute": estimate(scores.false_alarms_per_minute),
    }


def spotters_table() -> pd.DataFrame:
    """One row per comparison method."""
    rows = [
        {
            "method": each.name,
            "what it is": each.title,
            "fitted": each.fits or "nothing",
            "needs --train": "yes" if each.needs_training else "",
            "paper": each.paper,
        }
        for each in all_spotters().values()
    ]
    return pd.DataFrame(rows)
