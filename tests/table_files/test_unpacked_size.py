"""A small file that unpacks to more than memory holds is refused before it is unpacked."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from merlab.errors import MerlabError
from merlab.table_files import unpacked_size
from merlab.table_files.reading import read_lines
from tests.table_files import test_ods


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["subject", "clip"])
    book.save(path)
    return path


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods"])
def test_a_spreadsheet_that_unpacks_to_more_is_refused(tmp_path, monkeypatch, name):
    path = tmp_path / name
    workbook(path) if path.suffix == ".xlsx" else test_ods.write(path, test_ods.cell("subject"))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("more.xml", bytes(8 * 2**20))
        archive.writestr("picture.png", bytes(8 * 2**20))
    assert path.stat().st_size < 100_000
    assert read_lines(path).sheets[0].header[0] == "subject"
    monkeypatch.setattr(unpacked_size, "MOST_BYTES", 4 * 2**20)
    message = rf"{re.escape(str(path))} unpacks to 8 MiB, more than the 4 MiB that a table may have; split it"
    with pytest.raises(MerlabError, match=message):
        read_lines(path)


def test_a_few_bytes_of_parquet_that_state_five_million_rows_are_refused(tmp_path):
    path = tmp_path / "a.parquet"
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(5_000_000, np.int32)), pa.array(["x"]))
    pq.write_table(pa.table({"subject": words}), path)
    assert path.stat().st_size < 100_000
    with pytest.raises(MerlabError, match=r"a\.parquet has 5000000 rows and 5000000 cells.* at most 4194304 rows"):
        read_lines(path)


def test_a_wide_or_long_table_of_parquet_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({name: ["x" * 100] for name in "abcd"}), path)
    assert read_lines(path).sheets[0].header == tuple("abcd")
    for limit, most in (("MOST_CELLS", 3), ("MOST_BYTES", 100)):
        with monkeypatch.context() as patch:
            patch.setattr(unpacked_size, limit, most)
            with pytest.raises(MerlabError, match="a table may have at most"):
                read_lines(path)
