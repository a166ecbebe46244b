"""What is said about rows of a table of clips that can be used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from merlab.clips import Finding
from merlab.databases import find_database
from merlab.databases.database import Examination
from merlab.progress import silent
from tests.databases.release import image_bytes, write_images
from tests.frames.videos import write_video

PNG = image_bytes(suffix=".png")


def examine(root: Path, labels: Sequence[str]) -> Examination:
    """A table of clips with these labels, each of a subject of its own."""
    write_images(root / "frames", (f"{number}.png" for number in range(1, 9)), PNG)
    lines = [f"s{number}\tc\tframes\t200\t{label}" for number, label in enumerate(labels)]
    table = root / "mine.tsv"
    table.write_text("\n".join(["subject\tclip\tframes\tfps\tlabel", *lines]), encoding="utf-8")
    return find_database("table").examine(table, False, silent)


def about_labels(examination: Examination) -> list[Finding]:
    return [finding for finding in examination.findings if finding.expected == "one spelling per label"]


@pytest.mark.parametrize(
    ("one", "other", "label"),
    [
        ("low arousal", "low  arousal", "low arousal"),
        ("low arousal", "low\xa0arousal", "low arousal"),
        ("anger", "anger\u200b", "anger"),
        ("Überraschung", "U\u0308berraschung", "überraschung"),
        ("1", "1.0", "1"),
    ],
)
def test_labels_that_look_the_same_are_one_class_and_are_named(tmp_path, one, other, label):
    examination = examine(tmp_path, [one, other])
    assert {clip.emotion for clip in examination.clips} == {label}
    (finding,) = about_labels(examination)
    assert (finding.severity, finding.remedy) == ("handled", f"all are read as {label}")


@pytest.mark.parametrize(("one", "other"), [("hapiness", "happiness"), ("01", "1"), ("self report", "selfreport")])
def test_labels_that_differ_by_one_letter_a_blank_or_zeros_stay_two_classes_and_are_named(tmp_path, one, other):
    examination = examine(tmp_path, [other, one, "anger"])
    assert {clip.emotion for clip in examination.clips} == {one, other, "anger"}
    (finding,) = about_labels(examination)
    assert (finding.severity, finding.found) == ("differs", f"{one} and {other}")


@pytest.mark.parametrize("sign", ["?", "/", "NaN", "n/a"])
def test_a_sign_for_an_unknown_label_is_no_class(tmp_path, sign):
    examination = examine(tmp_path, ["anger", sign])
    assert [clip.emotion for clip in examination.clips] == ["anger", ""]
    assert any(finding.found.startswith("none in 1 row, the first s1 c") for finding in examination.of("differs"))


def examine_workbook(root: Path, **cells: Any) -> Examination:
    """A workbook of two clips; the first has these cells."""
    write_images(root / "frames", (f"{number}.png" for number in range(1, 9)), PNG)
    first = {"subject": "s1", "clip": "c1", "frames": "frames", "fps": 200, "label": "anger", "action_units": 4}
    book = Workbook()
    assert book.active is not None
    for line in (list(first), list((first | cells).values()), ["s2", "c2", "frames", 200, "fear", "1+2"]):
        book.active.append(line)
    book.save(root / "mine.xlsx")
    return find_database("table").examine(root / "mine.xlsx", False, silent)


@pytest.mark.parametrize("column", ["subject", "clip", "label"])
def test_a_failed_formula_in_place_of_a_text_makes_the_row_unusable(tmp_path, column):
    examination = examine_workbook(tmp_path, **{column: "#REF!"})
    assert [clip.subject for clip in examination.clips] == ["s2"]
    (fault,) = examination.of("unusable")
    assert (fault.expected, fault.found) == (f"a text in column {column}", "'#REF!'")


@pytest.mark.parametrize("column", ["subject", "clip", "label"])
@pytest.mark.parametrize(
    "value", [datetime(2014, 2, 1), datetime(2014, 2, 1, 13, 5), time(1, 2), timedelta(hours=30), timedelta(hours=3)]
)
def test_a_name_that_a_spreadsheet_turned_into_a_date_or_time_is_named(tmp_path, column, value):
    (finding,) = examine_workbook(tmp_path, **{column: value}).of("differs")
    assert finding.expected == f"a name in column {column}"
    assert finding.found.startswith("a date or time in 1 row, the first ")
    assert "format the column as text" in finding.remedy


@pytest.mark.parametrize("cell", [datetime(2014, 4, 10), "happy", "04. Okt", "#N/A"])
def test_a_cell_that_is_no_action_unit_is_read_as_none_and_named(tmp_path, cell):
    examination = examine_workbook(tmp_path, action_units=cell)
    assert [clip.action_units for clip in examination.clips] == ["", "1+2"]
    (finding,) = examination.of("differs")
    assert finding.expected == "action units such as 4+L10 in column action_units"


def test_a_video_that_was_cut_off_is_named_by_the_deep_examination(tmp_path):
    video = write_video(tmp_path / "long.mkv", "libx264", numbers=range(1, 41), size=(176, 144))
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    table = tmp_path / "mine.csv"
    table.write_text("subject,clip,frames,label\nanna,a,long.mkv,anger\n")
    noted = find_database("table").examine(table, True, silent).of("differs")
    (finding,) = (each for each in noted if each.expected == "nothing to note about long.mkv")
    assert finding.where == "anna a (line 2)"
    assert finding.found.startswith("the file was cut off")


def test_two_frame_rates_of_one_folder_are_named_with_their_rows(tmp_path):
    (finding,) = examine_workbook(tmp_path, fps=30).of("differs")
    assert finding.expected == f"one frame rate for {tmp_path / 'frames'}"
    assert finding.found == "30 in s1 c1 (row 2) and 200 in s2 c2 (row 3)"
