"""Read a table file: its suffix decides the format, and its content where programs write another one under it."""

from __future__ import annotations

from pathlib import Path

from merlab.errors import MerlabError, cannot_read
from merlab.given import require_file
from merlab.table_files.damage import COPY_AGAIN
from merlab.table_files.excel import OLD_EXCEL, WORKBOOK, read_xls, read_xlsx
from merlab.table_files.ods import CONTENT, read_ods
from merlab.table_files.parquet import read_parquet
from merlab.table_files.sheets import TableFile
from merlab.table_files.text import read_text
from merlab.table_files.unpacked_size import archive_parts

SUFFIXES = (".csv", ".tsv", ".xlsx", ".ods", ".parquet", ".xls")
TEXT_SUFFIXES = (".csv", ".tsv")
# The first bytes of a zip archive (.xlsx, .ods).
ZIP = b"PK\x03\x04"


def read_lines(path: Path, header_lines: int = 1) -> TableFile:
    """The lines of a table file, without an assumption about its column names; its suffix is one of SUFFIXES.

    ``header_lines``: the column names are among so many first lines; the delimiter of a text is recognized by them.
    Raises MerlabError if the file cannot be read.
    """
    try:
        content = path.read_bytes()
        found = _format_of(path.suffix.lower(), content)
        if found in TEXT_SUFFIXES:
            return read_text(path, content, header_lines)
        return {".xlsx": read_xlsx, ".xls": read_xls, ".ods": read_ods, ".parquet": read_parquet}[found](path, content)
    except OSError as error:
        raise MerlabError(cannot_read(path, error, COPY_AGAIN)) from error


def _format_of(suffix: str, content: bytes) -> str:
    """The suffix that fits the content: programs write spreadsheets of one format, and texts, under that of another.

    A workbook of Excel with a password is one of Excel before 2007 around the encrypted one.
    """
    if suffix in TEXT_SUFFIXES or suffix == ".parquet":
        return suffix
    if content.startswith(OLD_EXCEL) and suffix != ".ods":
        return ".xls"
    if suffix == ".xls" and not content.startswith(ZIP):
        return ".csv"
    parts = {part.filename for part in archive_parts(content)}
    if CONTENT in parts:
        return ".ods"
    return ".ods" if suffix == ".ods" and WORKBOOK not in parts else ".xlsx"


def require_table_file(path: Path, in_folder: str, remedy: str) -> None:
    """Raises MerlabError if ``path`` is not a file with one of SUFFIXES.

    ``in_folder`` is the remedy for a folder, before the tables in it are named; ``remedy`` that for a missing file.
    """
    if path.is_dir():
        raise MerlabError(folder_instead(path, in_folder))
    require_file(path, remedy)
    require_suffix(path, SUFFIXES)


def require_suffix(path: Path, suffixes: tuple[str, ...]) -> None:
    """Raises MerlabError if a table file has none of these suffixes; upper and lower case are equal."""
    if path.suffix.lower() not in suffixes:
        raise MerlabError(f"{path} is not a table that merlab reads; save it as one of {', '.join(suffixes)}")


def folder_instead(folder: Path, remedy: str) -> str:
    """The error for a folder in the place of a table file; names the tables in it, without hidden and lock files."""
    there = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES and path.name[0] not in "~."]
    found = f"it holds {', '.join(map(str, there))}" if there else f"it holds none ({', '.join(SUFFIXES)})"
    return f"{folder} is a folder; {remedy}: {found}"
