"""A CSV whose columns are the fields of a dataclass, written and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
import pytest

from merlab.sinks import CsvSink
from merlab.spotting.columns import Column, Columns, Score, Seconds


@dataclass(frozen=True)
class Visit:
    name: str
    floor: int | None
    at_s: Seconds
    height: Score | None
    kind: Annotated[str, Column(name="class")]
    shares: Annotated[Mapping[str, float], Column("{:.1f}".format, name="p_")]


COLUMNS = Columns(Visit, ["a", "b"])
VISITS = [
    Visit("NA", 3, 1 / 3, 2.0004, "x, y", {"a": 0.25, "b": 0.75}),
    Visit('say "no"', None, 0.0, None, "", {"a": 1.0, "b": 0.0}),
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "visits.csv"
    with CsvSink(path, COLUMNS.names) as sink:
        for visit in VISITS:
            sink.write(COLUMNS.row(visit))
    return path


def test_the_header_has_the_fields_in_their_order_and_one_column_per_key():
    assert COLUMNS.names == ("name", "floor", "at_s", "height", "class", "p_a", "p_b")
    assert Columns(Visit).names == ("name", "floor", "at_s", "height", "class")


def test_a_row_has_each_value_in_its_own_format_and_none_as_an_empty_cell():
    assert COLUMNS.row(VISITS[0]) == ("NA", "3", "0.33333", "2.000", "x, y", "0.2", "0.8")
    assert COLUMNS.row(VISITS[1])[1:4] == ("", "0.00000", "")


def test_what_is_read_is_what_was_written(path):
    assert COLUMNS.read(path) == [COLUMNS.as_written(visit) for visit in VISITS]
    assert COLUMNS.read(path)[0].at_s == 0.33333


def test_a_table_of_records_equals_the_table_of_their_file(path):
    made, read = COLUMNS.table(map(COLUMNS.as_written, VISITS)), COLUMNS.read_table(path)
    pd.testing.assert_frame_equal(made, read, check_exact=True)
    assert read["name"].tolist() == ["NA", 'say "no"']
    assert read["floor"].tolist() == [3, pd.NA]
    assert np.isnan(read["height"].iloc[1])
    assert COLUMNS.table([]).dtypes.equals(read.dtypes)


def test_a_name_that_utf_8_cannot_hold_is_the_same_in_memory_and_in_the_file(tmp_path):
    visit = COLUMNS.as_written(Visit("caf\udce9", None, 0, None, "", {"a": 0, "b": 0}))
    with CsvSink(tmp_path / "visits.csv", COLUMNS.names) as sink:
        sink.write(COLUMNS.row(visit))
    assert COLUMNS.read(tmp_path / "visits.csv") == [visit]
    assert visit.name == "caf\\udce9"
