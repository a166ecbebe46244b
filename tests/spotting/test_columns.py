"""A CSV whose columns are the fields of a dataclass, written and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
import pytest

from merlab.errors import MerlabError
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


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda text: "", "no column name"),
        (lambda text: text.replace("floor", "flor"), "no column floor"),
        (lambda text: text.replace("p_b", "p_a"), "no column p_a, or has it twice"),
        (lambda text: text[:-5], "line 3 is damaged: it has 6 cells, the line of column names has 7"),
        (lambda text: text.replace(",0.8\n", ",0.8,1\n"), "line 2 is damaged: it has 8 cells"),
        (lambda text: text.replace("0.33333", "0.3x333"), "line 2 is damaged: at_s is '0.3x333', not a number"),
        (lambda text: text.replace("0.33333", ""), "at_s is '', not a number"),
        (lambda text: text.replace(",3,", ",3_0,"), "floor is '3_0', not a number"),
        (lambda text: text.replace(",3,", f",{10**30},"), "floor is '1000000000000000000000000000000', not a number"),
        (lambda text: text.replace(",3,", f",{'9' * 5000},"), "floor is '9999999999999999999999999999999999999999', "),
        (lambda text: text.replace("say", 'say"'), "is damaged"),
        (lambda text: text.replace("NA", "\udc80"), "is damaged .*utf-8"),
    ],
)
def test_a_damaged_file_is_refused_with_its_place_and_what_to_do(path, damage, fault):
    text = damage(path.read_text(encoding="utf-8").replace("\r\n", "\n"))
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    for read in (COLUMNS.read, COLUMNS.read_table):
        with pytest.raises(MerlabError, match=f"visits.csv.*{fault}.*restore the file, or make the result again"):
            read(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MerlabError, match=r"none\.csv cannot be read: No such file"):
        COLUMNS.read(tmp_path / "none.csv")


def test_columns_of_ones_own_and_a_byte_order_mark_do_not_matter(path):
    """As a spreadsheet program writes the file again."""
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\ufeff" + "\n".join(f"{line},mine" for line in lines) + "\n\n", encoding="utf-8")
    assert COLUMNS.read(path) == [COLUMNS.as_written(visit) for visit in VISITS]


@dataclass(frozen=True)
class LaterVisit(Visit):
    why: Annotated[str, Column(absent="not stated")]
    who: Annotated[str, Column(absent="unknown")]


def test_a_column_that_an_earlier_version_did_not_write_has_its_own_text(path):
    later = Columns(LaterVisit, ["a", "b"])
    assert [visit.why for visit in later.read(path)] == ["not stated"] * 2
    assert later.read_table(path)["why"].tolist() == ["not stated"] * 2


def test_where_only_some_later_columns_are_missing_a_name_is_damaged(path):
    path.write_text(
        path.read_text().replace("p_b", "p_b,why,whq").replace("0.8", "0.8,a,b").replace("0.0\n", "0.0,a,b\n")
    )
    with pytest.raises(MerlabError, match="it has no column who, or has it twice"):
        Columns(LaterVisit, ["a", "b"]).read(path)


def test_a_column_that_is_there_twice_is_damaged_also_where_it_may_be_absent(path):
    path.write_text(
        path.read_text().replace("p_b", "p_b,why,why").replace("0.8", "0.8,a,b").replace("0.0\n", "0.0,a,b\n")
    )
    with pytest.raises(MerlabError, match="it has no column why, or has it twice"):
        Columns(LaterVisit, ["a", "b"]).read(path)
