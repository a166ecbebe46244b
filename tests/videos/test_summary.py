"""The summary of a folder: one row per video, with counts that are those of its events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.videos.result import read_video_result
from merlab.videos.summary import write_summary
from tests.videos.fake_result import write_result


def test_every_video_has_a_row_with_its_counts_or_its_reason(tmp_path):
    result = read_video_result(write_result(tmp_path / "moving.mp4", pictures=False))
    still = replace(result, rows=(), metadata=result.metadata.model_copy(update={"warnings": ()}))
    rows = (replace(result.rows[0], kind="macro", action_units="AU12 left 1.90 px; AU12 1.20 px; AU6 0.72 px"),)
    one = replace(result, rows=(*rows, *result.rows[1:]))
    results = {Path("a/moving.mp4"): one, Path("a/still.mp4"): still, Path("a/text.mp4"): MerlabError("a\ntext")}
    path = write_summary(tmp_path, results, {Path("a/notes.txt"): "not a video"})
    table = pd.read_csv(path, keep_default_na=False).set_index("video")
    assert table["status"].to_dict() == {
        "moving.mp4": "done",
        "still.mp4": "done",
        "text.mp4": "failed",
        "notes.txt": "skipped",
    }
    moving = table.loc["moving.mp4"]
    assert float(moving["minutes"]) == pytest.approx(12 / 60)
    assert moving[["faces", "events", "micro", "macro", "other", "no_class"]].tolist() == ["2", "4", "3", "1", "0", "1"]
    assert [moving[name] for name in ("AU06", "AU17", "cheeks_left")] == [
        str(sum("AU6" in row.action_units for row in one.rows)),
        str(sum("AU17" in row.action_units for row in one.rows)),
        str(sum(row.part == "cheeks, left" for row in one.rows)),
    ]
    assert moving["AU12"] == str(sum("AU12" in row.action_units for row in one.rows))
    classes = [name for name in table.columns if name.startswith("class_")]
    assert sum(int(moving[name]) for name in classes) == 3
    assert moving["warnings"].count(" | ") == len(one.warnings) - 1
    assert table.loc["still.mp4", ["events", "micro", "no_class", "warnings"]].tolist() == ["0", "0", "0", ""]
    assert table.loc["text.mp4", ["events", "reason"]].tolist() == ["", "a\\ntext"]
    assert table.loc["notes.txt", "reason"] == "not a video"
