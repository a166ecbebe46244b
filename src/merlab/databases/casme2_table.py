"""CASME II's coding table: find it below a folder, read its rows, compare it with what was published."""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from merlab.databases import casme2_facts as facts
from merlab.databases.base import Finding
from merlab.errors import MerlabError

TABLE_PATTERN = re.compile(r"^(?![~.]).*coding.*\.xlsx$", re.IGNORECASE)
SUBJECT_FOLDER = re.compile(r"^sub\d\d$", re.IGNORECASE)
SEARCH_DEPTH = 4

EMOTION = "Estimated Emotion"
FRAME_COLUMNS = ("OnsetFrame", "ApexFrame", "OffsetFrame")
REQUIRED = ("Subject", "Filename", *FRAME_COLUMNS, EMOTION)
ACTION_UNITS = "Action Units"
OBJECTIVE_CLASSES = "Objective Classes"
SYNTHETIC = "SYNTHETIC"
MANIFEST = "SYNTHETIC_manifest.json"
NO_APEX = {"", "/"}
CLIP_NAME = re.compile(r"\w[\w .-]*")

Record = Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """One row of a coding table; ``number`` is its line in the sheet, ``apex`` None where the table gives none."""

    number: int
    subject: str
    clip: str
    onset: int
    apex: int | None
    offset: int
    action_units: str
    emotion: str

    @property
    def where(self) -> str:
        """The clip and its line, as findings name it."""
        return f"{self.subject} {self.clip} (row {self.number})"


@dataclass(frozen=True)
class CodingTable:
    """A coding table as read: ``version`` is 2014, 2019 or SYNTHETIC, ``findings`` are the faults of its rows.

    ``listed`` are all (subject, clip) pairs that some row names, faulty rows included.
    """

    path: Path
    version: str
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    listed: frozenset[tuple[str, str]]
    facts: Mapping[str, str]

    @property
    def synthetic(self) -> bool:
        """Whether the clips are synthetic, by the table's name or title, or by a manifest beside it."""
        return self.version == SYNTHETIC


