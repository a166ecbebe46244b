"""The leaderboard: every method of every stored run, compared only where clips, classes and folds are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from merlab.errors import MerlabError
from merlab.recipes import Published, published_results
from merlab.reports.stored import StoredResult, stored_results
from merlab.reports.tables import estimate, number, results_numbers
from merlab.stamps import STAMP_SEPARATOR
from merlab.storage import keep_text

CSV_NAME = "leaderboard.csv"
# The parts of MEGC2019's composite: how published.csv names the share of each database.
COMPOSITE = {"casme2": "MEGC2019-CASMEII", "smic": "MEGC2019-SMIC", "samm": "MEGC2019-SAMM"}


@dataclass(frozen=True)
class Line:
    """One method of one stored run."""

    run: str
    date: str
    commit: str
    preset: str
    summary: dict[str, Any]


class Contest(NamedTuple):
    """What results must have in common to be compared: databases, classes, folds and the number of clips tested."""

    databases: tuple[str, ...]
    scheme: str
    protocol: str
    folds: int
    clips: int


@dataclass(frozen=True)
class Leaderboard:
    """Lines that may be compared, best UF1 first."""

    contest: Contest
    lines: Sequence[Line]

    @property
    def title(self) -> str:
        """What the lines have in common, in words."""
        databases, scheme, protocol, folds, clips = self.contest
        folds_text = f"{folds} folds" if folds > 1 else "1 fold"
        return f"{' + '.join(databases)}, {scheme}, {protocol}, {folds_text}, {clips} clips tested:"

    def text(self) -> pd.DataFrame:
        """For people: a row a line, numbers as ``mean ± sd [low, high]``."""
        return pd.DataFrame([_text_row(line) for line in self.lines])

    def numbers(self) -> pd.DataFrame:
        """For programs: the same at full precision, and what the lines have in common in every row."""
        contest = self.contest
        table = results_numbers([line.summary for line in self.lines])
        table.insert(0, "databases", " + ".join(contest.databases))
        for column in ("scheme", "protocol", "folds"):
            table[column] = getattr(contest, column)
        for column in ("preset", "run", "date", "commit"):
            table[column] = [getattr(line, column) for line in self.lines]
        return table

    def beside_published(self) -> pd.DataFrame:
        """Each database of MEGC2019's composite by itself: what was measured beside what was published of it.

        A row a method, database and published row, so that methods nobody published have none. The test clips of a
        database are the same on both sides; what was trained on besides may not be.
        """
        rows = [
            _beside(line, database, published)
            for line in self.lines
            for database, part in COMPOSITE.items()
            for published in published_results()
            if published.data == part and published.merlab == line.summary["method"] and published.uf1 is not None
            if database in line.summary["by_database"]
        ]
        return pd.DataFrame(rows)


def leaderboards(results: Mapping[str, StoredResult]) -> list[Leaderboard]:
    """Every stored result in the table it belongs to; what several runs hold with the same result stands once."""
    contests: dict[Contest, dict[tuple[Any, ...], Line]] = {}
    for name, stored in results.items():
        presets = {method["method"]: method["preset"] for method in stored.methods}
        data = stored.data
        clips = stored.metrics[0]["clips"]
        contest = Contest(tuple(data.clips_per_database), data.scheme, data.protocol, data.folds, clips)
        lines = contests.setdefault(contest, {})
        for summary in stored.metrics:
            method = summary["method"]
            line = Line(name, stored.date, stored.commit or "", presets[method], summary)
            lines[method, presets[method], summary["seeds"], summary["uf1"]["mean"]] = line
    return [
        Leaderboard(contest, sorted(lines.values(), key=lambda line: -line.summary["uf1"]["mean"]))
        for contest, lines in sorted(contests.items(), key=lambda item: (item[0].scheme, item[0]))
    ]


def write_csv(results: Path, check: bool) -> bool:
    """Keep ``leaderboard.csv`` in the folder of stored results; with ``check`` only say whether it is up to date."""
    boards = leaderboards(stored_results(results))
    if not boards:
        raise MerlabError(f"{results} holds no stored result; keep a run there with `merlab results save RUN FILE`")
    table = pd.concat([board.numbers() for board in boards], ignore_index=True)
    return keep_text(results / CSV_NAME, table.to_csv(index=False, lineterminator="\n"), check)


def _text_row(line: Line) -> dict[str, str]:
    summary = line.summary
    return {
        "method": summary["method"],
        "UF1": estimate(**summary["uf1"]),
        "UAR": estimate(**summary["uar"]),
        "accuracy": estimate(**summary["accuracy"]),
        "preset": line.preset,
        "seeds": str(summary["seeds"]),
        "stamps": STAMP_SEPARATOR.join(summary["stamps"]),
        "run": line.run,
        "date": line.date,
        "commit": line.commit,
    }


def _beside(line: Line, database: str, published: Published) -> dict[str, str]:
    measured = line.summary["by_database"][database]["uf1"]
    assert published.uf1 is not None
    low, high = measured["interval"]
    place = "inside" if low <= published.uf1 <= high else "below" if published.uf1 < low else "above"
    return {
        "method": line.summary["method"],
        "preset": line.preset,
        "database": database,
        "measured UF1": estimate(**measured),
        "published UF1": number(published.uf1),
        "published is": f"{place} the interval",
        "published by": published.method,
        "model": published.selection,
    }
