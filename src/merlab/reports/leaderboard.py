"""The leaderboard: every method of every stored run, compared only where clips, classes and folds are the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from merlab.databases.database import MADE_WITH
from merlab.errors import MerlabError
from merlab.evaluation.metrics import METRIC_TITLES, MetricName
from merlab.evaluation.significance import Interval
from merlab.evaluation.summary import MethodSummary
from merlab.methods.baselines import BASELINES
from merlab.methods.dual_branch import DUAL_BRANCH
from merlab.recipes import Published, published_results
from merlab.reports.numbers import estimate_text, number
from merlab.reports.stored import StoredResult, stored_results
from merlab.reports.tables import results_numbers
from merlab.spelling import counted
from merlab.stamps import STAMP_SEPARATOR
from merlab.storage import keep_text

CSV_NAME = "leaderboard.csv"
TEXT_METRICS: tuple[MetricName, ...] = ("uf1", "uar", "accuracy")
# The columns that say where a line comes from.
ORIGIN = ["run", "date", "commit"]
# The databases of MEGC2019's composite, and how published.csv calls the results on each.
COMPOSITE_SCHEME = "megc2019"
COMPOSITE = {"casme2": "MEGC2019-CASMEII", "smic": "MEGC2019-SMIC", "samm": "MEGC2019-SAMM"}


@dataclass(frozen=True)
class LeaderboardLine:
    """One method of one stored run; ``merlab`` is the version of merlab that made it."""

    run: str
    date: str
    commit: str
    preset: str
    summary: MethodSummary
    merlab: str = ""


class Conditions(NamedTuple):
    """What results must have in common to be compared: databases, scheme, folds, and the number of clips tested.

    A database of synthetic faces is named with its settings: with others, its clips are others of the same names.
    ``labels`` are the labels and classes of a scheme of your own: two such schemes may have one name. ``data`` is the
    digest of clips, labels and folds where all this is the same of different ones.
    """

    databases: tuple[str, ...]
    scheme: str
    protocol: str
    folds: int
    clips: int
    labels: tuple[tuple[str, str], ...] = ()
    data: str = ""


@dataclass(frozen=True)
class Leaderboard:
    """Lines that may be compared, best UF1 first."""

    conditions: Conditions
    lines: Sequence[LeaderboardLine]

    @property
    def title(self) -> str:
        """What the lines have in common, in words."""
        databases, scheme, protocol, folds, clips, labels, data = self.conditions
        scheme += f" ({_mapping(labels)})" if labels else ""
        numbers = f"{counted(folds, 'fold')}, {counted(clips, 'clip')} tested"
        return f"{' + '.join(databases)}, {scheme}, {protocol}, {numbers}{f' (data {data})' if data else ''}:"

    @property
    def note(self) -> str:
        """That the lines are of several versions of merlab, in a sentence; empty where they are of one."""
        made = dict.fromkeys(line.merlab for line in sorted(self.lines, key=lambda line: line.merlab))
        if len(made) < 2:
            return ""
        return (
            f"The rows are of several versions of merlab ({', '.join(made)}), of which each may give other numbers: "
            f"{CSV_NAME} has that of each row."
        )

    def best(self, most: int) -> Leaderboard:
        """The best line of each of the ``most`` best methods, of each baseline, and of each network of the paper."""
        best: dict[str, LeaderboardLine] = {}
        for line in self.lines:
            best.setdefault(line.summary.method, line)
        shown = {*list(best)[:most], *(method.name for method in (*BASELINES, *DUAL_BRANCH))}
        return replace(self, lines=[line for method, line in best.items() if method in shown])

    def text(self) -> pd.DataFrame:
        """For people: one row per line, numbers as ``mean ± sd [low, high]``."""
        return pd.DataFrame([_text_row(line) for line in self.lines])

    def numbers(self) -> pd.DataFrame:
        """For programs: the same at full precision; every row repeats what the lines have in common."""
        conditions = self.conditions
        table = results_numbers([line.summary for line in self.lines])
        table.insert(0, "databases", " + ".join(conditions.databases))
        for column in ("scheme", "protocol", "folds"):
            table[column] = getattr(conditions, column)
        table["labels"], table["data"] = _mapping(conditions.labels), conditions.data
        for column in ("preset", "run", "date", "commit", "merlab"):
            table[column] = [getattr(line, column) for line in self.lines]
        return table

    def beside_published(self) -> pd.DataFrame:
        """For each database of MEGC2019's composite, the measured value beside the published ones.

        One row per method, database and published result; a method without a published result has no row. Clips of
        other classes have none at all. The test clips of a database are the same on both sides, unless the stamps say
        otherwise; the training clips may differ.
        """
        is_composite = self.conditions.scheme == COMPOSITE_SCHEME and not self.conditions.labels
        rows = [
            _beside(line, database, published, published.uf1)
            for line in (self.lines if is_composite else ())
            for database, data in COMPOSITE.items()
            if database in line.summary.by_database
            for published in published_results()
            if published.data == data and published.merlab == line.summary.method and published.uf1 is not None
        ]
        return pd.DataFrame(rows)


def leaderboards(results: Mapping[str, StoredResult]) -> list[Leaderboard]:
    """Every stored result in its table; a method with the same result in several runs is listed once."""
    boards: dict[Conditions, dict[tuple[str, str, int, float], LeaderboardLine]] = {}
    for name, conditions in _conditions(results).items():
        stored = results[name]
        presets = {method.method: method.preset for method in stored.methods}
        lines = boards.setdefault(conditions, {})
        for summary in stored.metrics:
            preset = presets[summary.method]
            made = stored.versions.get("merlab", "")
            line = LeaderboardLine(name, stored.date, stored.commit or "", preset, summary, made)
            lines[summary.method, preset, summary.seeds, summary.uf1.mean] = line
    return [
        Leaderboard(conditions, sorted(lines.values(), key=lambda line: -line.summary.uf1.mean))
        for conditions, lines in sorted(boards.items(), key=lambda item: (item[0].scheme, item[0]))
    ]


def _conditions(results: Mapping[str, StoredResult]) -> dict[str, Conditions]:
    """Of each stored result. An earlier merlab stored no digest: such a result is with the one that has the rest."""
    stated = {name: _stated(stored) for name, stored in results.items()}
    digests: dict[Conditions, set[str]] = defaultdict(set)
    for name, stored in results.items():
        digests[stated[name]] |= {stored.data.digest} - {""}
    several = {conditions for conditions, known in digests.items() if len(known) > 1}
    return {
        name: conditions._replace(data=results[name].data.digest) if conditions in several else conditions
        for name, conditions in stated.items()
    }


def _stated(stored: StoredResult) -> Conditions:
    data = stored.data
    labels = tuple(sorted((data.labels or {}).items()))
    databases = tuple(_named(name, stored.databases.get(name, {})) for name in data.clips_per_database)
    clips = stored.metrics[0].clips
    return Conditions(databases, data.scheme, data.protocol, data.folds, clips, labels)


def _named(database: str, facts: Mapping[str, str]) -> str:
    return f"{database} ({facts[MADE_WITH]})" if MADE_WITH in facts else database


def read_boards(results: Path) -> list[Leaderboard]:
    """Every table of a folder of stored results; raises MerlabError for a folder without one."""
    boards = leaderboards(stored_results(results))
    if not boards:
        raise MerlabError(f"{results} contains no stored result; store a run there with `merlab results save RUN FILE`")
    return boards


def write_csv(boards: Sequence[Leaderboard], results: Path, check: bool) -> bool:
    """Write ``leaderboard.csv`` to the folder of stored results; ``check`` only reports whether it is up to date."""
    table = pd.concat([board.numbers() for board in boards], ignore_index=True)
    return keep_text(results / CSV_NAME, table.to_csv(index=False, lineterminator="\n"), check)


def _mapping(labels: Iterable[tuple[str, str]]) -> str:
    """``joy: positive, fear: negative``."""
    return ", ".join(f"{label}: {name}" for label, name in labels)


def _text_row(line: LeaderboardLine) -> dict[str, str]:
    summary = line.summary
    return {
        "method": summary.method,
        **{METRIC_TITLES[name]: estimate_text(summary.estimate(name)) for name in TEXT_METRICS},
        "preset": line.preset,
        "seeds": str(summary.seeds),
        "stamps": STAMP_SEPARATOR.join(summary.stamps),
        "run": line.run,
        "date": line.date,
        "commit": line.commit,
    }


def _beside(line: LeaderboardLine, database: str, published: Published, value: float) -> dict[str, str]:
    measured = line.summary.by_database[database].uf1
    return {
        "method": line.summary.method,
        "preset": line.preset,
        "database": database,
        "measured UF1": estimate_text(measured),
        "stamps": STAMP_SEPARATOR.join(line.summary.stamps),
        "published UF1": number(value),
        "published is": _place(value, measured.interval),
        "published by": published.method,
        "model": published.selection,
    }


def _place(value: float, interval: Interval | None) -> str:
    if interval is None:
        return "without an interval to compare with"
    low, high = interval
    return f"{'inside' if low <= value <= high else 'below' if value < low else 'above'} the interval"
