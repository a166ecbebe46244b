"""What a cell of a table cannot mean."""

from __future__ import annotations

import pytest

from merlab.errors import MerlabError
from merlab.table_files.cell_texts import DATE, FAILED_FORMULA, are_action_units, read_rate, remedy_for_number


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
        "Soft focus",
    ],
)
def test_action_units_as_annotators_write_them(text):
    assert are_action_units(text)


@pytest.mark.parametrize(
    "text",
    ["happy", "#REF!", "Err:502", "-4", "86.5", "120", "4-Oct", "04. Okt", "5. Mai", "2014-04-10", "0012", "9" * 5000],
)
def test_other_cells_are_no_action_units(text):
    assert not are_action_units(text)


def test_action_units_have_numbers_of_facs():
    assert [are_action_units(text) for text in ("0", "1", "98", "12+99", "100")] == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("2014-04-10 00:00:00", "give it the format of a number"),
        ("566,4", "with a decimal point and without separators of thousands"),
        ("1,234", "with a decimal point and without separators of thousands"),
        ("1,234,567.8", "with a decimal point and without separators of thousands"),
        ("1.000", "it may be 1 or 1000"),
        ("12.345", "it may be 12.345 or 12345"),
    ],
)
def test_what_happened_to_a_number_leads_to_its_remedy(cell, words):
    assert words in remedy_for_number(cell)


@pytest.mark.parametrize("cell", ["46", "46.5", "1.0000", "2014-04-10", "five", ",4", "566,4 fps", ""])
def test_of_another_cell_nothing_is_known(cell):
    assert remedy_for_number(cell) == ""


@pytest.mark.parametrize(
    ("cell", "fps"), [("200", 200), ("29.97", 29.97), ("29.970", 29.97), ("60.0", 60), ("2.5", 2.5)]
)
def test_a_rate_that_is_clear_is_read(cell, fps):
    assert read_rate(cell) == fps


@pytest.mark.parametrize("cell", ["1.000", "2.500", "10.000", "0.5", "30 fps", "nan", "1.000.000"])
def test_a_rate_that_may_be_another_is_refused(cell):
    with pytest.raises(MerlabError):
        read_rate(cell)


@pytest.mark.parametrize("text", ["1-Feb", "01. Mrz", "4-oct", "2 juil", "10月4日", "04/10/14", "04.10.14"])
def test_what_a_spreadsheet_makes_of_names_is_known_as_a_date(text):
    assert DATE.search(text)


@pytest.mark.parametrize(
    "text",
    [
        *("#REF!", "#N/A", "#NAME?", "#DIV/0!", "#VALUE!", "#NUM!", "#NULL!", "#SPILL!", "#GETTING_DATA", "Err:502"),
        # German, Spanish, Dutch, Norwegian, Russian.
        *("#WERT!", "#NV", "#¡REF!", "#¿NOMBRE?", "#N/D", "#N/B", "#I/T", "#Н/Д", "#ЗНАЧ!"),
    ],
)
def test_the_error_of_a_formula_is_known_in_the_language_of_its_program(text):
    assert FAILED_FORMULA.fullmatch(text)


@pytest.mark.parametrize("text", ["#1", "#12a", "anna", "# 3", "N/A", "#a/bc", "#1/2", "#nvx"])
def test_a_number_sign_before_a_name_is_no_error(text):
    assert not FAILED_FORMULA.fullmatch(text)
