"""Coding tables in every format that public copies have: the same clips as from the original workbook."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
import xlwt
from openpyxl import Workbook, load_workbook

from merlab.clips import Clip
from merlab.databases import load
from merlab.databases.casme2 import RELEASE
from merlab.databases.coded.coding_table import CodingTable, read_coding_table
from merlab.databases.database import Examination
from merlab.errors import MerlabError
from merlab.table_files.reading import read_lines
from tests.databases import casme2_release, samm_release, smic_release

CHINESE = "备注：微表情数据库编码表"
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "gbk")
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Copy:
    """A release with its original table: how to examine it, and the lines of the table."""

    root: Path
    table: str
    examine: Callable[[Path], Examination]

    @property
    def lines(self) -> list[list[Any]]:
        """The cells of the first sheet; the last cell of the last line is a Chinese remark outside the columns."""
        lines = [list(line) for line in self._sheet]
        width = max(map(len, lines))
        lines = [[*line, *[None] * (width - len(line)), None] for line in lines]
        lines[-1][-1] = CHINESE
        return lines

    @cached_property
    def _sheet(self) -> list[tuple[Any, ...]]:
        return list(load_workbook(self.root / self.table).worksheets[0].iter_rows(values_only=True))

    def clips_with(self, path: Path) -> tuple[Clip, ...]:
        """The clips with another table file in the place of the original."""
        original = self.root / self.table
        away = original.rename(original.with_suffix(".away"))
        try:
            found = self.examine(self.root)
            assert found.facts["coding table"] == str(path)
            return found.clips.clips
        finally:
            away.rename(original)
            path.unlink()


def copy_of(name: str, root: Path) -> Copy:
    if name.startswith("CASME II"):
        version = name[-4:]
        table = casme2_release.TABLE_2014 if version == "2014" else casme2_release.TABLE_2019
        return Copy(casme2_release.write_release(root, version), table, casme2_release.examine)
    return Copy(samm_release.write_release(root), samm_release.TABLE, samm_release.examine)


@pytest.fixture(scope="module", params=["CASME II 2014", "CASME II 2019", "SAMM"])
def copy(request, tmp_path_factory):
    return copy_of(request.param, tmp_path_factory.mktemp("copy"))


@pytest.fixture(scope="module")
def expected(copy):
    return copy.examine(copy.root).clips.clips


def write_text(path: Path, lines: list[list[Any]], delimiter: str, encoding: str) -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(lines)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def write_xls(path: Path, lines: list[list[Any]]) -> Path:
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("Sheet1")
    for row, line in enumerate(lines):
        for column, cell in enumerate(line):
            if cell is not None:
                sheet.write(row, column, cell)
    workbook.save(str(path))
    return path


@pytest.mark.parametrize("delimiter", DELIMITERS, ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_text_gives_the_clips_of_the_workbook(copy, expected, encoding, delimiter):
    path = write_text((copy.root / copy.table).with_suffix(".csv"), copy.lines, delimiter, encoding)
    assert copy.clips_with(path) == expected


@pytest.mark.slow
def test_ods_gives_the_clips_of_the_workbook(copy, expected):
    path = (copy.root / copy.table).with_suffix(".ods")
    pd.DataFrame(copy.lines).to_excel(path, header=False, index=False, engine="odf")  # type: ignore[arg-type]
    assert copy.clips_with(path) == expected


def test_xls_gives_the_clips_of_the_workbook(copy, expected):
    path = write_xls((copy.root / copy.table).with_suffix(".xls"), copy.lines)
    assert copy.clips_with(path) == expected


def test_whole_numbers_with_a_fraction_of_zero_are_whole(copy, expected):
    fractions = [[float(cell) if isinstance(cell, int) else cell for cell in line] for line in copy.lines]
    path = write_text((copy.root / copy.table).with_suffix(".csv"), fractions, ",", "utf-8")
    assert copy.clips_with(path) == expected


class TestOneSmallCopy:
    ROWS = (casme2_release.row(), casme2_release.row("01", "EP03_02", (11, 14, 20)))

    @pytest.fixture
    def small(self, tmp_path):
        root = casme2_release.write_release(tmp_path / "copy", rows=self.ROWS)
        return Copy(root, casme2_release.TABLE_2014, casme2_release.examine)

    @pytest.mark.parametrize(
        "name", ["CASME2_label_Ver_2.xls", "CASME2-coding-20140508.CSV", "casme2 labels.csv", "my coding.tsv"]
    )
    def test_the_table_has_the_name_of_a_public_copy(self, small, name):
        path = small.root / name
        write_xls(path, small.lines) if name.endswith("xls") else write_text(path, small.lines, "\t", "utf-8")
        assert len(small.clips_with(path)) == 2

    def test_a_table_under_any_name_is_found_by_its_columns(self, small):
        path = write_text(small.root / "mine.csv", small.lines, ";", "utf-16")
        assert len(small.clips_with(path)) == 2
        write_text(path, small.lines, ";", "utf-16")
        (small.root / small.table).unlink()
        (small.root / "notes.csv").write_text("day,what\n1,measured\n")
        (small.root / "broken.xlsx").write_bytes(b"PK")
        assert small.examine(small.root).facts["coding table found"].startswith("by its columns")

    def test_a_file_that_only_has_the_name_of_a_coding_table_does_not_hide_it(self, small):
        (small.root / "results of coding.csv").write_text("truth,prediction\n0,1\n")
        write_text(small.root / "mine.csv", small.lines, ",", "utf-8")
        (small.root / small.table).unlink()
        assert len(small.examine(small.root).clips) == 2

    def test_an_export_with_notes_above_the_column_names_is_the_same_table(self, small):
        write_text(small.root / "coding.csv", [["a note"], [], *small.lines], ";", "utf-8")
        assert len(small.examine(small.root).clips) == 2

    def test_a_chosen_table_is_read_and_not_the_others(self, small, tmp_path):
        path = write_text(tmp_path / "elsewhere.txt.csv", small.lines[:2], ",", "gbk")
        table = load("casme2", small.root, table=path)
        assert ([clip.name for clip in table], table.sources[0].options) == (["EP02_01f"], ("--table", str(path)))
        assert table.sources[0].facts["coding table"] == str(path)

    @pytest.mark.parametrize(
        ("name", "fault"),
        [
            ("none.csv", "does not exist"),
            ("", "is a folder"),
            ("notes.txt", "is not a table"),
            ("a.csv", "lacks the col"),
        ],
    )
    def test_a_chosen_table_that_is_not_one_is_refused(self, small, tmp_path, name, fault):
        (tmp_path / "notes.txt").write_text("x")
        (tmp_path / "a.csv").write_text("a,b\n1,2\n")
        with pytest.raises(MerlabError, match=fault):
            load("casme2", small.root, table=tmp_path / name)

    def test_a_table_is_chosen_only_for_databases_that_have_one(self, small):
        with pytest.raises(
            MerlabError, match="ststnet-flow has no coding table to choose; databases with one are casme2"
        ):
            load("ststnet-flow", small.root, table=small.root / small.table)

    def test_another_encoding_than_unicode_is_reported(self, small):
        path = write_text(small.root / "coding.csv", small.lines, ",", "gbk")
        (small.root / small.table).unlink()
        assert (
            "read as GBK" in next(each for each in small.examine(small.root).findings if each.where == path.name).found
        )

    def test_a_table_beside_its_own_export_is_one_table(self, small):
        write_text(small.root / "coding.csv", small.lines, ";", "utf-8")
        assert len(small.examine(small.root).clips) == 2

    def test_another_table_beside_it_is_not_read(self, small):
        (small.root / "results of coding.csv").write_text("truth,prediction\n0,1\n")
        assert len(small.examine(small.root).clips) == 2

    def test_another_table_alone_is_named_with_its_columns(self, small):
        (small.root / small.table).unlink()
        (small.root / "coding.csv").write_text("truth,prediction\n0,1\n")
        with pytest.raises(
            MerlabError, match=r"coding\.csv is not .*lacks the columns Subject.*found truth, prediction"
        ):
            small.examine(small.root)

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("coding.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut short"),
            ("coding.xls", b"PK\x03\x04 cut short"),
            ("coding.ods", b"PK\x03\x04 cut short"),
            ("coding.csv", b"\x00\xff\x00\x01"),
        ],
    )
    def test_a_damaged_table_is_named(self, small, name, content):
        (small.root / small.table).unlink()
        (small.root / name).write_bytes(content)
        with pytest.raises(MerlabError, match=name):
            small.examine(small.root)

    def test_an_ods_file_with_a_damaged_part_is_refused_without_its_first_rows(self, small, capsys):
        path = small.root / "coding.ods"
        pd.DataFrame(small.lines).to_excel(path, header=False, index=False, engine="odf")  # type: ignore[arg-type]
        (small.root / small.table).unlink()
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        damaged = parts["content.xml"]
        parts["content.xml"] = damaged[: damaged.rindex(b"<table:table-row")]
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        with pytest.raises(MerlabError, match=r"coding\.ods cannot be read as an OpenDocument spreadsheet"):
            small.examine(small.root)
        assert capsys.readouterr().out == ""


COLUMNS = "Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,Action Units,Estimated Emotion"
ROW = "01,EP02_01f,46,59,86,12,happiness"
OTHER_ROW = "01,EP03_02,11,14,20,12,disgust"


class TestAColumnThatIsThereTwice:
    def read(self, tmp_path: Path, *lines: str) -> CodingTable:
        path = tmp_path / "coding.csv"
        path.write_text("\n".join(lines) + "\n")
        return read_coding_table(path, RELEASE)

    def test_is_refused_where_its_cells_differ(self, tmp_path):
        with pytest.raises(
            MerlabError,
            match=r"coding\.csv: several columns have the name Estimated Emotion: Estimated Emotion \(column 7\) and "
            r"estimated_emotion \(column 8\); in line 3 they have 'disgust' and 'fear'; delete or rename the wrong one",
        ):
            self.read(tmp_path, f"{COLUMNS},estimated_emotion", f"{ROW},happiness", f"{OTHER_ROW},fear")

    def test_is_read_where_its_cells_agree(self, tmp_path):
        table = self.read(tmp_path, f"{COLUMNS},OnsetFrame", f"{ROW},46.0", f"{OTHER_ROW},11")
        assert [row.onset for row in table.rows] == [46, 11]

    def test_does_not_matter_where_merlab_does_not_read_it(self, tmp_path):
        assert len(self.read(tmp_path, f"{COLUMNS},remark,remark", f"{ROW},a,b").rows) == 1

    def test_is_named_where_the_table_was_to_be_found_by_its_columns(self, tmp_path):
        (tmp_path / "mine.csv").write_text(f"{COLUMNS},Subject\n{ROW},02\n")
        with pytest.raises(MerlabError, match=r"mine\.csv: several columns have the name Subject"):
            casme2_release.examine(tmp_path)


class TestCellsOutsideOfTheColumns:
    def test_of_a_text_make_the_row_unusable(self, tmp_path):
        path = tmp_path / "coding.csv"
        path.write_text(f"{COLUMNS}\n{ROW}\n01,EP03_02,11,14,20,4,9,disgust\n01,EP03_04,1,2,3,4,disgust,\n")
        table = read_coding_table(path, RELEASE)
        (finding,) = [each for each in table.findings if each.severity == "unusable"]
        assert (finding.where, finding.expected, finding.found) == (
            "coding.csv, row 3",
            "7 cells, as in the line of column names",
            "8 cells",
        )
        assert "into quotes" in finding.remedy
        assert [row.clip for row in table.rows] == ["EP02_01f", "EP03_04"]

    @pytest.mark.parametrize("name", ["coding.csv", "coding.xls"])
    def test_of_a_full_row_below_no_column_name_are_reported(self, tmp_path, name):
        lines: list[list[Any]] = [line.split(",") for line in (f"{COLUMNS},", f"{ROW},a remark", f"{OTHER_ROW},")]
        path = tmp_path / name
        write_xls(path, lines) if name.endswith("xls") else write_text(path, lines, ",", "utf-8")
        table = read_coding_table(path, RELEASE)
        finding = next(each for each in table.findings if each.expected.startswith("nothing right of"))
        assert (finding.severity, finding.expected) == ("differs", "nothing right of column Estimated Emotion")
        assert finding.found == "a cell there in 1 row: 2"
        assert len(table.rows) == 2

    def test_of_a_row_that_lacks_others_are_a_remark(self, tmp_path):
        path = write_xls(
            tmp_path / "coding.xls", [[*COLUMNS.split(","), None], [*ROW.split(",")[:-1], "", "no emotion"]]
        )
        assert not any(
            each.expected.startswith("nothing right of") for each in read_coding_table(path, RELEASE).findings
        )


class TestSeveralSheetsWithTheColumns:
    def write(self, path: Path, sheets: Mapping[str, Sequence[str]], hidden: Sequence[str] = ()) -> Path:
        workbook = Workbook()
        workbook.remove(workbook.worksheets[0])
        for name, rows in sheets.items():
            sheet = workbook.create_sheet(name)
            for line in (COLUMNS, *rows):
                sheet.append(line.split(","))
            sheet.sheet_state = "hidden" if name in hidden else "visible"
        workbook.save(path)
        return path

    def test_are_refused_by_their_names_also_of_those_that_are_hidden(self, tmp_path):
        path = self.write(tmp_path / "coding.xlsx", {"old": [ROW], "new": [OTHER_ROW]}, hidden=["old"])
        with pytest.raises(
            MerlabError, match=r"several sheets have the columns of the table: old \(hidden\), new; delete all but"
        ):
            read_coding_table(path, RELEASE)

    def test_are_one_table_where_they_have_the_same_rows_or_no_rows(self, tmp_path):
        path = self.write(tmp_path / "coding.xlsx", {"empty": [], "a": [ROW, OTHER_ROW], "b": [ROW, OTHER_ROW]})
        assert read_coding_table(path, RELEASE).facts["sheet"] == "a"

    def test_are_decided_by_the_name_that_the_release_gives_to_its_sheet(self, tmp_path):
        path = self.write(tmp_path / "coding.xlsx", {"old": [ROW], "MICRO_ONLY": [OTHER_ROW]})
        release = replace(RELEASE, table=replace(RELEASE.table, sheets=("MICRO_ONLY",)))
        table = read_coding_table(path, release)
        assert ([row.clip for row in table.rows], table.facts["sheet"]) == (["EP03_02"], "MICRO_ONLY")

    def test_a_single_sheet_that_is_hidden_is_read_and_named(self, tmp_path):
        path = self.write(tmp_path / "coding.xlsx", {"old": [ROW], "notes": []}, hidden=["old"])
        assert read_coding_table(path, RELEASE).facts["sheet"] == "old (hidden)"


MUTANTS = 600


def _with_changed_bytes(content: bytes, random: Random) -> bytes:
    """The content with up to eight other bytes, or cut short, or with up to 20 bytes between."""
    changed, place = bytearray(content), random.randrange(len(content))
    kind = random.choice(["change", "cut", "insert"])
    if kind == "cut":
        return content[:place]
    if kind == "insert":
        return content[:place] + random.randbytes(random.randint(1, 20)) + content[place:]
    for _ in range(random.randint(1, 8)):
        changed[random.randrange(len(content))] = random.randrange(256)
    return bytes(changed)


def _with_a_changed_part(content: bytes, random: Random) -> bytes:
    """A zip archive in which one part has other bytes and a correct checksum."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if archive.getinfo(name).file_size}
    victim = random.choice(sorted(parts))
    parts[victim] = _with_changed_bytes(parts[victim], random)
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return changed.getvalue()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_table_of_any_format_is_read_or_refused(tmp_path):
    random = Random(11)
    root = casme2_release.write_release(tmp_path, rows=TestOneSmallCopy.ROWS)
    lines = Copy(root, casme2_release.TABLE_2014, casme2_release.examine).lines
    ods = root / "a.ods"
    pd.DataFrame(lines).to_excel(ods, header=False, index=False, engine="odf")  # type: ignore[arg-type]
    originals = [root / casme2_release.TABLE_2014, ods, write_xls(root / "a.xls", lines)]
    originals += [write_text(root / f"{encoding}.csv", lines, ";", encoding) for encoding in ("utf-16", "gbk")]
    refused = []
    for number in range(MUTANTS):
        original = originals[number % len(originals)]
        in_part = original.suffix in {".xlsx", ".ods"} and random.random() < 0.7
        path = root / f"mutant{original.suffix}"
        path.write_bytes((_with_a_changed_part if in_part else _with_changed_bytes)(original.read_bytes(), random))
        try:
            read_coding_table(path, RELEASE)
        except MerlabError as error:
            refused.append(str(error))
    assert 0 < len(refused) < MUTANTS
    assert all("mutant." in message for message in refused)


