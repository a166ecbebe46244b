"""The cells of a table from any tool: which columns are read, and what is said of the others."""

from __future__ import annotations

import pandas as pd
import pytest

from merlab.table_files.cells import MissingColumnsError, read_cells


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
