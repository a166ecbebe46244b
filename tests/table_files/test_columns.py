"""The cells of a table from any tool: which columns are read, and what is said of the others."""

from __future__ import annotations

import pandas as pd
import pytest
from openpyxl import load_workbook

from merlab.errors import MerlabError
from merlab.table_files.columns import MissingColumnsError, read_cells


@pytest.mark.parametrize("column", ["AU", "aus", "Action Unit"])
def test_a_column_that_seems_to_be_the_action_units_is_noted(column):
    table = read_cells(pd.DataFrame({"onset": [1], column: ["4"]}), "the table", ("onset",), ("action_units",))
    assert table.notes == (f"the table: the column '{column}' is not read; rename it if it is action_units",)
    assert table.cells.columns.tolist() == ["onset"]


def test_a_column_that_is_read_is_not_taken_for_another_of_nearly_its_name():
    table = read_cells(pd.DataFrame({"onset": [1]}), "the table", ("onset",), ("onset_s",))
    assert table.notes == ()


@pytest.mark.parametrize("written", ["onset_s", "Onset s", "ONSET-S", "onset_s\u200b", "OnsetS"])
def test_a_unit_of_measurement_at_the_end_of_a_name_may_be_apart_in_any_way(written):
    table = read_cells(pd.DataFrame({"onset": [1], written: [0.5]}), "the table", ("onset",), ("onset_s",))
    assert table.cells["onset_s"].tolist() == ["0.5"]


def test_a_plural_is_not_a_name_with_a_unit_of_measurement():
    """``onsets`` may be anything, ``frame_s`` are seconds."""
    table = read_cells(pd.DataFrame({"onset": [1], "onsets": ["1; 40"]}), "the table", ("onset",), ("onset_s",))
    assert (list(table.cells), len(table.notes)) == (["onset"], 1)
    with pytest.raises(MissingColumnsError, match="has no column frames"):
        read_cells(pd.DataFrame({"frame_s": [1]}), "the table", ("frames",), ())


@pytest.mark.parametrize("written", ["onset_f", "Onset F", "OnsetF", "onset_ms"])
def test_a_name_with_another_unit_is_not_a_misspelled_one(written):
    """To rename a column of frames or milliseconds to ``onset_s`` would make seconds of them."""
    table = read_cells(pd.DataFrame({"onset": [1], written: [1]}), "the table", ("onset",), ("onset_s",))
    assert table.notes == ()


def test_hidden_rows_and_a_hidden_sheet_of_a_spreadsheet_are_read_with_a_note(tmp_path):
    """As Excel saves a table with a filter, and one sheet behind another."""
    path = tmp_path / "a.xlsx"
    with pd.ExcelWriter(path) as writer:
        pd.DataFrame({"onset": [1, 2, 3]}).to_excel(writer, sheet_name="events", index=False)
        pd.DataFrame({"remark": ["x"]}).to_excel(writer, sheet_name="remarks", index=False)
    book = load_workbook(path)
    book["events"].sheet_state = "hidden"
    book["events"].row_dimensions[3].hidden = True
    book.active = book["remarks"]
    book.save(path)
    table = read_cells(path, "the table", ("onset",), ())
    assert table.cells["onset"].tolist() == ["1", "2", "3"]
    assert table.notes == (
        f"{path}: 1 hidden row: 3; read like all others; delete rows that should not count",
        f"{path}: the sheet events (hidden) is read; show it to see what counts",
    )


def test_formulas_without_a_value_and_merged_cells_matter_in_columns_that_are_read(tmp_path):
    """As openpyxl writes a formula; a column of one's own, and a remark beside the table, may have both."""
    path = tmp_path / "a.xlsx"
    pd.DataFrame({"onset": [1, 2], "offset": [9, 8], "length": [8, 6]}).to_excel(path, index=False)
    book = load_workbook(path)
    book["Sheet1"]["C2"] = "=B2-A2"
    book["Sheet1"].merge_cells("C2:D3")
    book.save(path)
    assert read_cells(path, "the table", ("onset",), ("offset",)).notes == ()
    book["Sheet1"].unmerge_cells("C2:D3")
    book["Sheet1"]["C3"] = "=B3-A3"
    book.save(path)
    with pytest.raises(MerlabError, match="formulas in C2, C3 of the sheet Sheet1 have no values"):
        read_cells(path, "the table", ("onset",), ("length",))
    book["Sheet1"]["C2"], book["Sheet1"]["C3"] = 8, 6
    book["Sheet1"].merge_cells("B2:B3")
    book.save(path)
    (note,) = read_cells(path, "the table", ("onset",), ("offset",)).notes
    assert note.startswith(f"{path}: merged: B2:B3; ")
