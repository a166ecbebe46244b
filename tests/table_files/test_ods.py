"""An OpenDocument spreadsheet: cells have their values, whatever the language in which they are shown.

The documents are as LibreOffice and Apache OpenOffice write them (OpenDocument 1.2).
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from merlab.errors import MerlabError
from merlab.table_files.ods import ods_document, ods_sheets
from merlab.table_files.reading import read_lines

NAMES = " ".join(
    f'xmlns:{part}="urn:oasis:names:tc:opendocument:xmlns:{part}:1.0"' for part in ("office", "table", "text", "style")
)
EMPTY = "<table:table-cell/>"


def cell(shown: str, kind: str = "string", **values: str) -> str:
    stated = "".join(f' office:{name.replace("_", "-")}="{value}"' for name, value in values.items())
    return f'<table:table-cell office:value-type="{kind}"{stated}><text:p>{shown}</text:p></table:table-cell>'


def write(path: Path, *rows: str, name: str = "Table1") -> Path:
    """A document with one sheet of these rows: each the cells of a row, or a whole element."""
    lines = "".join(row if "table-row" in row else f"<table:table-row>{row}</table:table-row>" for row in rows)
    sheet = f'<office:spreadsheet><table:table table:name="{name}">{lines}</table:table></office:spreadsheet>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml", f"<office:document {NAMES}><office:body>{sheet}</office:body></office:document>"
        )
    return path


def read(path: Path, *rows: str) -> list[tuple[str, ...]]:
    """The cells of the lines that are not empty, as texts."""
    (sheet,) = read_lines(write(path / "a.ods", *rows)).sheets
    return [line.cells for line in sheet.filled]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (cell("WAHR", "boolean", boolean_value="true"), "True"),
        (cell("FAUX", "boolean", boolean_value="false"), "False"),
        (cell("46,5", "float", value="46.5"), "46.5"),
        (cell("46", "float", value="46"), "46"),
        (cell("50 %", "percentage", value="0.5"), "0.5"),
        (cell("4,00 €", "currency", value="4"), "4"),
        (cell("10.04.14", "date", date_value="2014-04-10"), "2014-04-10 00:00:00"),
        (cell("10.04.14 03:04", "date", date_value="2014-04-10T03:04:05"), "2014-04-10 03:04:05"),
        (cell("03:04", "time", time_value="PT03H04M05S"), "03:04"),
        (cell("007"), "007"),
        (cell("46,0", "float", value="46"), "46"),
        (cell("46", "float", value="45.7"), "45.7"),
    ],
)
def test_a_cell_is_read_by_its_value_and_not_as_it_is_shown(tmp_path, written, text):
    assert read(tmp_path, written) == [(text,)]


@pytest.mark.parametrize("shown", ["007", "sub007", "s7"])
def test_a_number_that_is_shown_as_a_name_is_read_as_this_name(tmp_path, shown):
    assert read(tmp_path, cell(shown, "float", value="7")) == [(shown,)]
    assert read(tmp_path, cell(shown, "float", value="7.2")) == [("7.2",)]


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!", "#WERT!", "Err:502"])
@pytest.mark.parametrize(("kind", "values"), [("float", {"value": "0"}), ("string", {"string_value": ""})])
def test_the_error_of_a_formula_is_neither_the_number_0_nor_an_empty_cell(tmp_path, error, kind, values):
    assert read(tmp_path, cell(error, kind, **values)) == [(error,)]


def test_the_blanks_and_lines_of_a_text_are_kept_and_notes_are_not_part_of_it(tmp_path):
    text = 'a<text:s text:c="2"/>b<text:tab/>c<text:span>d<text:s/></text:span>e</text:p><text:p>f'
    note = cell("g").replace("<text:p>", "<office:annotation><text:p>a note</text:p></office:annotation><text:p>")
    inside = cell("h<office:annotation><text:p>a note</text:p></office:annotation>i<text:line-break/>j")
    assert read(tmp_path, cell(text) + note + inside) == [("a  b\tcd e\nf", "g", "hi\nj")]


def test_cells_and_lines_may_be_repeated(tmp_path):
    twice = cell("b").replace("table-cell ", 'table-cell table:number-columns-repeated="2" ', 1)
    gap = '<table:table-cell table:number-columns-repeated="3"/>'
    row = f'<table:table-row table:number-rows-repeated="2">{cell("d")}</table:table-row>'
    assert read(tmp_path, cell("a") + twice + gap + cell("c"), row) == [
        ("a", "b", "b", "", "", "", "c"),
        *[("d", "", "", "", "", "", "")] * 2,
    ]


def test_a_line_keeps_its_number_below_empty_ones_and_those_at_the_end_are_left_out(tmp_path):
    end = f'<table:table-row table:number-rows-repeated="1048570">{EMPTY}</table:table-row>'
    below = f'<table:table-row table:number-rows-repeated="3">{EMPTY}</table:table-row>'
    path = write(tmp_path / "a.ods", cell("a"), below, EMPTY, cell("b"), end)
    assert [(line.number, line.cells) for line in read_lines(path).sheets[0].filled] == [(1, ("a",)), (6, ("b",))]
    assert len(ods_sheets(ods_document(path.read_bytes()))["Table1"]) == 6


def test_a_million_empty_lines_below_many_columns_are_no_cells(tmp_path):
    line = cell("a").replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="40"')
    end = f'<table:table-row table:number-rows-repeated="1048575">{EMPTY}</table:table-row>'
    assert ods_sheets(ods_document(write(tmp_path / "a.ods", line, end).read_bytes())) == {"Table1": [["a"] * 40]}


def test_a_sheet_may_begin_with_empty_lines_and_cells_or_be_empty(tmp_path):
    assert ods_sheets(ods_document(write(tmp_path / "a.ods", EMPTY, EMPTY + cell("a")).read_bytes())) == {
        "Table1": [["", ""], ["", "a"]]
    }
    all_lines = f'<table:table-row table:number-rows-repeated="1048576">{EMPTY}</table:table-row>'
    assert ods_sheets(ods_document(write(tmp_path / "b.ods", all_lines).read_bytes())) == {"Table1": []}


def test_a_cell_that_a_merged_one_covers_is_empty(tmp_path):
    covered = cell("hidden").replace("table:table-cell", "table:covered-table-cell")
    assert read(tmp_path, cell("a") + covered + cell("b")) == [("a", "", "b")]


def test_a_sheet_that_its_style_hides_is_hidden(tmp_path):
    """The attribute table:display of OpenDocument 1.2, part 1, section 19.626."""
    styles = ("shown", "true"), ("hidden", "false")
    sheets = "".join(f'<table:table table:name="of {name}" table:style-name="{name}"/>' for name, _ in styles)
    written = "".join(
        f'<style:style style:name="{name}" style:family="table"><style:table-properties table:display="{value}"/>'
        "</style:style>"
        for name, value in styles
    )
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", f"<office:document {NAMES}>{written}{sheets}</office:document>")
    assert [sheet.title for sheet in read_lines(path).sheets] == ["of shown", "of hidden (hidden)"]


@pytest.mark.parametrize(
    "row",
    [
        cell("many", "float", value="many"),
        cell("4", "float"),
        '<table:table-row table:number-rows-repeated="0"/>',
        '<table:table-row table:number-rows-repeated="9999999999"/>',
        '<table:table-row table:number-rows-repeated="many"/>',
    ],
)
def test_a_document_with_a_wrong_value_is_refused(tmp_path, row):
    with pytest.raises(MerlabError, match=r"a\.ods cannot be read as an OpenDocument spreadsheet"):
        read(tmp_path, row)


def test_a_few_bytes_that_state_more_cells_than_memory_holds_are_refused(tmp_path):
    full = cell("x").replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="16384"')
    row = f'<table:table-row table:number-rows-repeated="1048576">{full}</table:table-row>'
    with pytest.raises(MerlabError, match=r"a\.ods cannot be read as an OpenDocument spreadsheet.*more than \d+ cells"):
        read(tmp_path, row)


def test_a_document_whose_entities_grow_is_refused(tmp_path):
    """Each entity is ten times the one before: a billion words in a few lines."""
    grown = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
    doctype = f'<!DOCTYPE d [<!ENTITY e0 "word">{grown}]>'
    write(tmp_path / "a.ods", cell("&e1;"))
    with zipfile.ZipFile(tmp_path / "a.ods") as archive:
        content = archive.read("content.xml").decode()
    with zipfile.ZipFile(tmp_path / "b.ods", "w") as archive:
        archive.writestr("content.xml", doctype + content)
    with pytest.raises(MerlabError, match=r"b\.ods cannot be read as an OpenDocument spreadsheet \(Entities"):
        read_lines(tmp_path / "b.ods")
