"""mmew: folders by emotion, subjects in the names of the clips, rows that disagree with the folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from merlab.databases import find_database, load
from merlab.progress import silent
from tests.databases.release import image_bytes, label, only, write_images, write_table

TABLE = "MMEW_Micro_Exp.xlsx"
COLUMNS = (
    "Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units", "Estimated Emotion", "remarks",
)  # fmt: skip
EMOTIONS = {"happiness": 36, "anger": 8, "surprise": 89, "disgust": 72, "fear": 16, "sadness": 13, "others": 66}
JPEG = image_bytes()
MMEW = find_database("mmew")


def row(clip: str = "S03-01-002", frames: Any = (1, 3, 6), emotion: Any = "happiness") -> dict[str, Any]:
    """A row as column name -> cell."""
    cells = (clip[:3], clip, *frames, "6+12", emotion, None)
    return dict(zip(COLUMNS, cells, strict=True))


def write_clip(root: Path, clip: str = "S03-01-002", emotion: str = "happiness", frames: int = 6) -> Path:
    names = (f"{number}.jpg" for number in range(1, frames + 1))
    return write_images(root / "Micro_Expression" / emotion / clip, names, JPEG)


def test_the_subject_is_in_the_name_of_the_clip_and_the_folders_are_emotions(tmp_path):
    write_table(tmp_path / TABLE, [row(), row("S05-07-001", emotion="others")], COLUMNS)
    write_clip(tmp_path)
    write_clip(tmp_path, "S05-07-001", "repression")
    clips = load("mmew", tmp_path)
    assert [(clip.subject, clip.name, clip.emotion, clip.fps) for clip in clips] == [
        ("S03", "S03-01-002", "happiness", 90.0),
        ("S05", "S05-07-001", "others", 90.0),
    ]


def test_a_clip_in_the_folder_of_another_emotion_has_that_of_the_table_and_is_reported(tmp_path):
    write_table(tmp_path / TABLE, [row(), row("S05-07-001", emotion="repression")], COLUMNS)
    write_clip(tmp_path, emotion="anger")
    write_clip(tmp_path, "S05-07-001", "others")
    examination = MMEW.examine(tmp_path, False, silent)
    assert [clip.emotion for clip in examination.clips] == ["happiness", "others"]
    (finding,) = [finding for finding in examination.findings if "S0" in finding.where]
    assert (finding.severity, finding.where) == ("differs", "S03 S03-01-002 (row 2)")
    assert (finding.expected, finding.found) == (
        "happiness, as the table states",
        "anger, by the folder anger/S03-01-002",
    )


def test_a_missing_clip_is_unusable_and_a_folder_without_a_row_is_reported(tmp_path):
    write_table(tmp_path / TABLE, [row(), row("S03-01-003")], COLUMNS)
    write_clip(tmp_path)
    write_clip(tmp_path, "S03-01-009")
    write_clip(tmp_path, "holiday")
    examination = MMEW.examine(tmp_path, False, silent)
    assert {(finding.severity, finding.where) for finding in examination.findings if "S03-" in finding.where} == {
        ("unusable", "S03 S03-01-003 (row 3)"),
        ("differs", "S03 S03-01-009"),
    }
    assert only(examination, "holiday").where == "holiday holiday"


@pytest.mark.parametrize(("frames", "expected"), [(75, (1, 40, 75)), (90, (1, 20, 90))])
def test_a_known_row_uses_the_frames_of_its_folder_only_where_it_lacks_those_of_the_table(tmp_path, frames, expected):
    # Line 35 of the sheet, whose apex and offset are known to be 40 and 75.
    rows = [row(f"S01-01-{number:03d}") for number in range(33)] + [row(frames=(1, 20, 90))]
    write_table(tmp_path / TABLE, rows, COLUMNS)
    write_clip(tmp_path, frames=frames)
    (clip,) = load("mmew", tmp_path, allow_unusable=True)
    assert (clip.onset, clip.apex, clip.offset) == expected


@pytest.mark.parametrize("title", [0, 3])
def test_a_known_row_is_counted_from_the_column_names(tmp_path, title):
    # Line 35 of the sheet in the release.
    rows = [row(f"S01-01-{number:03d}") for number in range(33)] + [row(frames=(1, 20, 90))]
    write_table(tmp_path / TABLE, rows, COLUMNS, notes=title)
    write_clip(tmp_path, frames=75)
    (clip,) = load("mmew", tmp_path, allow_unusable=True)
    assert (clip.onset, clip.apex, clip.offset) == (1, 40, 75)


def test_the_frames_of_a_known_row_are_not_those_of_another_clip_in_its_line(tmp_path):
    # In the release, a clip of 98 frames is in line 39, and line 40 is known to end at 80.
    rows = [row(f"S01-01-{number:03d}") for number in range(38)] + [row(frames=(1, 20, 130))]
    write_table(tmp_path / TABLE, rows, COLUMNS)
    write_clip(tmp_path, frames=98)
    (finding,) = [
        each for each in MMEW.examine(tmp_path, False, silent).findings if each.where == "S03 S03-01-002 (row 40)"
    ]
    assert (finding.severity, finding.found) == ("differs", "offset 130, but the last frame in the folder is 98")


def test_a_full_table_has_the_published_counts(tmp_path):
    rows = [row(f"S{number % 30 + 1:02d}-01-{number:03d}", emotion=None) for number in range(300)]
    label(rows, EMOTIONS, "Estimated Emotion", each="others")
    write_table(tmp_path / TABLE, rows, COLUMNS)
    examination = MMEW.examine_table(tmp_path)  # type: ignore[misc]
    assert (examination.facts["rows"], examination.of("differs")) == ("300", [])
