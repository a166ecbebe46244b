"""The database 4dme: several labels per clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest

from merlab.databases import find_database, load
from merlab.databases.database import Examination
from merlab.progress import silent
from merlab.protocols import label_clips
from merlab.schemes import find_scheme
from tests.databases.release import image_bytes, write_images, write_table

LABELS = ("Positive", "Negative", "Surprise", "Repression", "Others")
COLUMNS = ("sub_ID", "fold_name", "fold", "Emotion", "Onset", "Apex", "Offset", "AUs", "eye blink", *LABELS, "Total")
JPEG = image_bytes()


def row(clip: str = "s1_01", *labels: str) -> dict[str, Any]:
    """A row as column name -> cell."""
    cells = (
        "S01",
        clip,
        1,
        labels[0] if labels else None,
        2,
        4,
        7,
        "4+7(k)",
        0,
        *(int(label in labels) for label in LABELS),
        len(labels),
    )
    return dict(zip(COLUMNS, cells, strict=True))


@pytest.fixture
def root(tmp_path):
    rows = [row("s1_01", "Negative"), row("s1_02", "Negative", "Repression"), row("s1_03", "Surprise")]
    write_table(tmp_path / "4DME_Labelling_Micro_release v1.xlsx", rows, COLUMNS)
    for cells in rows:
        names = (f"{number}.jpg" for number in range(1, 9))
        write_images(tmp_path / "gray_micro" / "S01" / cells["fold_name"], names, JPEG)
    return tmp_path


def test_a_clip_with_several_labels_has_them_all(root):
    assert [clip.emotion for clip in load("4dme", root)] == ["negative", "negative+repression", "surprise"]


@pytest.fixture
def edited(root):
    """Examines the tree with another cell in a column of the clip s1_02, or without a column."""

    def examine(column: str, cell: Any = None, *, columns: Sequence[str] = COLUMNS) -> Examination:
        rows = [row("s1_01", "Negative"), row("s1_02", "Negative") | {column: cell}, row("s1_03", "Surprise")]
        write_table(root / "4DME_Labelling_Micro_release v1.xlsx", rows, columns)
        return find_database("4dme").examine(root, False, silent)

    return examine


@pytest.mark.parametrize(
    ("cell", "emotion"),
    [
        (1, "negative+repression"),
        (True, "negative+repression"),
        ("1", "negative+repression"),
        ("true", "negative+repression"),
        (1.0, "negative+repression"),
        (0, "negative"),
        (False, "negative"),
        ("FALSE", "negative"),
        (None, "negative"),
    ],
)
def test_a_label_may_be_marked_by_a_number_or_by_a_truth_value(edited, cell, emotion):
    assert [clip.emotion for clip in edited("Repression", cell).clips] == ["negative", emotion, "surprise"]


@pytest.mark.parametrize("cell", ["yes", 2, "x", -1, "?", "#REF!"])
def test_another_mark_makes_the_row_unusable(edited, cell):
    examination = edited("Repression", cell)
    (finding,) = examination.of("unusable")
    assert (finding.where, finding.expected) == ("S01 s1_02 (row 3)", "0 or 1 in column Repression")
    assert finding.found == repr(str(cell))
    assert [clip.name for clip in examination.clips] == ["s1_01", "s1_03"]


def test_a_column_of_a_label_that_is_absent_is_reported(edited):
    assert edited("Repression", 0).findings == ()
    columns = [column for column in COLUMNS if column not in {"Repression", "Others"}]
    (finding,) = edited("Surprise", 0, columns=columns).findings
    assert (finding.severity, finding.found) == ("differs", "no column Repression, Others")


def test_action_units_keep_the_mark_of_those_that_the_coders_were_not_sure_of(root):
    assert {clip.action_units for clip in load("4dme", root)} == {"4+7(k)"}


def test_the_labels_are_counted_in_the_facts(root):
    examination = find_database("4dme").examine_table(root)  # type: ignore[misc]
    assert examination.facts["emotions"] == "negative 2, repression 1, surprise 1"


def test_a_scheme_leaves_out_clips_with_several_labels(root):
    labeled = label_clips(load("4dme", root), find_scheme("4dme-5"))
    assert len(labeled.labels) == 2
    assert labeled.left_out == {"4dme negative+repression": 1}


@pytest.mark.parametrize("folder", ["007", "7"])
@pytest.mark.parametrize("form", ["000", "0"])
def test_the_folder_of_a_subject_is_found_whatever_zeros_the_format_of_its_number_shows(tmp_path, folder, form):
    path = write_table(tmp_path / "4DME Micro.xlsx", [row("012", "Negative") | {"sub_ID": 7, "fold_name": 12}], COLUMNS)
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["A2"].number_format = form
    book.worksheets[0]["B2"].number_format = "000"
    book.save(path)
    write_images(tmp_path / folder / "012", (f"{number}.jpg" for number in range(1, 9)), JPEG)
    assert [(clip.subject, clip.name) for clip in load("4dme", tmp_path)] == [("7", "012")]


@pytest.mark.parametrize("named", ["s01", "01", "S1"])
def test_the_folder_of_a_subject_under_another_name_is_named_with_the_rename(root, named):
    (root / "gray_micro" / "S01").rename(root / "gray_micro" / named)
    (finding,) = [each for each in find_database("4dme").examine(root, False, silent).findings if each.where == "S01"]
    assert finding.remedy == f"rename {named} to S01"


def test_a_label_that_contradicts_the_column_of_emotions_is_reported(edited):
    findings = [each for each in edited("Emotion", "surprise").findings if "column of emotions" in each.expected]
    assert [(each.severity, each.where, each.found) for each in findings] == [
        ("differs", "S01 s1_02 (row 3)", "negative"),
    ]