def walk_folders(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Folders at and below ``root`` with the names of their folders and files; subject folders are not entered."""
    for folder, folders, files in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        listed = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in listed if depth < SEARCH_DEPTH and not SUBJECT_FOLDER.match(name)]
        yield Path(folder), listed, sorted(files)


def find_coding_table(root: Path) -> CodingTable:
    """Read the coding table that lies below ``root``, or beside or one level above it where ``root`` holds subjects.

    Of several different tables that of 2019 is read. Raises MerlabError when there is none, or when it is not clear
    which one to read.
    """
    paths = _table_paths(root)
    if not paths:
        raise MerlabError(
            f"{root} holds no coding table: looked {SEARCH_DEPTH} levels deep for *coding*.xlsx, such as "
            "CASME2-coding-20140508.xlsx or CASME2-coding-20190701.xlsx, which come with the database; "
            "give the folder that holds the table and the folders of frames"
        )
    by_content: dict[str, Path] = {}
    for path in paths:
        by_content.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path)
    tables = [read_coding_table(path) for path in by_content.values()]
    chosen = [table for table in tables if table.version == "2019"] if len(tables) > 1 else tables
    if len(chosen) != 1:
        named = ", ".join(f"{table.path} ({table.version})" for table in tables)
        raise MerlabError(
            f"{root} holds several different coding tables: {named}; leave only the one that merlab is to read"
        )
    unread = [str(table.path) for table in tables if table is not chosen[0]]
    note = {"tables not read": f"{', '.join(unread)} (the table of 2019 comes first)"} if unread else {}
    return replace(chosen[0], facts={**chosen[0].facts, **note})


def _table_paths(root: Path) -> list[Path]:
    """Workbooks below ``root`` that may be coding tables; where ``root`` holds subjects, else those above it."""
    below = [folder / name for folder, _, files in walk_folders(root) for name in files if TABLE_PATTERN.match(name)]
    if below or not any(SUBJECT_FOLDER.match(path.name) for path in root.iterdir()):
        return below
    levels = [
        [path for path in sorted(folder.iterdir()) if TABLE_PATTERN.match(path.name)]
        for folder in root.resolve().parents[:2]
    ]
    return next(filter(None, levels), [])


def read_coding_table(path: Path) -> CodingTable:
    """Read one coding table: columns by name, numbers and action units as text or as numbers.

    Raises MerlabError when the file is not a workbook, holds no rows, or lacks a column.
    """
    title, header, lines = _read_sheet(path)
    positions = {_normal(text): position for position, text in enumerate(header) if text}
    missing = [column for column in REQUIRED if _normal(column) not in positions]
    if missing:
        raise MerlabError(
            f"{path} is not CASME II's coding table: it lacks the columns {', '.join(missing)}; "
            f"found {', '.join(filter(None, header))}, wanted {', '.join((*REQUIRED, ACTION_UNITS))}"
        )
    columns = [column for column in (*REQUIRED, ACTION_UNITS, OBJECTIVE_CLASSES) if _normal(column) in positions]
    records = {
        number: {column: line[positions[_normal(column)]] for column in columns}
        for number, line in enumerate(lines, start=2)
        if any(line)
    }
    if not records:
        raise MerlabError(f"{path} holds column names but no rows; copy it again from the original")
    synthetic = SYNTHETIC in path.name or SYNTHETIC in title or (path.parent / MANIFEST).exists()
    return _check_records(path, columns, records, synthetic=synthetic)


def _read_sheet(path: Path) -> tuple[str, list[str], list[list[str]]]:
    """Title of the workbook, first line and other lines of its first sheet that holds anything, all cells as text."""
    try:
        workbook = openpyxl.load_workbook(path, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, OSError) as error:
        raise MerlabError(
            f"{path} cannot be read as an Excel workbook ({error}); copy it again from the original"
        ) from error
    for sheet in workbook.worksheets:
        lines = [[_text(cell) for cell in line] for line in sheet.iter_rows(values_only=True)]
        if any(map(any, lines)):
            return workbook.properties.title or "", lines[0], lines[1:]
    raise MerlabError(f"{path} holds only empty sheets; copy it again from the original")


def _check_records(path: Path, columns: list[str], records: Mapping[int, Record], *, synthetic: bool) -> CodingTable:
    parsed = [_parse(number, record, path.name) for number, record in records.items()]
    rows = [row for row in parsed if isinstance(row, Row)]
    unique, repeated = _without_repeats(rows)
    findings = [fault for fault in parsed if isinstance(fault, Finding)]
    findings += [*repeated, *_strange_emotions(unique)]
    if ACTION_UNITS not in columns:
        remedy = "clips are read without action units; take the original table where they are needed"
        findings.append(Finding("differs", path.name, f"a column {ACTION_UNITS}", "none", remedy))
    emotions = Counter(record[EMOTION].lower() for record in records.values())
    version, reason = _version(emotions, OBJECTIVE_CLASSES in columns, synthetic)
    if not synthetic:
        findings += _against_published(path.name, version, len(records), emotions, rows)
    stated = {
        "coding table": str(path),
        "table version": f"{version} ({reason})",
        "rows": str(len(records)),
        "emotions": describe_counts(emotions),
    }
    if OBJECTIVE_CLASSES in columns:
        classes = describe_counts(Counter(record[OBJECTIVE_CLASSES] for record in records.values()))
        published = describe_counts(facts.OBJECTIVE_CLASSES_2014)
        stated["objective classes"] = f"{classes} (published with the table of 2014: {published})"
    listed = frozenset((parse_subject(record["Subject"]) or "", record["Filename"]) for record in records.values())
    return CodingTable(path, version, tuple(unique), tuple(findings), listed, stated)


def _version(emotions: Mapping[str, int], has_objective_classes: bool, synthetic: bool) -> tuple[str, str]:
    """Which table this is, and what says so."""
    if synthetic:
        return SYNTHETIC, "it says so itself, or a manifest beside it does"
    for version, published in facts.EMOTIONS.items():
        if dict(emotions) == published:
            return version, "by its counts of emotions"
    if has_objective_classes:
        return "2019", f"by its column {OBJECTIVE_CLASSES}; its counts are not the published ones"
    return "2014", f"it has no column {OBJECTIVE_CLASSES}; its counts are not the published ones"


def parse_subject(text: str) -> str | None:
    """``sub01`` for '01', '1', '1.0' or 'sub01'; None for anything else."""
    match = re.fullmatch(r"(?:sub)?\s*(\d{1,2})(?:\.0)?", text.strip(), re.IGNORECASE)
    return f"sub{int(match.group(1)):02d}" if match else None


def _parse(number: int, record: Record, table: str) -> Row | Finding:
    """A row, or the finding that says why it cannot be one."""
    subject, clip = parse_subject(record["Subject"]), record["Filename"]
    where = f"{subject} {clip} (row {number})" if subject and clip else f"{table}, row {number}"

    def fault(expected: str, found: str) -> Finding:
        return Finding("unusable", where, expected, found, "correct the row, or copy the table again from the original")

    if subject is None:
        return fault("a subject such as 01 in column Subject", repr(record["Subject"]))
    if not CLIP_NAME.fullmatch(clip):
        return fault("a clip name such as EP02_01f in column Filename", repr(clip))
    onset, apex, offset = (_frame_number(record[column]) for column in FRAME_COLUMNS)
    for column, number_read in zip(FRAME_COLUMNS, (onset, apex, offset), strict=True):
        if number_read is None and not (column == "ApexFrame" and record[column] in NO_APEX):
            return fault(f"a frame number from 1 up in column {column}", repr(record[column]))
    assert onset is not None
    assert offset is not None
    known = [onset, offset] if apex is None else [onset, apex, offset]
    if known != sorted(known) or onset == offset:
        found = f"onset {onset}, apex {'none' if apex is None else apex}, offset {offset}"
        return fault("onset <= apex <= offset and onset < offset", found)
    return Row(number, subject, clip, onset, apex, offset, record.get(ACTION_UNITS, ""), record[EMOTION].lower())


def _without_repeats(rows: list[Row]) -> tuple[list[Row], list[Finding]]:
    """Rows whose clip occurs once, or every time alike; the findings about the others."""
    by_clip: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_clip.setdefault((row.subject, row.clip), []).append(row)
    unique, findings = [], []
    for (subject, clip), same in by_clip.items():
        contents = {(row.onset, row.apex, row.offset, row.action_units, row.emotion) for row in same}
        if len(contents) == 1:
            unique.append(same[0])
        if len(same) > 1:
            found = "rows " + ", ".join(str(row.number) for row in same)
            alike = len(contents) == 1
            findings.append(
                Finding(
                    "differs" if alike else "unusable",
                    f"{subject} {clip}",
                    "one row a clip",
                    f"{found}, {'all alike' if alike else 'which contradict each other'}",
                    "the clip counts once" if alike else "remove the wrong rows from the table",
                )
            )
    return unique, findings


def _strange_emotions(rows: list[Row]) -> list[Finding]:
    known = list(facts.EMOTIONS["2014"])
    findings = []
    for row in rows:
        if row.emotion not in known:
            close = get_close_matches(row.emotion, known, n=1)
            hint = f"correct it to {close[0]}? " if close else ""
            remedy = f"{hint}label schemes leave out emotions that they do not know"
            findings.append(Finding("differs", row.where, f"one of {', '.join(known)}", repr(row.emotion), remedy))
    return findings


def _against_published(
    table: str, version: str, rows: int, emotions: Mapping[str, int], parsed: list[Row]
) -> Iterator[Finding]:
    remedy = "report the number of clips and the copy of the table with every result, or take the original table"
    if rows != facts.ROWS:
        yield Finding("differs", table, f"{facts.ROWS} rows", f"{rows} rows", remedy)
    published = facts.EMOTIONS[version]
    if dict(emotions) != published:
        yield Finding("differs", table, f"emotions {describe_counts(published)}", describe_counts(emotions), remedy)
    found = Counter(row.subject for row in parsed)
    expected = facts.CLIPS_PER_SUBJECT
    for subject in sorted({*found, *expected}):
        if found[subject] != expected.get(subject, 0):
            where = f"{table}, {subject}"
            yield Finding("differs", where, f"{expected.get(subject, 0)} rows", f"{found[subject]} rows", remedy)


def describe_counts(counts: Mapping[str, int]) -> str:
    """``others 99, disgust 63``: largest first, then by name."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name or '(empty)'} {count}" for name, count in ordered)


def _frame_number(text: str) -> int | None:
    match = re.fullmatch(r"(\d+)(?:\.0+)?", text)
    return int(match.group(1)) or None if match else None


def _text(cell: Any) -> str:
    """A cell as text: '4' for 4 and 4.0, '' for an empty one."""
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _normal(column: str) -> str:
    """Column names alike for 'OnsetFrame', 'Onset Frame' and 'onsetframe'."""
    return re.sub(r"[^a-z]", "", column.lower())
