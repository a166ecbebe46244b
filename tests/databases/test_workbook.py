"""The line of column names on any sheet of a table file, and the lines below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from merlab.databases.coded.workbook import OtherTableError, Records, UnclearTableError, read_records
from merlab.errors import MerlabError

WANTED = ("Subject", "Onset Frame")


def read_text(folder: Path, *lines: str, name: str = "a.csv", **options: Any) -> Records:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return read_records(path, "a table", WANTED, **options)


def read_sheets(folder: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], **options: Any) -> Records:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, lines in sheets.items():
        sheet = workbook.create_sheet(name)
        for line in lines:
            sheet.append(line)
    workbook.save(folder / "a.xlsx")
    return read_records(folder / "a.xlsx", "a table", WANTED, **options)


class TestTheColumnNames:
    @pytest.mark.parametrize("heading", ["onset_frame", "OnsetFrame", "ONSET FRAME", "onset frame."])
    def test_matter_without_case_blanks_and_punctuation(self, tmp_path, heading):
        assert read_text(tmp_path, f"{heading},subject", "46,1").rows == {2: {"Subject": "1", "Onset Frame": "46"}}

    def test_may_be_in_the_first_40_lines(self, tmp_path):
        notes = [f"note {number}" for number in range(1, 41)]
        read = read_text(tmp_path, *notes[:39], "Subject,Onset Frame", "1,46", "2,47")
        assert {number: cells["Subject"] for number, cells in read.rows.items()} == {41: "1", 42: "2"}
        with pytest.raises(OtherTableError, match="it lacks the columns Subject, Onset Frame; found note 1, wanted"):
            read_text(tmp_path, *notes, "Subject,Onset Frame", "1,46")

    def test_that_are_optional_are_read_where_they_are_there(self, tmp_path):
        lines = ("Subject,Remark,Onset Frame,Label", "1,a,46,x")
        read = read_text(tmp_path, *lines, optional=["Label", "Apex"])
        assert (read.headings, read.rows[2]) == (
            ("Subject", "Onset Frame", "Label"),
            {"Subject": "1", "Onset Frame": "46", "Label": "x"},
        )

    def test_that_are_absent_are_named_with_all_that_are_wanted(self, tmp_path):
        with pytest.raises(
            OtherTableError,
            match=r"a\.csv is not a table: it lacks the columns Onset Frame; found Subject, Label, wanted Subject, "
            r"Onset Frame, Label, Apex; rename its columns",
        ):
            read_text(tmp_path, "Subject,,Label", "1,,x", optional=["Label", "Apex"])

    def test_without_rows_below_are_refused(self, tmp_path):
        with pytest.raises(MerlabError, match=r"a\.csv has column names but no rows; copy it again from the original"):
            read_text(tmp_path, "Subject,Onset Frame", ",")


class TestTheCells:
    def test_of_a_short_line_of_a_text_are_empty_at_its_end(self, tmp_path):
        rows = read_text(tmp_path, "Subject,Onset Frame", "1", "2,47").rows
        assert [cells["Onset Frame"] for cells in rows.values()] == ["", "47"]

    @pytest.mark.parametrize(("cell", "text"), [("46.0", "46"), ("46.00", "46"), ("46.5", "46.5"), ("1.0.0", "1.0.0")])
    def test_that_are_whole_numbers_are_read_without_their_fraction(self, tmp_path, cell, text):
        assert read_text(tmp_path, "Subject,Onset Frame", f"1,{cell}").rows[2]["Onset Frame"] == text

    def test_that_moved_the_others_are_one_fault_and_no_remark(self, tmp_path):
        read = read_text(tmp_path, "Subject,Onset Frame", "1,4,6", "2,47")
        assert set(read.faults) == {2}
        assert not read.findings

    def test_right_of_all_names_are_reported_also_below_no_name(self, tmp_path):
        lines: list[list[Any]] = [
            ["Subject", "Onset Frame"],
            ["1", 46, None, "a"],
            ["2", 47],
            ["3", 48, "b"],
            ["4", None, "c"],
        ]
        (finding,) = read_sheets(tmp_path, {"S": lines}).findings
        assert (finding.expected, finding.found) == (
            "nothing right of column Onset Frame",
            "a cell there in 2 rows: 2, 4",
        )


ROWS: list[list[Any]] = [["Subject", "Onset Frame"], ["1", 46]]
OTHER: list[list[Any]] = [["Subject", "Onset Frame"], ["2", 47]]


class TestTheSheet:
    def test_that_has_all_columns_is_read(self, tmp_path):
        partly: list[list[Any]] = [["Subject", "Label"], ["1", "x"]]
        assert read_sheets(tmp_path, {"notes": partly, "coding": ROWS}).sheet == "coding"

    def test_without_rows_is_not_read(self, tmp_path):
        assert read_sheets(tmp_path, {"empty": ROWS[:1], "coding": ROWS}).sheet == "coding"

    def test_with_most_of_the_columns_is_named_where_none_has_all(self, tmp_path):
        partly: list[list[Any]] = [["Subject", "Label"], ["1", "x"]]
        for sheets in ({"a": partly, "b": [["x", "y"]]}, {"b": [["x", "y"]], "a": partly}):
            with pytest.raises(OtherTableError, match="it lacks the columns Onset Frame; found Subject, Label"):
                read_sheets(tmp_path, sheets)

    def test_is_the_first_one_of_equal_sheets(self, tmp_path):
        assert read_sheets(tmp_path, {"a": ROWS, "b": ROWS}).sheet == "a"

    @pytest.mark.parametrize("other", [[["Subject", "Onset Frame", "AU"], ["1", 46, "4+9"]], ROWS])
    def test_is_unclear_where_sheets_differ_in_an_optional_column(self, tmp_path, other):
        sheets = {"a": [["Subject", "Onset Frame", "AU"], ["1", 46, "4"]], "b": other}
        with pytest.raises(UnclearTableError, match="several sheets have the columns of the table: a, b; delete all"):
            read_sheets(tmp_path, sheets, optional=["AU"])
        assert read_sheets(tmp_path, sheets).sheet == "a"

    @pytest.mark.parametrize(
        ("preferred", "sheet"),
        [(["second", "third"], "second"), (["third", "second"], "third"), (["fourth", "SECOND"], "second")],
    )
    def test_is_that_of_the_name_that_is_preferred_most(self, tmp_path, preferred, sheet):
        sheets = {"first": ROWS, "second": OTHER, "third": [*ROWS, ["3", 1]]}
        assert read_sheets(tmp_path, sheets, preferred=preferred).sheet == sheet

    def test_is_the_first_one_of_two_with_the_preferred_name(self, tmp_path):
        assert read_sheets(tmp_path, {"Micro only": ROWS, "MICRO_ONLY": OTHER}, preferred=["micro-only"]).sheet == (
            "Micro only"
        )

    def test_that_is_wanted_is_read_and_a_text_has_none(self, tmp_path):
        assert read_sheets(tmp_path, {"a": ROWS, "b": OTHER}, sheet="B").rows[2]["Subject"] == "2"
        read = read_text(tmp_path, "Subject,Onset Frame", "1,46", name="a.CSV", sheet="B")
        assert (read.sheet, read.rows[2]["Subject"]) == ("", "1")

    def test_that_is_wanted_and_absent_is_named_with_those_that_are_there(self, tmp_path):
        with pytest.raises(MerlabError, match=r"a\.xlsx has no sheet c; it has a, b; give the right sheet the name c"):
            read_sheets(tmp_path, {"a": ROWS, "b": OTHER}, sheet="c")
