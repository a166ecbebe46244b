"""What a cell of a table cannot mean."""

from __future__ import annotations

import pytest

from merlab.databases.cell_texts import DATE, FAILED_FORMULA, are_action_units


@pytest.mark.parametrize(
    "text",
    [
        "12",
        "4+L10",
        "R1+R2",
        "4D+9B",
        "(R6 or R12)+R15",
        "10A/B",
        "4/9/10",
        "12 (out of focus)",
        "ref(43)",
        "4+7(k)",
        "?",
        "",
        "1-2-5",
    ],
)
def test_action_units_as_annotators_write_them(text):
    assert are_action_units(text)


@pytest.mark.parametrize("text", ["happy", "#REF!", "-4", "86.5", "120", "4-Oct", "04. Okt", "5. Mai", "2014-04-10"])
def test_other_cells_are_no_action_units(text):
    assert not are_action_units(text)


@pytest.mark.parametrize("text", ["1-Feb", "01. Mrz", "4-oct", "2 juil", "10月4日", "04/10/14", "04.10.14"])
def test_what_a_spreadsheet_makes_of_names_is_known_as_a_date(text):
    assert DATE.search(text)


@pytest.mark.parametrize("text", ["#REF!", "#N/A", "#NAME?", "#DIV/0!", "#WERT!", "#NV", "Err:502"])
def test_the_error_of_a_formula_is_known(text):
    assert FAILED_FORMULA.fullmatch(text)


@pytest.mark.parametrize("text", ["#1", "#12a", "anna", "# 3", "N/A"])
def test_a_number_sign_before_a_name_is_no_error(text):
    assert not FAILED_FORMULA.fullmatch(text)
