"""dfme: several frame rates in one table, one table per set, subjects in the names of the clips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from merlab.databases import find_database, load
from merlab.errors import MerlabError
from tests.databases.release import image_bytes, write_images, write_table

COLUMNS = ("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Emotion", "EmotionId", "Fps", "AU")
PNG = image_bytes(suffix=".png")
DFME = find_database("dfme")


def row(clip: str = "sub0003_01", fps: Any = 200, emotion: str = "Disgust") -> dict[str, Any]:
    """A row as column name -> cell."""
    return dict(zip(COLUMNS, (clip[:7], clip, 2, 4, 7, emotion, 2, fps, "4+9"), strict=True))


def write_clip(root: Path, clip: str = "sub0003_01") -> Path:
    return write_images(root / "DFME_train" / clip, (f"{number:05d}.png" for number in range(1, 9)), PNG)


def write_training(root: Path, rows: list[dict[str, Any]]) -> Path:
    return write_table(root / "training_full_with_AU.xlsx", rows, COLUMNS)


def test_every_clip_has_the_frame_rate_of_its_row(tmp_path):
    write_training(tmp_path, [row(), row("sub0003_02", 300), row("sub0012_01", 500)])
    for clip in ("sub0003_01", "sub0003_02", "sub0012_01"):
        write_clip(tmp_path, clip)
    clips = load("dfme", tmp_path)
    assert [(clip.subject, clip.fps) for clip in clips] == [("sub0003", 200.0), ("sub0003", 300.0), ("sub0012", 500.0)]
    assert {clip.emotion for clip in clips} == {"disgust"}


def test_a_frame_rate_that_no_camera_of_the_release_has_is_reported(tmp_path):
    write_training(tmp_path, [row(), row("sub0003_02", 500), row("sub0012_01", 20), row("sub0012_02", 29.97)])
    findings = DFME.examine_table(tmp_path).findings  # type: ignore[misc]
    (finding,) = [each for each in findings if "frame rates" in each.expected]
    assert (finding.severity, finding.expected) == ("differs", "frame rates 200, 300, 500")
    assert finding.found == "20 in 1 row, 29.97 in 1 row"


@pytest.mark.parametrize("fps", ["fast", 0, None, 0.5, 10001, 99999])
def test_a_row_without_a_frame_rate_cannot_be_used(tmp_path, fps):
    write_training(tmp_path, [row(), row("sub0003_02", fps)])
    write_clip(tmp_path)
    with pytest.raises(MerlabError, match=r"sub0003_02 \(row 3\): expected frames per second in column Fps"):
        load("dfme", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "count", "version"),
    [
        ("training_full_with_AU.xlsx", 1856, "training"),
        ("testA_full_with_AU.xlsx", 474, "test A"),
        ("testB_full_with_AU.xlsx", 299, "test B"),
    ],
)
def test_each_set_is_recognized_by_its_number_of_rows(tmp_path, file, count, version):
    rates = (200, 300, 500)
    rows = [row(f"sub{number // 9:04d}_{number % 9}", rates[number % 3]) for number in range(count)]
    path = write_table(tmp_path / file, rows, COLUMNS)
    examination = DFME.examine_table(path)  # type: ignore[misc]
    assert examination.facts["table version"] == f"{version} (by its number of rows)"
    assert examination.facts["frames per second"].startswith("200 (")
    assert examination.findings == ()


def test_a_part_of_a_set_is_of_no_known_set(tmp_path):
    path = write_training(tmp_path, [row(), row("sub0003_02")])
    examination = DFME.examine_table(path)  # type: ignore[misc]
    version = "unknown (its number of rows is that of none of test B, test A, training)"
    assert examination.facts["table version"] == version
    (finding,) = examination.findings
    assert (finding.expected, finding.found) == (
        "299 rows (test B) or 474 rows (test A) or 1856 rows (training)",
        "2 rows",
    )


@pytest.mark.slow
def test_the_training_set_is_read_unless_another_table_is_chosen(tmp_path):
    rows = [row(f"sub{number // 9:04d}_{number % 9}") for number in range(1856)]
    write_training(tmp_path, rows)
    other = write_table(tmp_path / "testB_full_with_AU.xlsx", rows[:299], COLUMNS)
    assert DFME.examine_table(tmp_path).facts["rows"] == "1856"  # type: ignore[misc]
    assert find_database("dfme", table=other).examine_table(tmp_path).facts["rows"] == "299"  # type: ignore[misc]


def test_sets_beside_each_other_are_read_with_their_own_tables(tmp_path):
    write_training(tmp_path, [row(), row("sub0003_02")])
    other = write_table(tmp_path / "testB_full_with_AU.xlsx", [row("sub0700_01")], COLUMNS)
    for folder, clip in (("DFME_train", "sub0003_01"), ("DFME_train", "sub0003_02"), ("DFME_testB", "sub0700_01")):
        write_images(tmp_path / folder / clip, (f"{number:05d}.png" for number in range(1, 9)), PNG)
    assert [clip.name for clip in load("dfme", tmp_path, table=other)] == ["sub0700_01"]
    assert [clip.name for clip in load("dfme", tmp_path / "DFME_testB")] == ["sub0700_01"]
    assert [clip.name for clip in load("dfme", tmp_path / "DFME_train")] == ["sub0003_01", "sub0003_02"]
