"""What is made of a long result: the table of its frames is not searched anew for each face and each event."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from merlab.serving.view import view_of
from merlab.videos.output.elan import write_elan
from merlab.videos.output.report import write_report
from merlab.videos.result import read_video_result
from tests.videos.fake_result import write_result


@pytest.fixture
def searches(monkeypatch, tmp_path):
    """``searches(make, faces, events)``: how often rows of the table of frames are looked for."""

    def counted(make, faces, events):
        folder = tmp_path / f"{faces}-{events}"
        result = read_video_result(write_result(folder, faces=faces, events=events, pictures=False))
        found, get = [], pd.DataFrame.__getitem__

        def search(table, key):
            if isinstance(key, pd.Series):
                found.append(len(table))
            return get(table, key)

        with monkeypatch.context() as patch:
            patch.setattr(pd.DataFrame, "__getitem__", search)
            make(result)
        return found.count(len(result.frames))

    return counted


@pytest.mark.parametrize(
    "make", [view_of, write_report, lambda result: write_elan(result, Path("a.mp4"))], ids=["page", "report", "elan"]
)
def test_the_table_of_frames_is_not_searched_for_each_face_and_event(searches, make):
    assert searches(make, 6, 12) == searches(make, 2, 4)
