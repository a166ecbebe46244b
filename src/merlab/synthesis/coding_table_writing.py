"""Write the coding table with the columns of CASME II's table of 2014; the same rows give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from merlab.storage import whole_file

if TYPE_CHECKING:
    from openpyxl import Workbook

TITLE = "SYNTHETIC micro-expressions (not CASME II)"
COLUMNS = (
    "Subject",
    "Filename",
    None,
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    None,
    "Action Units",
    "Estimated Emotion",
)
SHEETS = ("Sheet1", "Sheet2", "Sheet3")
TIMELESS = datetime(2000, 1, 1)

CodingRow = tuple[str | int | None, ...]


def write_coding_table(path: Path, rows: Iterable[CodingRow]) -> None:
    """Write ``rows``, one value per column of COLUMNS, into the first of three sheets, as in CASME II's table."""
    # Here, because every worker process imports this module, and few write a table.
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(SHEETS[0])
    sheet.append(COLUMNS)
    for row in rows:
        sheet.append(row)
    for name in SHEETS[1:]:
        workbook.create_sheet(name)
    with whole_file(path) as temporary:
        _save_without_times(workbook, temporary)


def _save_without_times(workbook: Workbook, path: Path) -> None:
    """Save a workbook with a fixed time instead of the current time, in its properties and in its zip file."""
    from openpyxl.xml.constants import ARC_CORE
    from openpyxl.xml.functions import tostring

    saved = BytesIO()
    workbook.save(saved)
    workbook.properties.title = TITLE
    workbook.properties.created = workbook.properties.modified = TIMELESS
    properties = tostring(workbook.properties.to_tree())
    with ZipFile(saved) as source, ZipFile(path, "w") as target:
        for name in source.namelist():
            content = properties if name == ARC_CORE else source.read(name)
            target.writestr(ZipInfo(name, TIMELESS.timetuple()[:6]), content, ZIP_DEFLATED)
