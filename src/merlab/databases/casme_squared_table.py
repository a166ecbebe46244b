"""The coding table of CAS(ME)^2: no line of column names, and folders that other sheets give by naming rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path

from merlab.clips import Finding
from merlab.databases.casme_squared_facts import FOLDERS, STIMULI, SUBJECTS
from merlab.databases.coded.workbook import HEADER_LINES, OtherTableError, Records, only_sheet
from merlab.errors import MerlabError
from merlab.table_files.cell_texts import may_be_thousands
from merlab.table_files.reading import TEXT_SUFFIXES, read_lines
from merlab.table_files.sheet_checks import check_sheet
from merlab.table_files.sheets import Line, Sheet

COLUMNS = ("Subject", "Video", "Onset", "Apex", "Offset", "Action Units", "Emotion", "Type", "Self-report")
FOLDER = "Folder"
KIND = re.compile(r"m(?:i|a)cro", re.IGNORECASE)
KIND_POSITION = COLUMNS.index("Type")
MOMENTS = (COLUMNS.index("Onset"), COLUMNS.index("Offset"))
NUMBER = re.compile(r"-?\d+(\.\d+)?")
SHEET = "CASFEcode_final"
STIMULUS = re.compile(r"([a-z]+\d+)", re.IGNORECASE)


def read_code_final(path: Path) -> Records:
    """The rows of ``CAS(ME)^2code_final.xlsx`` under COLUMNS and FOLDER, with ``s15`` and ``15_0401`` by its rules.

    A line of column names is left out if there is one. A copy without the sheets of naming rules gets the published
    ones. Raises OtherTableError for a table without rows of micro- and macro-expressions in its eighth column, and
    MerlabError if the line of column names states another order of the columns.
    """
    table = read_lines(path, HEADER_LINES)
    coding = [sheet for sheet in table.sheets if any(map(_is_row, sheet.filled))]
    if not coding:
        lacks = f"no line has micro-expression or macro-expression in its column {KIND_POSITION + 1}"
        raise OtherTableError(
            f"{path} is not CAS(ME)^2's coding table: {lacks}; its columns are {', '.join(COLUMNS)}, without a line of "
            "column names",
            lacks,
        )
    cells = {sheet.name: [line.cells for line in sheet.filled] for sheet in coding}
    coded = only_sheet(path, coding, [SHEET], cells)
    lines = [line for number, line in enumerate(coded.filled) if number or not _is_header(line)]
    if lines[0] is not coded.filled[0]:
        _require_order(path, coded.filled[0])
    rules = [sheet for sheet in table.sheets if sheet not in coding]
    numbers = {cells[0] for cells in _padded(filter(_is_row, lines))}
    # 15 to 22 are numbers of subjects and of folders; the others decide.
    published = max(SUBJECTS, FOLDERS, key=lambda rule: len(numbers & rule.keys()))
    subjects = _subjects(rules, numbers) or published
    stimuli = _stimuli(rules) or STIMULI
    rows = {line.number: _row(line, subjects, stimuli) for line in lines}
    sheet = "" if path.suffix.lower() in TEXT_SUFFIXES else coded.title
    findings = (*table.findings, *check_sheet(path, coded.name), *_two_meanings(path, numbers, subjects))
    return Records(table.document_title, (*COLUMNS, FOLDER), rows, findings, sheet)


def _is_row(line: Line) -> bool:
    return len(line.cells) > KIND_POSITION and KIND.match(line.cells[KIND_POSITION]) is not None


def _is_header(line: Line) -> bool:
    """Whether a line has column names: it has texts where the numbers of onset and offset should be."""
    moments = [line.cells[position] for position in MOMENTS if position < len(line.cells)]
    return not any(NUMBER.fullmatch(cell) for cell in moments) and not _is_row(line)


def _require_order(path: Path, header: Line) -> None:
    """Raises MerlabError if a column has the name of another one: columns are read by their places."""
    for position, name in enumerate(header.cells):
        meant = next((column for column in COLUMNS if name.lower().startswith(column.lower())), None)
        if meant and position != COLUMNS.index(meant):
            raise MerlabError(
                f"{path}: column {position + 1} is called {name}, but it should be column {COLUMNS.index(meant) + 1}; "
                f"put the columns into the order of the release: {', '.join(COLUMNS)}"
            )


def _two_meanings(path: Path, numbers: Set[str], subjects: Mapping[str, str]) -> Iterator[Finding]:
    """A finding if all subjects are numbers from 15 to 22, which may be those of folders."""
    known = sorted(numbers & subjects.keys())
    if known and all(number in FOLDERS and FOLDERS[number] != subjects[number] for number in known):
        read = ", ".join(f"{number} is {subjects[number]}" for number in known)
        remedy = f"read as numbers of subjects: {read}; if they are those of folders, write s{known[0]} and so on"
        yield Finding(
            "differs", path.name, "numbers that are of subjects or of folders alone", ", ".join(known), remedy
        )


def _row(line: Line, subjects: Mapping[str, str], stimuli: Mapping[str, str]) -> dict[str, str]:
    cells = dict(zip(COLUMNS, (*line.cells, *[""] * len(COLUMNS)), strict=False))
    cells = {heading: _number(cell) for heading, cell in cells.items()}
    subject, match = subjects.get(cells["Subject"].lower()), STIMULUS.match(cells["Video"])
    stimulus = stimuli.get(match[1].lower()) if match else None
    folder = f"{subject[1:]}_{stimulus}" if subject and stimulus else f"{cells['Video']} (in no naming rule)"
    return {**cells, "Subject": subject or f"{cells['Subject']} (in no naming rule)", FOLDER: folder}


def _subjects(rules: Sequence[Sheet], numbers: set[str]) -> dict[str, str]:
    """``1`` -> ``s15`` from the sheet that has all ``numbers`` of subjects in one column; empty if there is none.

    The folders are in the first other column of published ones, with or without ``s``; a count of rows is none.
    """
    for sheet in rules:
        columns = list(zip(*_padded(sheet.filled), strict=True))
        keys = [column for column in columns if numbers <= set(column)]
        names = [
            column for column in columns if column not in keys and {*column} - {""} and {*column} <= {"", *FOLDERS}
        ]
        if keys and names:
            return {key: FOLDERS[name] for key, name in zip(keys[-1], names[0], strict=True) if name}
    return {}


def _stimuli(rules: Sequence[Sheet]) -> dict[str, str]:
    """``anger1`` -> ``0401`` from the sheet that has such pairs; empty if there is none."""
    found: dict[str, str] = {}
    for cells in (line.cells for sheet in rules for line in sheet.filled):
        names = [cell.lower() for cell in cells if STIMULUS.fullmatch(cell)]
        codes = [cell for cell in cells if re.fullmatch(r"\d{3,4}", cell)]
        if names and codes:
            found[names[0]] = f"{int(codes[0]):04d}"
    return found


def _padded(lines: Iterable[Line]) -> list[tuple[str, ...]]:
    """The cells of lines of one length; lower case, whole numbers as ``_number`` has them."""
    rows = [[_number(cell.lower()) for cell in line.cells] for line in lines]
    width = max(map(len, rows), default=0)
    return [(*row, *[""] * (width - len(row))) for row in rows]


def _number(cell: str) -> str:
    """``7`` for 7.0 and 07, which a format of the cells may show; any other text as it is, also 7.000, as for 7000."""
    return cell if may_be_thousands(cell) else re.sub(r"^(-?)0*(\d+)(?:\.0+)?$", r"\1\2", cell)
