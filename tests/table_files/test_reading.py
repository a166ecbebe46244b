"""A table file as lines of text cells: the same cells whatever its format."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlwt

from merlab.errors import MerlabError
from merlab.table_files.reading import read_lines
from merlab.table_files.sheet_checks import check_sheet

CELLS: list[list[Any]] = [
    ["subject", "onset", "stated", "day"],
    ["007", 46, True, datetime.datetime(2020, 1, 2)],
    ["008", 46.5, False, datetime.datetime(2020, 1, 2, 3, 4, 5)],
]


def written(path: Path) -> Path:
    if path.suffix == ".xls":
        book = xlwt.Workbook()
        sheet = book.add_sheet("Sheet1")
        for row, line in enumerate(CELLS):
            for column, value in enumerate(line):
                style = xlwt.easyxf(num_format_str="YYYY-MM-DD" if column == 3 else "General")
                sheet.write(row, column, value, style)
        book.save(str(path))
    else:
        workbook = openpyxl.Workbook()
        assert workbook.active is not None
        for line in CELLS:
            workbook.active.append(line)
        workbook.save(path)
    return path


@pytest.mark.parametrize("name", ["table.xls", "table.xlsx"])
def test_dates_and_truth_values_never_become_numbers(tmp_path, name):
    """A spreadsheet stores a date as the number of days since 1900, and a truth value as 1 or 0."""
    (sheet,) = read_lines(written(tmp_path / name)).sheets
    assert list(sheet.lines.values()) == [
        ("007", "46", "True", "2020-01-02 00:00:00"),
        ("008", "46.5", "False", "2020-01-02 03:04:05"),
    ]


FORMATS = ("000", '"sub"000;@', "0", "00.0", "General")


def write_in_formats(path: Path, values: list[float | str]) -> Path:
    """A line of column names, and one line per value with one cell per format; the cell beside the names is empty."""
    if path.suffix == ".xls":
        book = xlwt.Workbook()
        sheet = book.add_sheet("Sheet1")
        for column, form in enumerate(FORMATS):
            sheet.write(0, column, form)
            for row, value in enumerate(values, start=1):
                sheet.write(row, column, value, xlwt.easyxf(num_format_str=form))
        sheet.write(0, len(FORMATS), None, xlwt.easyxf(num_format_str="000"))
        book.save(str(path))
    else:
        workbook = openpyxl.Workbook()
        assert workbook.active is not None
        for column, form in enumerate(FORMATS, start=1):
            workbook.active.cell(1, column, form)
            for row, value in enumerate(values, start=2):
                workbook.active.cell(row, column, value).number_format = form
        workbook.save(path)
    return path


@pytest.mark.parametrize("name", ["table.xls", "table.xlsx"])
def test_a_number_is_read_as_the_name_that_its_format_shows(tmp_path, name):
    """As Excel shows the cells, and as it writes them into a text; but for decimals, which are no names."""
    (sheet,) = read_lines(write_in_formats(tmp_path / name, [7, 1234, 0, -7, 7.5, True, "anna"])).sheets
    assert sheet.header == FORMATS
    assert list(sheet.lines.values()) == [
        ("007", "sub007", "7", "7", "7"),
        ("1234", "sub1234", "1234", "1234", "1234"),
        ("000", "sub000", "0", "0", "0"),
        ("-7",) * 5,
        ("7.5",) * 5,
        ("True",) * 5,
        ("anna",) * 5,
    ]


def test_an_old_workbook_whose_formats_cannot_be_read_has_its_numbers(tmp_path):
    path = write_in_formats(tmp_path / "table.xls", [7])
    # The name of a font, stated to have two bytes per letter.
    path.write_bytes(path.read_bytes().replace(b"\x05\x00Arial", b"\x05\x01Arial"))
    (sheet,) = read_lines(path).sheets
    assert list(sheet.lines.values()) == [("7",) * len(FORMATS)]


def edited(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """A workbook with its parts changed, as another program writes them."""
    with zipfile.ZipFile(written(path)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, change(name, content))
    return path


@pytest.mark.filterwarnings("error")
def test_what_openpyxl_does_not_keep_of_a_workbook_is_no_warning(tmp_path):
    def without_styles(name: str, content: bytes) -> bytes:
        return re.sub(rb"<cellStyles.*</cellStyles>", b"", content) if name == "xl/styles.xml" else content

    (sheet,) = read_lines(edited(tmp_path / "table.xlsx", without_styles)).sheets
    assert len(sheet.lines) == 2


def test_a_strict_workbook_is_refused_with_the_remedy(tmp_path):
    def strict(_: str, content: bytes) -> bytes:
        return re.sub(rb"schemas\.openxmlformats\.org/(sp|of)(\w+)/2006", rb"purl.oclc.org/ooxml/\1\2", content)

    with pytest.raises(MerlabError, match=r"a Strict Open XML Spreadsheet, save it as an Excel Workbook"):
        read_lines(edited(tmp_path / "table.xlsx", strict))


def test_a_file_that_the_system_cannot_read_says_what_to_do(tmp_path):
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(MerlabError, match=r"table\.csv cannot be read: Is a directory; copy it again"):
        read_lines(tmp_path / "table.csv")


def test_texts_of_parquet_may_be_bytes(tmp_path):
    """Some programs do not mark the bytes of a text as UTF-8."""
    columns = {"subject": [b"J\xc3\xbcrgen", None], "onset": [46, 47]}
    pq.write_table(pa.table(columns), tmp_path / "table.parquet")
    (sheet,) = read_lines(tmp_path / "table.parquet").sheets
    assert list(sheet.lines.values()) == [("Jürgen", "46"), ("", "47")]
    pq.write_table(pa.table({"subject": [b"\xff\xfe"]}), tmp_path / "table.parquet")
    with pytest.raises(MerlabError, match="cannot be read as Parquet"):
        read_lines(tmp_path / "table.parquet")


def test_rows_of_parquet_are_counted_from_1_below_the_names(tmp_path):
    pq.write_table(pa.table({"subject": ["s1", "", "s3"]}), tmp_path / "table.parquet")
    (sheet,) = read_lines(tmp_path / "table.parquet").sheets
    assert sheet.header == ("subject",)
    assert dict(sheet.lines) == {"row 1": ("s1",), "row 3": ("s3",)}


def test_a_cell_of_parquet_that_changed_on_the_disk_is_not_read(tmp_path):
    path = tmp_path / "table.parquet"
    plain = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    pq.write_table(pa.table({"subject": ["s1", "s2"]}), path, write_page_checksum=True, **plain)
    content = path.read_bytes()
    assert content.count(b"s2") == 1
    path.write_bytes(content.replace(b"s2", b"s7"))
    with pytest.raises(MerlabError, match="cannot be read as Parquet .*CRC.*; copy it again"):
        read_lines(path)


def test_an_undefined_number_of_parquet_is_an_empty_cell_like_a_missing_one(tmp_path):
    columns = {"subject": ["anna", "bert", "carl"], "onset": [46.0, None, float("nan")]}
    pq.write_table(pa.table(columns), tmp_path / "table.parquet")
    (sheet,) = read_lines(tmp_path / "table.parquet").sheets
    assert list(sheet.lines.values()) == [("anna", "46"), ("bert", ""), ("carl", "")]


@pytest.mark.parametrize(
    "notes",
    [[], ["Onset, apex and offset, by frame;;"] * 5, ["The coding"]],
    ids=["", "below notes", "below a title"],
)
def test_a_delimiter_inside_of_cells_is_not_that_between_them(tmp_path, notes):
    path = tmp_path / "coding.csv"
    path.write_text("\n".join([*notes, "sub;onset;au", "1;3;1,2,4,6,12", "2;5;4,9"]), encoding="utf-8")
    (sheet,) = read_lines(path, 40).sheets
    assert [line.cells for line in sheet.filled[len(notes) :]] == [
        ("sub", "onset", "au"),
        ("1", "3", "1,2,4,6,12"),
        ("2", "5", "4,9"),
    ]


@pytest.mark.parametrize(
    "content", ["sep=;\r\nsub;onset\r\n1;3\r\n", '"sep=,"\nsub,onset\n1,3\n', "SEP=\t\nsub\tonset\n1\t3"]
)
def test_a_line_that_states_the_delimiter_for_excel_is_not_that_of_the_names(tmp_path, content):
    path = tmp_path / "coding.csv"
    path.write_bytes(b"\xef\xbb\xbf" + content.encode())
    (sheet,) = read_lines(path).sheets
    assert sheet.header == ("sub", "onset")
    assert [*sheet.lines] == ["line 3"]


def test_an_old_workbook_may_have_the_suffix_of_a_new_one(tmp_path):
    workbook = xlwt.Workbook()
    workbook.add_sheet("coding").write(0, 0, "Subject")
    # Excel made workbooks of three sheets, of which most are empty.
    workbook.add_sheet("Sheet2")
    workbook.save(str(tmp_path / "a.xlsx"))
    sheets = read_lines(tmp_path / "a.xlsx").sheets
    assert [(sheet.name, sheet.header) for sheet in sheets] == [("coding", ("Subject",)), ("Sheet2", ())]


@pytest.mark.parametrize(("saved", "name"), [("a.xlsx", "b.ods"), ("a.ods", "b.xlsx"), ("a.ods", "b.xls")])
def test_a_spreadsheet_may_have_the_suffix_of_another_format(tmp_path, saved, name):
    """pandas writes a workbook of Excel for ``DataFrame.to_excel(Path("b.ods"))``."""
    with pd.ExcelWriter(str(tmp_path / saved)) as writer:
        pd.DataFrame({"Subject": ["007"], "Onset": [46]}).to_excel(writer, index=False)
    (sheet,) = read_lines((tmp_path / saved).rename(tmp_path / name)).sheets
    assert [line.cells for line in sheet.filled] == [("Subject", "Onset"), ("007", "46")]
    assert list(check_sheet(tmp_path / name, sheet.name)) == []


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods"])
def test_a_workbook_whose_list_of_parts_is_damaged_is_refused_with_the_remedy(tmp_path, name):
    """The archive then states that a program is needed that knows a version of the format which does not exist."""
    pd.DataFrame({"Subject": ["007"]}).to_excel(tmp_path / "sound.xlsx", index=False)
    content = bytearray((tmp_path / "sound.xlsx").read_bytes())
    content[content.find(b"PK\x01\x02") + 6] = 127
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MerlabError, match="copy it again from the original, or save it again"):
        read_lines(tmp_path / name)


def test_a_workbook_with_a_password_is_refused_with_the_remedy(tmp_path):
    workbook = xlwt.Workbook()
    workbook.add_sheet("coding").write(0, 0, "Subject")
    workbook.save(str(tmp_path / "a.xlsx"))
    # A protected workbook has the container of an old one, with other streams in it.
    name = "Workbook".encode("utf-16-le")
    content = (tmp_path / "a.xlsx").read_bytes()
    assert name in content
    (tmp_path / "a.xlsx").write_bytes(content.replace(name, "Encrypte".encode("utf-16-le")))
    with pytest.raises(MerlabError, match="it may be protected by a password: save it without one"):
        read_lines(tmp_path / "a.xlsx")


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        # The quotes before joy and after sad do not belong there.
        ('onset,offset,label\n1,9,"joy\n20,29,sad"\n30,39,joy\n', ["line 2"]),
        ('onset,offset,label\n1,9,"joy\nor fear, or both"\n30,39,joy\n', []),
        ('onset\toffset\tlabel\n1\t9\t"joy\n20\t29\tsad"\n', ["line 2"]),
        ('label\n"joy\nsad"\n', []),
        # The quotes are before one comment and after the next one.
        ('onset,comment,coder\n1,"quick,A\n20,slow",A\n', ["line 2"]),
        ('label,onset,offset\n"joy\nand fear",1,9\n', []),
        ('onset, offset, label\n1, 9, "joy\n20, 29, sad"\n30, 39, joy\n', ["line 2"]),
        # Commas of a text.
        ('onset,comment\n1,"quick\nbrow, lid, lip"\n', []),
    ],
)
def test_rows_that_a_wrong_quote_makes_one_cell_are_a_finding(tmp_path, content, rows):
    path = tmp_path / "coded.csv"
    path.write_text(content)
    found = [finding.found for finding in read_lines(path).findings]
    assert found == [f"a cell in quotes that goes on over what may be rows, in {place}" for place in rows]
