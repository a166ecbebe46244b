"""The summary of a folder: one row per video, with counts that are those of its events."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from merlab.errors import MerlabError
from merlab.videos.result import VideoResult, read_video_result
from merlab.videos.summary import write_summary
from tests.videos.fake_result import write_result


def test_every_video_has_a_row_with_its_counts_or_its_reason(tmp_path):
    result = read_video_result(write_result(tmp_path / "moving.mp4", pictures=False))
    still = replace(result, rows=(), metadata=result.metadata.model_copy(update={"warnings": ()}))
    rows = (replace(result.rows[0], kind="macro", action_units="AU12 left 1.90 px; AU12 1.20 px; AU6 0.72 px"),)
    one = replace(result, rows=(*rows, *result.rows[1:]))
    results: dict[Path, VideoResult | MerlabError] = {
        Path("a/moving.mp4"): one,
        Path("a/still.mp4"): still,
        Path("a/text.mp4"): MerlabError("a\ntext"),
    }
    path = write_summary(tmp_path, results, {Path("a/notes.txt"): "not a video"})
    with path.open(newline="", encoding="utf-8") as file:
        table = {cells["video"]: cells for cells in csv.DictReader(file)}
    assert [(name, cells["status"]) for name, cells in table.items()] == [
        ("moving.mp4", "done"),
        ("still.mp4", "done"),
        ("text.mp4", "failed"),
        ("notes.txt", "skipped"),
    ]
    moving, quiet = table["moving.mp4"], table["still.mp4"]
    assert float(moving["minutes"]) == pytest.approx(12 / 60)
    counts = ("faces", "events", "micro", "macro", "other", "no_class")
    assert [moving[name] for name in counts] == ["2", "4", "3", "1", "0", "1"]
    assert [moving[name] for name in ("AU06", "AU17", "cheeks_left")] == [
        str(sum("AU6" in row.action_units for row in one.rows)),
        str(sum("AU17" in row.action_units for row in one.rows)),
        str(sum(row.part == "cheeks, left" for row in one.rows)),
    ]
    assert moving["AU12"] == str(sum("AU12" in row.action_units for row in one.rows))
    assert sum(int(count) for name, count in moving.items() if name.startswith("class_")) == 3
    assert moving["warnings"].count(" | ") == len(one.warnings) - 1
    assert [quiet[name] for name in ("events", "micro", "no_class", "warnings")] == ["0", "0", "0", ""]
    assert (table["text.mp4"]["events"], table["text.mp4"]["reason"]) == ("", "a\\ntext")
    assert table["notes.txt"]["reason"] == "not a video"
