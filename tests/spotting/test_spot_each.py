"""Several videos: each gets the options, and no result of anything else is touched."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from merlab.errors import MerlabError
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.spot_each import spot_each


@pytest.fixture
def videos(tmp_path):
    for name in ("a.avi", "b.avi"):
        (tmp_path / name).write_text("no video")
    return [tmp_path / "a.avi", tmp_path / "b.avi"]


def test_each_video_gets_all_options_and_one_that_fails_does_not_stop_the_others(monkeypatch, tmp_path, videos):
    def fail(video, folder, *, progress, **named):
        given.append((video, folder, named))
        raise MerlabError(f"{video.name} is damaged")

    given: list[tuple[object, ...]] = []
    monkeypatch.setattr(importlib.import_module("merlab.spotting.spot_each"), "spot", fail)
    options: Any = {"fps": 50.0, "settings": SpottingSettings(floor=6.0), "again": True}
    failed = spot_each(videos, tmp_path / "out", progress=False, **options)
    assert given == [(video, tmp_path / "out" / video.name, options) for video in videos]
    assert [str(error) for error in failed.values()] == ["a.avi is damaged", "b.avi is damaged"]


def test_a_folder_of_something_else_among_the_results_is_refused_before_any_work(tmp_path, videos):
    (tmp_path / "out" / "b.avi").mkdir(parents=True)
    (tmp_path / "out" / "b.avi" / "thesis.txt").write_text("mine")
    with pytest.raises(MerlabError, match=r"b\.avi exists and contains no results of `merlab spot`"):
        spot_each(videos, tmp_path / "out", fps=50, progress=False)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.avi"]
