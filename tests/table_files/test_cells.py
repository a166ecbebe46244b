"""The cells of a table from any tool: which columns are read, and what is said of the others."""

from __future__ import annotations

import pandas as pd
import pytest

from merlab.table_files.cells import read_cells


@pytest.mark.parametrize("column", ["AU", "aus", "Action Unit"])
def test_a_column_that_seems_to_be_the_action_units_is_noted(column):
    table = read_cells(pd.DataFrame({"onset": [1], column: ["4"]}), "the table", ("onset",), ("action_units",))
    assert table.notes == (f"the table: the column '{column}' is not read; rename it if it is action_units",)
    assert table.cells.columns.tolist() == ["onset"]


def test_a_column_that_is_read_is_not_taken_for_another_of_nearly_its_name():
    table = read_cells(pd.DataFrame({"onset": [1]}), "the table", ("onset",), ("onset_s",))
    assert table.notes == ()
