"""Parquet files as one sheet of text cells."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from merlab.table_files.damage import DAMAGED, unreadable
from merlab.table_files.sheets import TableFile, cell_text, make_sheet
from merlab.table_files.unpacked_size import require_moderate_parquet


def read_parquet(path: Path, content: bytes) -> TableFile:
    """The rows of a file; raises MerlabError if it is damaged, or unpacks to more than a table may have."""
    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        require_moderate_parquet(path, file.metadata)
        table = file.read()
        columns = [[cell_text(cell) for cell in column.to_pylist()] for column in table.columns]
    except (pa.ArrowException, OSError, *DAMAGED) as error:
        raise unreadable(path, "Parquet", error) from error
    lines = ((f"row {number}", cells) for number, cells in enumerate(zip(*columns, strict=True), start=1))
    return TableFile("Parquet", (make_sheet(path.name, [("names", table.column_names), *lines]),))
