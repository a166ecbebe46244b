"""The tables of all videos of a command, beside the folders of their results: none loses rows in silence."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from merlab.errors import MerlabError
from merlab.spelling import first_of, readable
from merlab.storage import whole_file

EVENTS, WEAK = "events.csv", "weak.csv"
# Columns by which a table of several videos is known: of events, or a summary, which also has videos that failed.
VIDEO, DURATION, STATUS, DONE = "video", "duration_s", "status", "done"
MOST_NAMED = 3


def require_no_others(out: Path, tables: Iterable[str], folders: Mapping[Path, Path]) -> list[str]:
    """The names of videos that the tables have and that are not given any more, as they were taken out of a folder.

    Raises MerlabError where their rows would be lost: where none of the given videos has a result in ``out``, so that
    the tables are those of other videos, and for a video whose own result is not in ``out`` any more. A video that
    failed or was skipped has nothing to lose.

    Args:
        out: holds the tables.
        tables: the names of the tables that will be replaced.
        folders: the folder of the result of each given video.

    """
    found = [out / name for name in tables if (out / name).is_file()]
    given = {readable(folder.name) for folder in folders.values()}
    others = {table: [name for name in videos_named(table) if name not in given] for table in found}
    continued = any(map(_is_result, folders.values()))
    lost = {
        table: names
        for table, missing in others.items()
        if (names := [name for name in missing if not (continued and _is_result(out / name))])
    }
    if lost:
        named = first_of(_distinct(lost.values()), MOST_NAMED)
        what = f"{', '.join(map(str, lost))} {'is the table' if len(lost) == 1 else 'are tables'}"
        raise MerlabError(
            f"{what} of other videos ({named}), whose rows would be lost; choose another folder with --out (in Python, "
            "out), or move what is named"
        )
    return _distinct(others.values())


def warn_of_left_out(out: Path, names: Sequence[str], why: str) -> None:
    """Say that the tables of all videos have no rows of these videos any more, ``why``, and where their results are."""
    if names:
        warnings.warn(
            f"the tables of all videos in {out} leave out {first_of(names, MOST_NAMED)} ({why}); the folder of "
            "each result stays",
            stacklevel=3,
        )


def videos_named(table: Path) -> list[str]:
    """The videos in a table of all videos, each once; raises MerlabError for a table that merlab did not write."""
    try:
        with table.open(newline="", encoding="utf-8", errors="replace") as file:
            rows = csv.DictReader(file, restval="")
            columns = rows.fieldnames or ()
            if VIDEO in columns and (STATUS in columns or DURATION in columns):
                return _distinct([[row[VIDEO] for row in rows if row.get(STATUS, DONE) == DONE]])
    except csv.Error:
        pass
    raise MerlabError(f"{table} is not a table that merlab wrote; choose another folder with --out, or move it")


def write_tables(out: Path, folders: Collection[Path]) -> None:
    """Write the tables of all results below each other; all have the same columns, as all have the same options."""
    for name in (EVENTS, WEAK):
        # A result of an earlier version has no table of weak candidates.
        tables = [(folder / name).read_bytes() for folder in folders if (folder / name).is_file()]
        if not tables:
            # What an earlier run found in videos that failed now is no result of this one.
            (out / name).unlink(missing_ok=True)
        else:
            with whole_file(out / name) as aside:
                aside.write_bytes(tables[0] + b"".join(table.partition(b"\n")[2] for table in tables[1:]))


def _is_result(folder: Path) -> bool:
    return (folder / EVENTS).is_file()


def _distinct(lists: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(name for names in lists for name in names))
