"""Recordings in a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from merlab.spotting.comparison.recordings import recordings
from tests.helpers import texture, write_frames


def test_a_table_from_windows_is_read_elsewhere(tmp_path):
    write_frames(tmp_path / "s1" / "a", [texture(1, 8, 8)] * 2)
    table, truth = tmp_path / "videos.csv", pd.DataFrame({"video": ["a"], "onset": [1], "offset": [2]})
    table.write_text("video,source,fps\na,s1\\a,200\n")
    (read,) = recordings(truth, [table])
    assert Path(read.source) == tmp_path / "s1" / "a"
