"""Recordings in a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from merlab.spotting.comparison.recordings import recordings
from tests.helpers import texture, write_frames


def test_a_table_from_windows_is_read_elsewhere(tmp_path):
    write_frames(tmp_path / "s1" / "a", [texture(1, 8, 8)] * 2)
    table, truth = tmp_path / "videos.csv", pd.DataFrame({"video": ["a"], "onset": [1], "offset": [2]})
    table.write_text("video,source,fps\na,s1\\a,200\n")
    (read,) = recordings(truth, [table])
    assert Path(read.source) == tmp_path / "s1" / "a"


@pytest.mark.parametrize(
    ("listed", "events", "warned"),
    [
        (
            "video,source,fps,subjct\na,a,200,anna\n",
            "video,onset,offset\na,1,2\n",
            "'subjct' is not read; rename it if",
        ),
        ("video,source,fps\na,a,200\n", "video,onset,offset,subjects\na,1,2,s1\n", "'subjects' is not read; rename it"),
        (
            "video,source,fps\na,a,200\n",
            "video,onset,offset,emoton\na,1,2,joy\n",
            "'emoton' is not read; rename it if it",
        ),
        (
            "video,source,fps\na,a,200\n",
            "video,onset,offset,decision\na,1,2,reject\na,1,2,add\n",
            "without 1 event that a c",
        ),
    ],
)
def test_what_is_not_read_of_its_tables_is_a_warning(tmp_path, listed, events, warned):
    write_frames(tmp_path / "a", [texture(1, 8, 8)] * 2)
    (tmp_path / "videos.csv").write_text(listed)
    (tmp_path / "truth.csv").write_text(events)
    with pytest.warns(UserWarning, match=warned):
        recordings(tmp_path / "truth.csv", [tmp_path / "videos.csv"])
