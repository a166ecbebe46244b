"""What is made of a long result: the table of its frames is not searched anew for each face and each event."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from merlab.coding.decisions import Coding
from merlab.coding.elan_writing import write_elan as write_coded_elan
from merlab.serving.view import view_of
from merlab.videos.output.elan import write_elan
from merlab.videos.output.report import write_report
from merlab.videos.result import read_video_result
from tests.coding.results import about, material_in
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


def test_decisions_are_not_sorted_anew_for_each_face(tmp_path, monkeypatch):
    sorts, counts, sort = [], [], Coding.sorted

    def counted(coding):
        sorts.append(coding)
        return sort(coding)

    monkeypatch.setattr(Coding, "sorted", counted)
    for faces in (2, 6):
        material = material_in(tmp_path / str(faces), faces=faces, events=12)
        coding = Coding(tuple(about(event, "accept") for event in material.events))
        sorts.clear()
        write_coded_elan(tmp_path / "coded.eaf", material, coding, ["AB"])
        counts.append(len(sorts))
    assert counts[0] == counts[1]


def test_the_table_of_the_names_of_movements_is_not_made_anew_for_each_decision(tmp_path):
    material = material_in(tmp_path / "result")
    assert material.by_name is material.by_name
