"""The content of the blocks in documents: runs, leaderboards, spotting, reproduced tables, published results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.evaluation.metrics import METRIC_TITLES, MetricName
from merlab.models.recognizer import load_recognizer
from merlab.recipes import Published, published_results
from merlab.reports.leaderboard import ORIGIN, Leaderboard, leaderboards
from merlab.reports.material import material_lines
from merlab.reports.model_card import card_facts, card_scores
from merlab.reports.numbers import number
from merlab.reports.spotting_comparison import StoredComparison, comparison_heading, comparison_table, read_comparison
from merlab.reports.spotting_scores import FOLDER, StoredSpotting, read_spotting, spotting_table
from merlab.reports.stored import StoredResult, read_stored, stored_results
from merlab.reports.tables import coverage_table, database_table, markdown_table, results_table
from merlab.reports.verdict import verdict
from merlab.stamps import STAMP_SEPARATOR, all_stamps

Block = Callable[[str, Path, str], str]

REPRODUCED = "reproduced"


def run_block(name: str, results: Path, where: str) -> str:
    """The table of one stored run, its verdict, and the command that repeats it."""
    stored = _stored_run(name, results, where)
    tables = [results_table(stored.metrics)]
    if len(stored.databases) > 1 or len(stored.metrics[0].by_database) > 1:
        tables.append(database_table(stored.metrics, ("uf1", "uar")))
    text = "\n".join(map(markdown_table, tables))
    paragraphs = [verdict(stored.metrics), *material_lines(stored.methods), _origin(stored)]
    return f"{_heading(all_stamps(stored.metrics))}{text}\n" + "\n\n".join(paragraphs) + "\n"


def coverage_block(name: str, results: Path, where: str) -> str:
    """The scores of one stored run if only the surest clips are answered."""
    summaries = _stored_run(name, results, where).metrics
    table = coverage_table(summaries)
    if table.empty:
        raise MerlabError(
            f"{where}: {name!r} has no scores of the surest clips: its methods are equally sure of all clips, or it "
            "was stored by an earlier merlab; store the run again, or remove the block"
        )
    return _heading(all_stamps(summaries)) + markdown_table(table)


def leaderboard_block(name: str, results: Path, where: str) -> str:
    """Every method of the stored runs of ``SCHEME`` or ``SCHEME PROTOCOL``: one table per set of clips and folds.

    With ``best N`` after them, each table is that of ``Leaderboard.best``, without the runs.
    """
    name, shortened, most = name.partition(" best ")
    boards = _boards(name, results, where)
    if not shortened:
        return _board_texts((board, board.text()) for board in boards)
    if not most.isdecimal():
        raise MerlabError(f"{where} requests the best {most!r} of a leaderboard; give a whole number")
    shorter = [board.best(int(most)) for board in boards]
    return _board_texts((board, board.text().drop(columns=ORIGIN)) for board in shorter)


def _board_texts(boards: Iterable[tuple[Leaderboard, pd.DataFrame]]) -> str:
    return "\n".join(
        f"{board.title}\n\n{markdown_table(table)}" + (f"\n{board.note}\n" if board.note else "")
        for board, table in boards
    )


def beside_block(name: str, results: Path, where: str) -> str:
    """The same leaderboards for each database of MEGC2019's composite, beside the published values."""
    tables = {board.title: board.beside_published() for board in _boards(name, results, where)}
    if all(table.empty for table in tables.values()):
        raise MerlabError(f"{where}: nothing is published on the databases with the methods of {name!r}")
    return "\n".join(f"{title}\n\n{markdown_table(table)}" for title, table in tables.items() if not table.empty)


def published_block(data: str, results: Path, where: str) -> str:
    """What others published on some data, with the rule that selected the model, best UF1 or accuracy first."""
    rows = [row for row in published_results() if row.data == data]
    if not rows:
        known = dict.fromkeys(row.data for row in published_results())
        raise MerlabError(f"{where} requests published results on {data!r}; there are some on {', '.join(known)}")
    ordered = sorted(rows, key=lambda row: (row.uf1 or 0, row.accuracy or 0), reverse=True)
    return markdown_table(pd.DataFrame([_published_row(row) for row in ordered]))


