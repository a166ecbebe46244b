"""What the cells of an Excel sheet do not tell: formulas that were never calculated, merged cells, rows not shown."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from posixpath import join, normpath
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from merlab.clips import Finding
from merlab.errors import MerlabError
from merlab.spelling import counted, first_of

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
NAMED = 5


def check_sheet(path: Path, sheet: str, header: int = 0) -> Iterator[Finding]:
    """Findings about hidden rows and merged cells of a sheet of an .xlsx file that was read before; none for others.

    ``header`` is the row of the column names; cells that are merged above it, such as a title, do not matter. Raises
    MerlabError if formulas have no value, because their cells would be read as empty: programs that write a workbook
    without calculating leave them so.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        part = _part_of(archive, sheet) if WORKBOOK in archive.namelist() else None
        content = ElementTree.fromstring(archive.read(part)) if part else Element("none")
    rows = list(content.iter(f"{MAIN}row"))
    unknown = [cell.get("r", "?") for row in rows for cell in row if _is_not_calculated(cell)]
    if unknown:
        raise MerlabError(
            f"{path}: formulas in {first_of(unknown, NAMED)} of the sheet {sheet} have no values; open the file in a "
            "spreadsheet program and save it, so that they are calculated, or write the values themselves"
        )
    hidden = [row.get("r", "?") for row in rows if row.get("hidden") in {"1", "true"} and len(row)]
    if hidden:
        remedy = "read like all others; delete rows that should not count"
        found = f"{counted(len(hidden), 'hidden row')}: {first_of(hidden, NAMED)}"
        yield Finding("handled", path.name, "rows that are shown", found, remedy)
    merged = [each.get("ref", "") for each in content.iter(f"{MAIN}mergeCell")]
    below = [cells for cells in merged if int((re.findall(r"\d+", cells) or [0])[-1]) > header]
    if below:
        remedy = "only the first of merged cells has their value, the others are read as empty; unmerge and fill them"
        found = f"merged: {first_of(below, NAMED)}"
        yield Finding("differs", path.name, "a value of its own in every cell", found, remedy)


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The path of a sheet's part in the archive."""
    sheets = ElementTree.fromstring(archive.read(WORKBOOK)).iter(f"{MAIN}sheet")
    relation = next((each.get(RELATION) for each in sheets if each.get("name") == sheet), None)
    targets = {each.get("Id"): each.get("Target", "") for each in ElementTree.fromstring(archive.read(RELATIONS))}
    part = normpath(join("xl", targets.get(relation, ""))).lstrip("/")
    return part if part in archive.namelist() else None


def _is_not_calculated(cell: Element) -> bool:
    """Whether a cell is a formula without a value; an empty text, which has its type, is a value."""
    return cell.find(f"{MAIN}f") is not None and not cell.findtext(f"{MAIN}v") and cell.get("t") != "str"
