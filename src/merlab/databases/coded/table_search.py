"""Find the coding table of a release below a folder: by its name, by its columns, or as the user named it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path

from merlab.databases.coded.coding_table import CodingTable, read_coding_table, required_columns
from merlab.databases.coded.release import TABLE_SUFFIXES, Release, is_table_file
from merlab.databases.coded.row import Row
from merlab.databases.coded.workbook import OtherTableError, UnclearTableError
from merlab.errors import MerlabError
from merlab.given import require_file
from merlab.outputs.system_files import is_of_system
from merlab.table_files.reading import require_suffix

SEARCH_DEPTH = 4
# Bytes; a coding table has some hundred rows.
LARGEST_TABLE = 5_000_000
MOST_TABLES = 50
CHOOSE = "choose the one to read with --table FILE, or leave only this one"


def walk_folders(root: Path, release: Release) -> Iterator[tuple[Path, list[str], list[str]]]:
    """All folders at and below ``root`` as (folder, folder names, file names); subject folders are not entered.

    Symbolic links are followed, after the other folders; every folder is entered once, and none above ``root``.
    """
    is_subject = release.layout.is_subject
    entered: set[Path] = set()
    for name, folders, files in os.walk(root, followlinks=True):
        folder, real = Path(name), Path(name).resolve()
        above = folder != root and root.resolve().is_relative_to(real)
        if real in entered or above:
            folders.clear()
            continue
        entered.add(real)
        depth = len(folder.relative_to(root).parts)
        listed = sorted(name for name in folders if not is_of_system(name))
        to_enter = [name for name in listed if depth < SEARCH_DEPTH and not is_subject(name)]
        folders[:] = sorted(to_enter, key=lambda name: (folder / name).is_symlink())
        yield folder, listed, sorted(files)


def find_coding_table(
    root: Path, release: Release, present: Set[tuple[str, str]] = frozenset(), remedy: str = CHOOSE
) -> CodingTable:
    """Read the coding table below ``root``; if ``root`` holds subjects, also next to it or one level above.

    A file is the coding table by its name; if no such file is one, by its columns. Of several different tables, those
    are considered that list a clip with a folder: one of the (subject, folder) pairs that are ``present``. Of these the
    newest version is read, and of these the one with micro- and macro-expressions; two files with the same rows are one
    table. Raises MerlabError if there is no table, or if it is not clear which one to read: then with this ``remedy``.
    """
    tables, other = _tables_by_name(root, release)
    unclear: list[MerlabError] = []
    if not tables:
        tables, unclear = _tables_by_columns(root, release)
    if not tables and (unclear or other):
        raise [*unclear, *other.values()][0]
    if not tables:
        raise MerlabError(
            f"{root} has no coding table: searched {SEARCH_DEPTH} levels deep for {release.table.looked_for}, and for "
            f"the columns {', '.join(required_columns(release))} in other tables. It is part of the database: give the "
            "folder that holds the table and the folders of frames, or give the file with --table FILE"
        )
    chosen, unread = _preferred(tables, release.table.versions[-1], present)
    unread += [f"{path} ({error.lacks})" for path, error in other.items()]
    if len(chosen) > 1:
        named = ", ".join(f"{table.path} ({table.version})" for table in tables)
        raise MerlabError(f"{root} has several different coding tables: {named}; {remedy}")
    note = {"tables not read": ", ".join(unread)} if unread else {}
    return replace(chosen[0], facts={**chosen[0].facts, **note})


def _preferred(
    tables: Sequence[CodingTable], newest: str, present: Set[tuple[str, str]]
) -> tuple[Sequence[CodingTable], list[str]]:
    """The tables that are left by each rule that some of them follow, and the others with the reason."""
    rules: Mapping[str, Callable[[CodingTable], bool]] = {
        "it lists no folder that is there": lambda table: not table.listed.isdisjoint(present),
        f"the table of {newest} is preferred": lambda table: table.version == newest,
        "a table with micro- and macro-expressions is preferred": lambda table: any(row.kind for row in table.rows),
    }
    unread: list[str] = []
    for reason, follows in rules.items():
        if any(map(follows, tables)):
            unread += [f"{table.path} ({reason})" for table in tables if not follows(table)]
            tables = list(filter(follows, tables))
    return tables, unread


def table_paths(root: Path, release: Release) -> list[Path]:
    """Table files below ``root`` that may be coding tables by their names; if there are none, those above subjects."""
    return table_files(root, release, release.table.may_be)


def table_files(root: Path, release: Release, wanted: Callable[[Path], bool]) -> list[Path]:
    """The wanted files below ``root``; if there are none and ``root`` holds subjects, those up to two levels above."""
    walked = walk_folders(root, release)
    below = [folder / name for folder, _, files in walked for name in files if wanted(Path(name))]
    if below or not any(release.layout.is_subject(path.name) for path in root.iterdir()):
        return below
    levels = [[path for path in sorted(folder.iterdir()) if wanted(path)] for folder in root.resolve().parents[:2]]
    return next(filter(None, levels), [])


def _tables_by_columns(root: Path, release: Release) -> tuple[list[CodingTable], list[MerlabError]]:
    """The different tables among all small table files, for a coding table under another name, and unclear ones."""
    found: list[CodingTable] = []
    unclear: list[MerlabError] = []
    paths = table_files(root, release, is_table_file)
    for path in [path for path in paths if path.is_file() and path.stat().st_size <= LARGEST_TABLE][:MOST_TABLES]:
        try:
            table = read_coding_table(path, release)
        except UnclearTableError as error:
            unclear.append(error)
        except MerlabError:
            continue
        else:
            how = "by its columns; its name is another one"
            found.append(replace(table, facts={**table.facts, "coding table found": how}))
    return _different(found), unclear


def _tables_by_name(root: Path, release: Release) -> tuple[list[CodingTable], dict[Path, OtherTableError]]:
    """The different tables among the files with the name of a coding table, and why other such files are none."""
    found: list[CodingTable] = []
    other: dict[Path, OtherTableError] = {}
    for path in sorted(table_paths(root, release), key=lambda path: TABLE_SUFFIXES.index(path.suffix.lower())):
        try:
            found.append(read_coding_table(path, release))
        except OtherTableError as error:
            other[path] = error
    return _different(found), other


def _different(tables: Sequence[CodingTable]) -> list[CodingTable]:
    """Of tables with the same rows the first; notes above the column names do not matter."""
    by_rows: dict[tuple[Row, ...], CodingTable] = {}
    for table in tables:
        by_rows.setdefault(tuple(replace(row, number=0, above=0) for row in table.rows), table)
    return list(by_rows.values())


def read_chosen_table(path: Path, release: Release, sheet: str | None = None) -> CodingTable:
    """Read the coding table in a file that the user named; raises MerlabError if it is not one."""
    require_file(path, f"give the file of the coding table of {release.title} (--table)")
    require_suffix(path, TABLE_SUFFIXES)
    return read_coding_table(path, release, sheet)
