"""Limits on what a compressed table may unpack to: a file of a few KiB can state more than memory holds."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from merlab.errors import MerlabError

MEBIBYTE = 2**20
# A sheet of a hundred thousand lines with twenty cells each has less.
MOST_BYTES: Final = 256 * MEBIBYTE
# As many as four sheets of the programs that write them.
MOST_ROWS, MOST_CELLS = 2**22, 2**25
REMEDY = "split it, or leave out what is not needed"


def archive_parts(content: bytes) -> list[zipfile.ZipInfo]:
    """What an archive states about its parts; nothing for content that is not a readable archive."""
    try:
        return zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError, RuntimeError):
        return []


def require_moderate_archive(path: Path, content: bytes) -> None:
    """Raises MerlabError if the XML of a spreadsheet (.xlsx, .ods) unpacks to more than MOST_BYTES; any other passes.

    Python reads no more of a part than the archive states.
    """
    stated = sum(part.file_size for part in archive_parts(content) if part.filename.endswith(".xml"))
    if stated > MOST_BYTES:
        raise MerlabError(
            f"{path} unpacks to {stated // MEBIBYTE} MiB, more than the {MOST_BYTES // MEBIBYTE} MiB that a table may "
            f"have; {REMEDY}"
        )


def require_moderate_parquet(path: Path, metadata: pq.FileMetaData) -> None:
    """Raises MerlabError if a Parquet file has more rows, cells or bytes than a table may have."""
    rows, cells = metadata.num_rows, metadata.num_rows * metadata.num_columns
    stated = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if rows > MOST_ROWS or cells > MOST_CELLS or stated > MOST_BYTES:
        raise MerlabError(
            f"{path} has {rows} rows and {cells} cells, and unpacks to {stated // MEBIBYTE} MiB; a table may have at "
            f"most {MOST_ROWS} rows, {MOST_CELLS} cells and {MOST_BYTES // MEBIBYTE} MiB; {REMEDY}"
        )