def spotting_block(name: str, results: Path, where: str) -> str:
    """One stored result of `merlab score-spotting`, and the command that repeats it."""
    stored = read_spotting(_spotting_file(name, results, where, "score-spotting"))
    return f"{_heading(stored.stamps)}{markdown_table(spotting_table(stored.scores))}\n{_origin(stored)}\n"


def spotters_block(name: str, results: Path, where: str) -> str:
    """One stored result of `merlab compare-spotting`, and the command that repeats it."""
    stored = read_comparison(_spotting_file(name, results, where, "compare-spotting"))
    table = markdown_table(comparison_table(stored.comparison))
    return f"{comparison_heading(stored.comparison)}\n\n{table}\n{_origin(stored)}\n"


def reproduced_block(name: str, results: Path, where: str) -> str:
    """The Markdown that `merlab reproduce NAME` wrote, without its heading."""
    path = results / REPRODUCED / f"{name}.md"
    if not path.is_file():
        raise MerlabError(f"{where} requests {name!r}; make it with `merlab reproduce {name}` and copy it to {path}")
    heading, _, text = path.read_text(encoding="utf-8").partition("\n\n")
    if not heading.startswith("# "):
        raise MerlabError(f"{path} was not written by `merlab reproduce`: it does not begin with a title")
    return text


def model_block(name: str, results: Path, where: str) -> str:
    """The weights that ship with merlab: the card in their file."""
    recognizer = load_recognizer()
    if recognizer.card.name != name:
        raise MerlabError(f"{where} requests the model {name!r}; the one that ships is {recognizer.card.name}")
    tables = [markdown_table(card_facts(recognizer)), markdown_table(card_scores(recognizer.card))]
    return _heading(recognizer.card.stamps) + "\n".join(tables)


BLOCKS: Mapping[str, Block] = {
    "results": run_block,
    "coverage": coverage_block,
    "leaderboard": leaderboard_block,
    "beside": beside_block,
    "published": published_block,
    "model": model_block,
    "spotting": spotting_block,
    "spotters": spotters_block,
    "reproduced": reproduced_block,
}


def _heading(stamps: Sequence[str]) -> str:
    """The stamps in bold on a line of their own; empty without any."""
    return f"**{STAMP_SEPARATOR.join(stamps)}**\n\n" if stamps else ""


def _stored_run(name: str, results: Path, where: str) -> StoredResult:
    path = results / f"{name}.json"
    known = sorted(found.stem for found in results.glob("*.json"))
    if name not in known:
        raise MerlabError(
            f"{where} requests result {name!r}, but {results} contains {', '.join(known) or 'no result'}; "
            f"store a run under that name with `merlab results save RUN {path}`"
        )
    return read_stored(path)


def _spotting_file(name: str, results: Path, where: str, command: str) -> Path:
    path = results / FOLDER / f"{name}.json"
    if not path.is_file():
        raise MerlabError(f"{where} requests spotting {name!r}; write it with `merlab {command} ... --save {path}`")
    return path


def _boards(name: str, results: Path, where: str) -> list[Leaderboard]:
    scheme, _, protocol = name.partition(" ")
    boards = [
        board
        for board in leaderboards(stored_results(results))
        if board.conditions.scheme == scheme and protocol in ("", board.conditions.protocol)
    ]
    if not boards:
        raise MerlabError(f"{where} requests a leaderboard of {name!r}, but {results} contains no run of it")
    return boards


def _published_row(row: Published) -> dict[str, str]:
    shares: dict[MetricName, float | None] = {"accuracy": row.accuracy, "uf1": row.uf1, "uar": row.uar}
    return {
        "method": row.method,
        "year": str(row.year or ""),
        "classes": row.classes,
        "protocol": row.protocol,
        **{METRIC_TITLES[name]: "" if value is None else number(value) for name, value in shares.items()},
        "model": row.selection,
        "status": row.status,
        "source": row.source,
    }


def _origin(stored: StoredResult | StoredSpotting | StoredComparison) -> str:
    commit = f" at commit {stored.commit}" if stored.commit else ""
    return f"Run of {stored.date} with merlab {stored.versions['merlab']}{commit}: `{stored.command}`"