def test_a_text_of_smic_is_not_the_table_of_another_camera(tmp_path):
    rows = (smic_release.Take(1, "ne", 1, 559740, 559750),)
    root = smic_release.write_single(tmp_path, rows, "VIS")
    copy = Copy(root, smic_release.TABLE, smic_release.examine)
    write_text((root / copy.table).with_suffix(".csv"), copy.lines, ",", "utf-8")
    (root / copy.table).unlink()
    assert copy.examine(root).facts["coding table"].startswith("none")


def test_smic_reads_a_text_as_the_table_of_hs(tmp_path):
    rows = (smic_release.Take(1, "ne", 1, 559740, 559750), smic_release.Take(2, "po", 1, 600000, 600010))
    copy = Copy(smic_release.write_long(tmp_path, rows), smic_release.TABLE, smic_release.examine)
    before = copy.examine(tmp_path).clips.clips
    path = write_text((tmp_path / copy.table).with_suffix(".csv"), copy.lines, ";", "utf-16")
    assert copy.clips_with(path) == before


def test_a_damaged_ods_table_does_not_change_how_later_ones_are_written(tmp_path):
    good = tmp_path / "good.ods"
    pd.DataFrame({"a": [1]}).to_excel(good, index=False, engine="odf")  # type: ignore[arg-type]
    with zipfile.ZipFile(good) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["content.xml"] = parts["content.xml"].replace(b"<office:body>", b"<office:body><odd/>")
    with zipfile.ZipFile(tmp_path / "odd.ods", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with suppress(MerlabError):
        read_lines(tmp_path / "odd.ods", 1)
    again = tmp_path / "again.ods"
    pd.DataFrame({"a": [1]}).to_excel(again, index=False, engine="odf")  # type: ignore[arg-type]
    with zipfile.ZipFile(again) as archive:
        assert archive.read("meta.xml").count(b'=""') == 0


def test_rows_without_action_units_are_counted(tmp_path):
    rows = [casme2_release.row("01"), casme2_release.row("02", action_units=None), casme2_release.row("03")]
    facts = casme2_release.examine(casme2_release.write_release(tmp_path, rows=rows)).facts
    assert facts["action units"] == "none in 1 row, the first row 3"
