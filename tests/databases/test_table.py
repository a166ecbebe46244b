"""table: any clips, listed in a CSV, TSV, XLSX, ODS or Parquet file."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import string
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merlab.databases import examine_copy, load
from merlab.databases.database import Examination
from merlab.databases.table import TABLE
from merlab.errors import MerlabError
from merlab.progress import silent
from merlab.spelling import told_apart
from merlab.stamps import SYNTHETIC
from merlab.synthesis.folder import MANIFEST
from tests.databases.release import FAULTS, about, image_bytes, only, write_images

PNG = image_bytes(suffix=".png")
FORMATS = (".csv", ".tsv", ".xlsx", ".ods", ".parquet")
Cells = Mapping[str, Any]


def folder_of(root: Path, name: str, numbers: Sequence[int] = range(1, 10)) -> str:
    """A folder of small images; gives its path relative to ``root``."""
    write_images(root / name, [f"img{number}.png" for number in numbers], PNG)
    return name


def row(root: Path, subject: str = "s1", clip: str = "c1", **changes: Any) -> dict[str, Any]:
    """A sound row with its frames 1 to 9 written."""
    given = {"subject": subject, "clip": clip, "onset": 2, "apex": 5, "offset": 8, "fps": 200, "label": "happiness"}
    frames = changes.pop("frames", None) or folder_of(root, f"frames/{subject}-{clip}")
    return {**given, "frames": frames, **changes}


def write(path: Path, rows: Sequence[Cells]) -> Path:
    """A table in the format that the suffix names; columns as in the first row."""
    columns = list(rows[0])
    lines: list[list[Any]] = [[each.get(column) for column in columns] for each in rows]
    frame = pd.DataFrame(lines, columns=columns, dtype=object)
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(columns)
        for line in lines:
            sheet.append(line)
        book.save(path)
    elif path.suffix == ".ods":
        frame.to_excel(path, index=False, engine="odf")  # type: ignore[arg-type]
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def examine(path: Path, *, deep: bool = False) -> Examination:
    return TABLE.examine(path, deep, silent)


def examine_row(root: Path, *, deep: bool = False, **changes: Any) -> Examination:
    return examine(write(root / "clips.csv", [row(root, **changes)]), deep=deep)


def write_video(path: Path, frames: int = 9, fps: float = 25.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (32, 40))
    pattern = np.random.default_rng(0).integers(0, 100, (40, 32, 3), np.uint8)
    for number in range(frames):
        writer.write(pattern + np.uint8(8 * number))
    writer.release()
    return path


class TestAFormat:
    @pytest.mark.parametrize("suffix", FORMATS)
    def test_gives_each_row_as_a_clip(self, tmp_path, suffix):
        rows = [row(tmp_path, action_units="4+L10"), row(tmp_path, "s2", "c1", label="Disgust", fps=29.97)]
        examination = examine(write(tmp_path / f"mine{suffix}", rows), deep=True)
        first, second = examination.clips
        assert examination.findings == ()
        assert (first.database, first.subject, first.name, first.fps) == ("mine", "s1", "c1", 200.0)
        assert (first.onset, first.apex, first.offset, first.apex_source) == (2, 5, 8, "annotated")
        assert (first.action_units, first.emotion, first.source) == ("4+L10", "happiness", tmp_path / "frames/s1-c1")
        assert (second.subject, second.fps, second.action_units, second.emotion) == ("s2", 29.97, "", "disgust")

    @pytest.mark.parametrize("suffix", FORMATS)
    def test_keeps_texts_that_look_like_numbers(self, tmp_path, suffix):
        frames = folder_of(tmp_path, "frames")
        rows = [row(tmp_path, "007", "01", frames=frames), row(tmp_path, "7.50", "1e3", frames=frames)]
        clips = examine(write(tmp_path / f"mine{suffix}", rows)).clips
        assert [(clip.subject, clip.name) for clip in clips] == [("007", "01"), ("7.50", "1e3")]

    @pytest.mark.parametrize("suffix", [".xlsx", ".ods", ".parquet"])
    def test_reads_whole_numbers_without_their_fraction(self, tmp_path, suffix):
        folder_of(tmp_path, "frames")
        cells = {
            "subject": 7.0,
            "clip": 12.0,
            "frames": "frames",
            "onset": 2.0,
            "apex": None,
            "offset": 8.0,
            "fps": 60.0,
        }
        (clip,) = examine(write(tmp_path / f"mine{suffix}", [cells])).clips
        assert (clip.subject, clip.name, clip.onset, clip.apex, clip.offset) == ("7", "12", 2, None, 8)

    @pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
    def test_takes_the_sheet_that_has_the_columns(self, tmp_path, suffix):
        engine = {".xlsx": "openpyxl", ".ods": "odf"}[suffix]
        with pd.ExcelWriter(tmp_path / f"mine{suffix}", engine=engine) as book:  # type: ignore[call-overload]
            pd.DataFrame([["all clips of 2024"]]).to_excel(book, sheet_name="notes", index=False, header=False)
            pd.DataFrame([row(tmp_path)]).to_excel(book, sheet_name="clips", index=False)
        examination = examine(tmp_path / f"mine{suffix}")
        assert len(examination.clips) == 1
        assert "sheet clips" in examination.facts["format"]

    def test_with_several_sheets_of_clips_is_refused(self, tmp_path):
        with pd.ExcelWriter(tmp_path / "mine.xlsx") as book:
            for name in ("2023", "2024"):
                pd.DataFrame([row(tmp_path)]).to_excel(book, sheet_name=name, index=False)
        with pytest.raises(MerlabError, match=r"mine.xlsx has several sheets of clips: 2023, 2024; save"):
            examine(tmp_path / "mine.xlsx")

    def test_may_have_empty_lines_which_count_as_lines(self, tmp_path):
        line = f"s1,c1,{folder_of(tmp_path, 'frames')},200,"
        (tmp_path / "mine.csv").write_text(f"\nsubject,clip,frames,fps,onset\n\n{line}\n,,,,\n{line}1.5\n")
        examination = examine(tmp_path / "mine.csv")
        assert only(examination, "line 6").severity == "unusable"
        assert len(examination.clips) == 1

    @pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
    def test_names_the_row_of_the_sheet(self, tmp_path, suffix):
        rows = [row(tmp_path), row(tmp_path, "s2", offset="x")]
        assert only(examine(write(tmp_path / f"mine{suffix}", rows)), "(row 3)").found == "'x'"

    def test_that_is_unknown_is_refused_with_those_that_are_read(self, tmp_path):
        (tmp_path / "clips.docx").touch()
        with pytest.raises(MerlabError, match=r"clips.docx is not a table .* \.csv, \.tsv, \.xlsx, \.ods, \.parquet"):
            examine(tmp_path / "clips.docx")

    @pytest.mark.parametrize("suffix", [".xlsx", ".ods", ".parquet"])
    @pytest.mark.parametrize("content", [b"", b"no such format", PNG])
    def test_that_is_damaged_is_refused(self, tmp_path, suffix, content):
        path = tmp_path / f"clips{suffix}"
        path.write_bytes(content)
        with pytest.raises(MerlabError, match=rf"clips{suffix} cannot be read as .*"):
            examine(path)


def text_of(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


NAMES = st.text(string.ascii_letters + string.digits + " ,;\"'éß李é_-", min_size=1, max_size=8)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")


class TestAText:
    @pytest.mark.slow
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
    @given(
        names=st.lists(NAMES.filter(str.strip), min_size=1, max_size=5, unique_by=str.strip),
        delimiter=st.sampled_from(",;\t"),
        encoding=st.sampled_from(ENCODINGS),
    )
    def test_says_the_same_with_every_delimiter_and_encoding(self, tmp_path, names, delimiter, encoding):
        frames = folder_of(tmp_path, "frames")
        rows = [["subject", "clip", "frames", "fps"], *([name, "c1", frames, "200"] for name in names)]
        (tmp_path / "mine.csv").write_bytes(text_of(rows, delimiter).encode(encoding))
        assert [clip.subject for clip in examine(tmp_path / "mine.csv").clips] == [name.strip() for name in names]

    @pytest.mark.parametrize(
        ("encoding", "title", "subject"),
        [
            ("gbk", "GBK", "李娜"),
            ("gbk", "GBK", "朱镕基"),
            ("latin-1", "Latin-1", "Andrés"),
            ("latin-1", "Latin-1", "Ægir"),
            ("cp1252", "Latin-1", "O’Neil"),
        ],
    )
    def test_in_an_old_encoding_is_read_and_named(self, tmp_path, encoding, title, subject):
        folder_of(tmp_path, "frames")
        text = f"subject,clip,frames,fps\n{subject},c1,frames,200\n"
        (tmp_path / "mine.csv").write_bytes(text.encode(encoding))
        examination = examine(tmp_path / "mine.csv")
        finding = next(finding for finding in examination.findings if "encoding" in finding.found)
        assert (finding.severity, title in finding.found, "UTF-8" in finding.remedy) == ("differs", True, True)
        assert examination.clips.clips[0].subject == subject

    @pytest.mark.parametrize("content", [b"x" * 200_000, b"\xff\xfes", b"subject,clip\x81\x00", b"\x00" * 20, PNG])
    def test_that_is_no_text_is_refused(self, tmp_path, content):
        (tmp_path / "mine.csv").write_bytes(content)
        with pytest.raises(
            MerlabError, match=r"mine.csv(, line 1: field larger| is damaged| holds no rows| lacks the columns)"
        ):
            examine(tmp_path / "mine.csv")

    @pytest.mark.parametrize(
        ("line", "cells"), [("s2,c1,frames", "3 cells"), ("s2,c1,frames,200,joy, at first", "6 cells")]
    )
    def test_with_too_few_or_too_many_cells_in_a_line(self, tmp_path, line, cells):
        frames = folder_of(tmp_path, "frames")
        (tmp_path / "mine.csv").write_text(f"subject,clip,frames,fps,label\ns1,c1,{frames},200,joy\n{line}\n")
        examination = examine(tmp_path / "mine.csv")
        fault = only(examination, "mine.csv, line 3")
        assert (fault.severity, fault.expected, fault.found) == (
            "unusable",
            "5 cells, as in the line of column names",
            cells,
        )
        assert len(examination.clips) == 1

    @pytest.mark.parametrize("line", ["* apex found by flow", ",,,,* apex found by flow"])
    def test_with_one_cell_in_a_line_may_have_a_note_there(self, tmp_path, line):
        frames = folder_of(tmp_path, "frames")
        (tmp_path / "mine.csv").write_text(f"subject,clip,frames,fps,label\ns1,c1,{frames},200,joy\n{line}\n")
        examination = examine(tmp_path / "mine.csv")
        fault = only(examination, "mine.csv, line 3")
        assert (fault.severity, fault.found) == ("unusable", "'* apex found by flow'")
        assert fault.remedy == "if this line is a note, delete it; otherwise complete the row"
        assert len(examination.clips) == 1

    def test_with_an_open_quote_is_refused_at_its_line(self, tmp_path):
        (tmp_path / "mine.csv").write_text('subject,clip,frames\ns1,c1,f\ns2,"c2,f\ns3,c3,f\n')
        with pytest.raises(MerlabError, match=r"mine.csv, line 3: .*; check the quotes"):
            examine(tmp_path / "mine.csv")


class TestTheFile:
    def test_must_exist(self, tmp_path):
        with pytest.raises(MerlabError, match="mine.csv does not exist"):
            examine(tmp_path / "mine.csv")

    def test_is_named_where_its_folder_is_given(self, tmp_path):
        path = write(tmp_path / "mine.csv", [row(tmp_path)])
        (tmp_path / "~$mine.xlsx").touch()
        with pytest.raises(MerlabError, match=rf"is a folder; give the table file .*: it holds {path}$"):
            examine(tmp_path)

    def test_is_asked_for_where_a_folder_holds_none(self, tmp_path):
        with pytest.raises(MerlabError, match=r"is a folder; .* it holds none \(\.csv, "):
            examine(tmp_path)

    @pytest.mark.parametrize("text", ["", "\n\n", "subject,clip,frames\n"])
    def test_must_hold_rows(self, tmp_path, text):
        (tmp_path / "mine.csv").write_text(text)
        with pytest.raises(MerlabError, match="mine.csv holds no rows"):
            examine(tmp_path / "mine.csv")

    def test_is_known_by_its_path_format_and_content(self, tmp_path):
        rows = [row(tmp_path, remark="x", number=1), row(tmp_path, "s2", label="joy"), row(tmp_path, "s2", "c2")]
        facts = examine(write(tmp_path / "mine.csv", rows)).facts
        assert facts["table"] == str(tmp_path / "mine.csv")
        assert facts["format"] == "text in UTF-8, commas between cells"
        assert (facts["rows"], facts["subjects"], facts["usable clips"]) == ("3", "2", "3")
        assert (facts["labels"], facts["databases"]) == ("happiness 2, joy 1", "mine 3")
        assert facts["frames"] == "folders of images 3"
        assert facts["columns not read"].startswith("remark, number; known are subject, clip, frames, database, ")


class TestColumns:
    @pytest.mark.parametrize("name", ["action_units", "Action Units", "ACTION-UNITS", "ActionUnits", "AU", "aus"])
    def test_are_found_whatever_their_spelling(self, tmp_path, name):
        (clip,) = examine(write(tmp_path / "mine.csv", [row(tmp_path) | {name: "12"}])).clips
        assert clip.action_units == "12"

    def test_of_casme2s_coding_table_are_understood(self, tmp_path):
        given = row(tmp_path)
        names = {
            "subject": "Subject",
            "clip": "Filename",
            "onset": "OnsetFrame",
            "apex": "ApexFrame",
            "offset": "OffsetFrame",
            "label": "Estimated Emotion",
            "frames": "path",
            "fps": "frame rate",
        }
        renamed = {names[column]: value for column, value in given.items()}
        (clip,) = examine(write(tmp_path / "mine.xlsx", [renamed])).clips
        assert (clip.subject, clip.name, clip.onset, clip.apex, clip.offset, clip.emotion, clip.fps) == (
            "s1",
            "c1",
            2,
            5,
            8,
            "happiness",
            200.0,
        )

    @pytest.mark.parametrize(
        ("column", "other"),
        [("label", "emotion"), ("subject", "participant"), ("fps", "frame rate"), ("clip", "Clip ID")],
    )
    def test_of_two_names_for_one_meaning_are_refused(self, tmp_path, column, other):
        path = write(tmp_path / "mine.csv", [row(tmp_path) | {other: "5"}])
        with pytest.raises(MerlabError, match=f"several columns that mean {column}: {column} and {other}; rename"):
            examine(path)

    def test_of_frames_are_read_beside_one_that_names_the_video(self, tmp_path):
        examination = examine_row(tmp_path, video="interview.mp4")
        assert examination.clips.clips[0].source == tmp_path / "frames/s1-c1"
        assert examination.facts["columns not read"].startswith("video;")

    def test_that_mean_the_same_are_refused(self, tmp_path):
        cells = {name: value for name, value in row(tmp_path).items() if name != "label"}
        path = write(tmp_path / "mine.csv", [{**cells, "emotion": "joy", "Estimated Emotion": "joy"}])
        with pytest.raises(MerlabError, match="several columns that mean label: emotion and Estimated Emotion; rename"):
            examine(path)

    def test_that_are_needed_and_missing_are_named_beside_those_found(self, tmp_path):
        (tmp_path / "mine.csv").write_text("Subject,onset\ns1,1\n")
        with pytest.raises(
            MerlabError, match=r"lacks the columns clip, frames; found Subject, onset; needed: subject, "
        ):
            examine(tmp_path / "mine.csv")

    def test_that_are_optional_may_be_missing(self, tmp_path):
        folder_of(tmp_path, "frames", range(3, 8))
        (tmp_path / "mine.csv").write_text("subject,clip,frames,fps\ns1,c1,frames,200\n")
        (clip,) = examine(tmp_path / "mine.csv").clips
        assert (clip.onset, clip.apex, clip.offset, clip.emotion, clip.action_units) == (3, None, 7, "", "")


class TestACell:
    @pytest.mark.parametrize("column", ["onset", "apex", "offset"])
    @pytest.mark.parametrize("text", ["2.5", "x", "0", "-1", "1e1", "2,0", "0.0", "1.000", "#REF!", "1" * 400])
    def test_that_is_no_frame_number_makes_the_row_unusable(self, tmp_path, column, text):
        rows = [row(tmp_path, "s0"), row(tmp_path, **{column: text})]
        examination = examine(write(tmp_path / "mine.csv", rows))
        fault = only(examination, "s1 c1 (line 3)")
        assert (fault.severity, fault.found) == ("unusable", repr(text))
        assert fault.expected == f"a whole frame number from 1 up in column {column}"
        assert [clip.subject for clip in examination.clips] == ["s0"]

    @pytest.mark.parametrize("text", ["", "/", "NA", "nan", "None", "n/a"])
    def test_may_say_that_a_number_is_unknown(self, tmp_path, text):
        (clip,) = examine_row(tmp_path, apex=text).clips
        assert (clip.apex, clip.apex_source) == (None, "unannotated")

    @pytest.mark.parametrize("text", ["0", "-25", "29,97", "200 fps", "inf", "1_000", "0.5", "10001", "100000"])
    def test_that_is_no_frame_rate_makes_the_row_unusable(self, tmp_path, text):
        fault = only(examine_row(tmp_path, fps=text), "s1 c1 (line 2)")
        assert (fault.severity, fault.found, "decimal point" in fault.remedy) == ("unusable", repr(text), True)

    @pytest.mark.parametrize("column", ["onset", "fps"])
    def test_that_may_be_one_or_a_thousand_makes_the_row_unusable(self, tmp_path, column):
        examination = examine(write(tmp_path / "mine.csv", [row(tmp_path, **{column: "1.000"})]))
        fault = only(examination, "s1 c1 (line 2)")
        assert (fault.severity, "it may be 1 or 1000" in fault.remedy) == ("unusable", True)

    @pytest.mark.parametrize("column", ["subject", "clip", "frames"])
    def test_that_is_needed_must_not_be_empty(self, tmp_path, column):
        examination = examine(write(tmp_path / "mine.csv", [row(tmp_path) | {column: " "}]))
        fault = only(examination, "line 2")
        assert (fault.severity, fault.expected) == ("unusable", f"a text in column {column}")

    def test_may_name_a_subject_na(self, tmp_path):
        assert examine_row(tmp_path, subject="NA").clips.clips[0].subject == "NA"

    @pytest.mark.parametrize("subject", ["a/b", "a\\b", ".."])
    def test_must_not_hold_a_path_as_a_name(self, tmp_path, subject):
        frames = folder_of(tmp_path, "frames")
        fault = only(examine_row(tmp_path, subject=subject, frames=frames), "(line 2)")
        assert (fault.severity, "path separator" in fault.found) == ("unusable", True)

    def test_loses_blanks_at_its_ends(self, tmp_path):
        folder_of(tmp_path, "frames")
        (tmp_path / "mine.csv").write_text('subject , clip, frames ,fps\n s1 , "c 1", frames , 200 \n')
        (clip,) = examine(tmp_path / "mine.csv").clips
        assert (clip.subject, clip.name, clip.fps) == ("s1", "c 1", 200.0)


class TestRows:
    def test_may_belong_to_several_databases(self, tmp_path):
        rows = [row(tmp_path, database="lab"), row(tmp_path, "s2", database="")]
        examination = examine(write(tmp_path / "mine.csv", rows))
        assert [clip.key for clip in examination.clips] == ["lab/s1/c1", "mine/s2/c1"]
        finding = next(each for each in examination.findings if each.expected.startswith("a database in every row"))
        assert (finding.severity, finding.found) == (
            "differs",
            "none, so the name of the file, in 1 row, the first s2 c1 (line 3)",
        )

    def test_that_name_a_clip_twice_are_both_unusable(self, tmp_path):
        rows = [row(tmp_path), row(tmp_path, "s2"), row(tmp_path, label="joy"), row(tmp_path, database="other")]
        columns = {**rows[0], "database": ""}
        examination = examine(write(tmp_path / "mine.csv", [columns, *rows[1:]]))
        fault = only(examination, "s1 c1 (mine)")
        assert (fault.severity, fault.found) == ("unusable", "s1 c1 (line 2) and s1 c1 (line 4)")
        assert [clip.key for clip in examination.clips] == ["mine/s2/c1", "other/s1/c1"]

    @pytest.mark.parametrize(("onset", "apex", "offset"), [(5, 2, 8), (8, None, 2), (2, 9, 8)])
    def test_out_of_order_are_unusable(self, tmp_path, onset, apex, offset):
        fault = only(examine_row(tmp_path, onset=onset, apex=apex, offset=offset), "s1 c1 (line 2)")
        assert (fault.severity, "after" in fault.found) == ("unusable", True)

    def test_of_one_frame_are_unusable(self, tmp_path):
        fault = only(examine_row(tmp_path, onset=5, offset=5), "s1 c1 (line 2)")
        assert (fault.severity, fault.found) == ("unusable", "onset and offset are both 5")

    def test_with_the_apex_on_the_onset_show_no_movement(self, tmp_path):
        examination = examine_row(tmp_path, onset=5)
        assert only(examination, "s1 c1 (line 2)").severity == "differs"
        assert examination.clips.clips[0].apex == 5

    def test_without_onset_or_offset_span_all_frames(self, tmp_path):
        rows = [row(tmp_path), row(tmp_path, "s2", onset=None), row(tmp_path, "s3", onset="", offset="NA")]
        examination = examine(write(tmp_path / "mine.csv", rows))
        assert [(clip.onset, clip.offset) for clip in examination.clips] == [(2, 8), (1, 8), (1, 9)]
        finding = only(examination, "mine.csv")
        assert (finding.severity, finding.found) == ("handled", "not both in 2 rows, the first s2 c1 (line 3)")
        assert examination.clips.clips[2].note == "onset unknown, offset unknown: frames 1 to 9 are used"

    def test_without_an_apex_leave_it_to_the_recipe(self, tmp_path):
        rows = [row(tmp_path), row(tmp_path, "s2", apex=None)]
        examination = examine(write(tmp_path / "mine.csv", rows))
        assert "unknown for 1 of 2 clips: the input's recipe chooses" in examination.facts["apex"]

    def test_without_a_label_are_counted(self, tmp_path):
        rows = [row(tmp_path), row(tmp_path, "s2", label=""), row(tmp_path, "s3", label="NaN")]
        examination = examine(write(tmp_path / "mine.csv", rows))
        finding = only(examination, "mine.csv")
        assert (finding.severity, finding.found) == ("differs", "none in 2 rows, the first s2 c1 (line 3)")
        assert [clip.emotion for clip in examination.clips] == ["happiness", "", ""]

    def test_whose_labels_differ_in_case_alone_share_one(self, tmp_path):
        rows = [
            row(tmp_path, label="Happiness"),
            row(tmp_path, "s2", label="happiness "),
            row(tmp_path, "s3", label="Joy"),
        ]
        examination = examine(write(tmp_path / "mine.csv", rows))
        finding = only(examination, "mine.csv")
        assert (finding.severity, finding.found) == ("handled", "Happiness and happiness")
        assert [clip.emotion for clip in examination.clips] == ["happiness", "happiness", "joy"]

    @pytest.mark.parametrize(("subjects", "one"), [(("1", "1.0"), "1"), (("007", "007.0", "007.00"), "007")])
    def test_whose_subjects_are_one_number_with_and_without_a_fraction_are_of_one_person(self, tmp_path, subjects, one):
        rows = [row(tmp_path, subject, f"c{number}") for number, subject in enumerate(subjects)]
        examination = examine(write(tmp_path / "mine.csv", [*rows, row(tmp_path, "2.0")]))
        assert [clip.subject for clip in examination.clips] == [*[one] * len(subjects), "2.0"]
        finding = only(examination, "mine.csv")
        assert (finding.severity, finding.found) == ("handled", " and ".join(subjects))

    def test_that_name_a_clip_of_subject_1_and_of_subject_1_0_name_it_twice(self, tmp_path):
        examination = examine(write(tmp_path / "mine.csv", [row(tmp_path, "1"), row(tmp_path, "1.0"), row(tmp_path)]))
        assert only(examination, "1 c1 (mine)").severity == "unusable"
        assert [clip.subject for clip in examination.clips] == ["s1"]

    @pytest.mark.parametrize(
        ("one", "other"),
        [("S1", "s1"), ("1", "001"), ("001", "1.0"), ("sub01", "Sub1"), ("José", "Jose\u0301"), ("an na", "anna")],
    )
    def test_whose_subjects_are_perhaps_one_person_are_named(self, tmp_path, one, other):
        rows = [row(tmp_path, one), row(tmp_path, other, "c2"), row(tmp_path, "sub10"), row(tmp_path, "sub100")]
        finding = only(examine(write(tmp_path / "mine.csv", rows)), "mine")
        assert (finding.severity, finding.found) == ("differs", told_apart([one, other]))

    def test_whose_clips_are_one_number_with_and_without_a_fraction_name_it_twice(self, tmp_path):
        rows = [row(tmp_path, "a", "1"), row(tmp_path, "a", "1.0"), row(tmp_path, "b", "1.0")]
        examination = examine(write(tmp_path / "mine.csv", rows))
        assert only(examination, "a 1 (mine)").severity == "unusable"
        assert [(clip.subject, clip.name) for clip in examination.clips] == [("b", "1.0")]

    def test_whose_clips_of_a_subject_are_perhaps_one_are_named(self, tmp_path):
        rows = [row(tmp_path, "a", "EP1"), row(tmp_path, "a", "ep1"), row(tmp_path, "b", "ep1")]
        finding = only(examine(write(tmp_path / "mine.csv", rows)), "mine/a")
        assert (finding.severity, finding.found) == ("differs", "EP1 and ep1")

    def test_that_share_their_frames_are_named(self, tmp_path):
        frames = folder_of(tmp_path, "frames")
        rows = [row(tmp_path, clip=clip, frames=frames, onset=onset) for clip, onset in (("a", 2), ("b", 3), ("c", 2))]
        finding = only(examine_copy(TABLE, write(tmp_path / "mine.csv", rows), False, silent), "s1 a and s1 c")
        assert (finding.severity, finding.found) == ("differs", f"the same frames of {tmp_path / 'frames'}")


class TestFrames:
    def test_lie_where_the_table_says_from_any_working_folder(self, tmp_path, monkeypatch):
        write(tmp_path / "mine.csv", [row(tmp_path)])
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path)
        (clip,) = clips = load("table", "mine.csv")
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert clips.frames(clip).read(5).shape == (30, 24, 3)

    def test_may_be_given_by_an_absolute_path_or_with_backslashes(self, tmp_path):
        folder_of(tmp_path, "data/s1")
        rows = [row(tmp_path, frames=str(tmp_path / "data" / "s1")), row(tmp_path, "s2", frames="data\\s1", onset=3)]
        clips = examine(write(tmp_path / "mine.csv", rows)).clips
        assert {clip.source for clip in clips} == {tmp_path / "data" / "s1"}

    @pytest.mark.parametrize("name", ["nowhere", "n" * 300, "notes.txt"])
    def test_that_are_not_there_make_the_row_unusable(self, tmp_path, name):
        (tmp_path / "notes.txt").touch()
        fault = only(examine_row(tmp_path, frames=name), "s1 c1 (line 2)")
        assert (fault.severity, name[:200] in fault.found) == ("unusable", True)
        assert "relative to the folder of the table" in fault.remedy

    @pytest.mark.parametrize("name", ["a\0b", "notes.txt/a"])
    def test_of_a_name_that_no_file_has_make_the_row_unusable(self, tmp_path, name):
        (tmp_path / "notes.txt").touch()
        pd.DataFrame([row(tmp_path, frames=name)]).to_parquet(tmp_path / "mine.parquet")
        fault = only(examine(tmp_path / "mine.parquet"), "s1 c1 (row 1)")
        assert (fault.severity, fault.found[:10]) == ("unusable", "nothing at")

    def test_of_a_path_that_no_disk_has_are_not_called_missing(self, tmp_path):
        fault = only(examine_row(tmp_path, frames="a" * 300), "s1 c1 (line 2)")
        assert os.strerror(errno.ENAMETOOLONG) in fault.found

    @pytest.mark.parametrize("path", ["~/faces/a", "~anna/faces", "$HOME/faces", "x/${DATA}/a", r"%USERPROFILE%\faces"])
    def test_are_not_looked_for_as_a_shell_does_and_this_is_said(self, tmp_path, path):
        fault = only(examine_row(tmp_path, frames=path), "s1 c1 (line 2)")
        assert fault.remedy.startswith("write the whole path: in a table, ~ and variables such as $HOME are not")
        folder_of(tmp_path, path.replace("\\", "/"))
        assert len(examine_row(tmp_path, frames=path).clips) == 1

    def test_that_are_missing_beside_a_table_in_a_folder_with_such_a_name_are_not_called_a_path_of_a_shell(
        self, tmp_path
    ):
        (tmp_path / "~$anna").mkdir()
        fault = only(examine_row(tmp_path / "~$anna", frames="faces"), "s1 c1 (line 2)")
        assert fault.remedy.startswith("correct the path, which is relative to the folder of the table")

    def test_need_a_number_in_their_name(self, tmp_path):
        write_images(tmp_path / "frames", ["onset.png", "apex.png"], PNG)
        fault = only(examine_row(tmp_path, frames="frames"), "s1 c1 (line 2)")
        assert (fault.severity, fault.found, "img1.jpg" in fault.remedy) == ("unusable", "none with a number", True)

    def test_one_level_deeper_than_stated_are_named(self, tmp_path):
        folder_of(tmp_path, "clip/frames")
        fault = only(examine_row(tmp_path, frames="clip"), "s1 c1 (line 2)")
        assert (fault.found, str(tmp_path / "clip" / "frames") in fault.remedy) == ("none with a number", True)

    def test_may_not_share_a_number(self, tmp_path):
        write_images(tmp_path / "frames", ["img1.png", "img01.png"], PNG)
        fault = only(examine_row(tmp_path, frames="frames"), "s1 c1 (line 2)")
        assert (fault.severity, "the same frame number" in fault.found) == ("unusable", True)

    def test_numbered_from_0_cannot_be_an_onset(self, tmp_path):
        frames = folder_of(tmp_path, "frames", range(9))
        fault = only(examine_row(tmp_path, frames=frames, onset=None), "(line 2)")
        assert (fault.severity, "write 1 or a later frame into column onset" in fault.remedy) == ("unusable", True)
        fault = only(examine_row(tmp_path, frames=frames, onset=0), "(line 2)")
        assert (fault.found, "rename them to begin with 1 and add 1" in fault.remedy) == ("'0'", True)
        assert len(examine_row(tmp_path, frames=frames).clips) == 1

    @pytest.mark.parametrize(("column", "number"), [("onset", 1), ("offset", 12), ("apex", 6)])
    def test_that_lack_a_moment_make_the_row_unusable(self, tmp_path, column, number):
        frames = folder_of(tmp_path, "frames", [2, 3, 4, 5, 7, 8, 9])
        fault = only(examine_row(tmp_path, frames=frames, **{column: number}), "s1 c1 (line 2)")
        assert fault.severity == "unusable"
        assert f"{column} {number}" in fault.expected
        assert fault.found.startswith("frames 2..9, 1 missing between: 6 in ")
        assert fault.found.endswith(f"absent: {column} {number}")

    @pytest.mark.parametrize(
        ("onset", "apex", "offset", "anew"),
        [(46, 50, 54, True), (46, "", 54, True), (46, 50, 55, False), (46, 50, "", False)],
    )
    def test_numbered_anew_are_recognized(self, tmp_path, onset, apex, offset, anew):
        """Where the folder has as many frames as the row, 9."""
        examination = examine_row(tmp_path, onset=onset, apex=apex, offset=offset)
        remedies = [finding.remedy for finding in examination.of("unusable")]
        assert ["numbered anew from 1: number them from 46 on" in remedy for remedy in remedies] == [anew]

    @pytest.mark.parametrize("deep", [False, True])
    @pytest.mark.parametrize(
        ("numbers", "found"),
        [([2, 5, 8], "4 missing between: 3, 4, 6, 7"), ([2, 3, 4, 5, 6, 8], "1 missing between: 7")],
    )
    def test_with_gaps_can_be_used_and_are_named(self, tmp_path, deep, numbers, found):
        frames = folder_of(tmp_path, "frames", numbers)
        examination = examine_row(tmp_path, deep=deep, frames=frames)
        finding = only(examination, "s1 c1 (line 2)")
        assert (finding.severity, finding.found) == ("differs", f"frames 2..8, {found}")
        assert len(examination.clips) == 1

    def test_of_a_folder_need_a_frame_rate(self, tmp_path):
        fault = only(examine_row(tmp_path, fps=""), "s1 c1 (line 2)")
        assert (fault.severity, fault.remedy) == ("unusable", "add a column fps with frames per second")

    def test_aligned_by_merlab_know_their_frame_rate_and_stamps(self, tmp_path):
        frames = folder_of(tmp_path, "frames")
        (tmp_path / "frames" / "alignment.json").write_text(json.dumps({"fps": 120.0, "stamps": [SYNTHETIC]}))
        clips = examine_row(tmp_path, frames=frames, fps=None).clips
        assert (clips.clips[0].fps, clips.stamps) == (120.0, (SYNTHETIC,))
        finding = only(examine_row(tmp_path, frames=frames, fps=30), "clips.csv")
        assert (finding.severity, finding.found) == ("differs", "another one in 1 row, the first s1 c1 (line 2)")

    @pytest.mark.parametrize("record", [{"fps": "fast"}, {"fps": -1}, {"stamps": 5}, [], {"content_digest": "0"}])
    def test_aligned_by_merlab_with_a_damaged_record_are_unusable_and_the_file_is_named(self, tmp_path, record):
        frames = folder_of(tmp_path, "frames")
        (tmp_path / "frames" / "alignment.json").write_text(json.dumps(record))
        fault = only(examine_row(tmp_path, frames=frames), "s1 c1")
        assert fault.severity == "unusable"
        assert "alignment.json is damaged" in fault.found

    def test_of_synthetic_faces_carry_their_stamp(self, tmp_path):
        (tmp_path / MANIFEST).write_text("{}")
        (tmp_path / "tables").mkdir()
        frames = str(tmp_path / folder_of(tmp_path, "Cropped/sub01/EP01"))
        path = write(tmp_path / "tables" / "mine.csv", [row(tmp_path, frames=frames)])
        assert load("table", path).stamps == (SYNTHETIC,)

    def test_of_a_synthetic_recording_carry_its_stamp_wherever_it_is(self, tmp_path, monkeypatch):
        """It was copied out of its folder; or the table lies in that folder, and is named from there."""
        frames = folder_of(tmp_path, "elsewhere/SYNTHETIC_sub01")
        assert examine_row(tmp_path, frames=frames).clips.stamps == (SYNTHETIC,)
        (tmp_path / "long" / MANIFEST).parent.mkdir()
        (tmp_path / "long" / MANIFEST).write_text("{}")
        folder_of(tmp_path / "long", "videos/sub01")
        write(tmp_path / "long" / "videos" / "mine.csv", [row(tmp_path, frames="sub01")])
        monkeypatch.chdir(tmp_path / "long" / "videos")
        assert load("table", "mine.csv").stamps == (SYNTHETIC,)

    @pytest.mark.parametrize("fault", FAULTS)
    def test_that_are_damaged_are_found_by_the_deep_examination(self, tmp_path, fault):
        path = write(tmp_path / "mine.csv", [row(tmp_path), row(tmp_path, "s2")])
        FAULTS[fault](tmp_path / "frames" / "s1-c1")
        examination = examine(path, deep=True)
        (finding,) = about(examination, "s1 c1")
        assert (finding.severity, bool(finding.remedy)) == ("unusable", True)
        assert [clip.subject for clip in examination.clips] == ["s2"]


class TestAVideo:
    def test_gives_its_frame_rate_and_its_last_frame(self, tmp_path):
        write_video(tmp_path / "c1.avi")
        (clip,) = examine_row(tmp_path, deep=True, frames="c1.avi", onset="", apex="", offset="", fps="").clips
        assert (clip.fps, clip.onset, clip.offset) == (25.0, 1, 9)

    def test_that_states_another_frame_rate_is_named(self, tmp_path):
        write_video(tmp_path / "c1.avi")
        examination = examine_row(tmp_path, frames="c1.avi", fps=200)
        finding = only(examination, "clips.csv")
        assert (finding.severity, finding.found) == ("differs", "another one in 1 row, the first s1 c1 (line 2)")
        assert examination.clips.clips[0].fps == 200.0

    def test_may_hold_several_clips(self, tmp_path):
        write_video(tmp_path / "long.avi", frames=30)
        ranges = {"a": (1, 3, 9), "b": (12, 15, 20)}
        rows = [
            row(tmp_path, clip=clip, frames="long.avi", onset=onset, apex=apex, offset=offset, fps=25)
            for clip, (onset, apex, offset) in ranges.items()
        ]
        examination = examine(write(tmp_path / "mine.csv", rows), deep=True)
        assert (len(examination.clips), examination.findings) == (2, ())

    def test_that_is_too_short_makes_the_row_unusable(self, tmp_path):
        write_video(tmp_path / "c1.avi")
        fault = only(examine_row(tmp_path, frames="c1.avi", offset=20, fps=25), "s1 c1 (line 2)")
        assert (fault.severity, fault.expected) == ("unusable", "onset 2, apex 5, offset 20")
        assert fault.found == f"frames 1..9 in {tmp_path / 'c1.avi'}; absent: offset 20"

    def test_that_is_damaged_makes_the_row_unusable(self, tmp_path):
        (tmp_path / "c1.avi").write_bytes(b"RIFF")
        fault = only(examine_row(tmp_path, frames="c1.avi"), "s1 c1 (line 2)")
        assert (fault.severity, "cannot be opened as a video" in fault.found) == ("unusable", True)


class TestAStoredFlowImage:
    def write(self, path: Path, gray: bool = False) -> str:
        image = np.random.default_rng(0).integers(0, 256, (28, 28, 1 if gray else 3), np.uint8)
        cv2.imwrite(str(path), np.broadcast_to(image, (28, 28, 3)))
        return path.name

    def test_is_a_clip_without_frames(self, tmp_path):
        frames = self.write(tmp_path / "c1.png")
        examination = examine_row(tmp_path, deep=True, frames=frames, onset="", apex="", offset="")
        (clip,) = examination.clips
        assert (clip.holds_flow, clip.onset, clip.apex, clip.offset) == (True, None, None, None)
        assert (clip.aligned, "apex" in examination.facts) == (True, False)
        finding = only(examination, "clips.csv")
        assert (finding.severity, finding.found) == ("handled", "one image in 1 row, the first s1 c1 (line 2)")
        assert "read as stored flow" in finding.remedy

    def test_with_frame_numbers_may_be_a_frame_of_a_face_and_is_named(self, tmp_path):
        examination = examine_row(tmp_path, deep=True, frames=self.write(tmp_path / "img5.png"))
        (finding,) = examination.of("differs")
        assert finding.found == "one image and frame numbers in 1 row, the first s1 c1 (line 2)"
        assert "give the folder of its frames" in finding.remedy

    def test_that_is_gray_is_none(self, tmp_path):
        frames = self.write(tmp_path / "c1.png", gray=True)
        examination = examine_row(tmp_path, deep=True, frames=frames)
        (fault,) = about(examination, "s1 c1")
        assert (fault.severity, fault.found, len(examination.clips)) == ("unusable", "a gray image", 0)

    def test_that_is_damaged_is_found(self, tmp_path):
        (tmp_path / "c1.png").write_bytes(PNG[:40])
        (fault,) = about(examine_row(tmp_path, deep=True, frames="c1.png"), "s1 c1")
        assert (fault.severity, "is truncated" in fault.found) == ("unusable", True)


class TestLoading:
    def test_stops_at_an_unusable_row_with_the_command_that_lists_all(self, tmp_path):
        path = write(tmp_path / "mine.csv", [row(tmp_path), row(tmp_path, "s2", apex="?")])
        with pytest.raises(MerlabError, match=rf"s2 c1 \(line 3\): .*`merlab doctor table {path}`"):
            load("table", path)
        table = load("table", str(path), allow_unusable=True)
        assert (len(table), table.stamps) == (1, ("INCOMPLETE: 1 fault in table",))

    @pytest.mark.parametrize("make", [str, Path])
    def test_takes_the_path_as_text_or_as_a_path(self, tmp_path, make: Callable[[Path], str | Path]):
        path = write(tmp_path / "mine.csv", [row(tmp_path)])
        table = load("table", make(path))
        assert [source.root for source in table.sources] == [path]
