"""What the process of a job passes on to the recognition, and what it reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from merlab.errors import MerlabError
from merlab.json_models import read_model
from merlab.progress import silent
from merlab.serving import worker
from merlab.serving.jobs import JobProgress, VideoOptions
from merlab.spotting.spot import SpottingSettings


@pytest.fixture
def passed(monkeypatch):
    """The arguments with which the recognition is called."""
    arguments: dict[str, object] = {}
    monkeypatch.setattr("merlab.videos.recognition.recognize", lambda *_, **named: arguments.update(named))
    return arguments


def test_the_settings_of_a_video_reach_the_recognition(passed):
    options = VideoOptions(fps=200, aligned=True, threshold=3.5, faces=2, weights="mine.safetensors")
    weights = worker.named_weights([Path("a/first.safetensors"), Path("a/mine.safetensors")])
    worker.recognize(Path("a.mp4"), Path("out"), options, progress=silent, weights=weights)
    expected = {"fps": 200, "aligned": True, "most_faces": 2, "spotting": SpottingSettings(floor=3.5)}
    assert passed == passed | expected | {"weights": Path("a/mine.safetensors")}


def test_a_video_without_settings_gets_the_defaults_and_the_first_weights(passed):
    weights = worker.named_weights([Path("first.safetensors"), Path("second.safetensors")])
    assert [*weights] == ["first.safetensors", "second.safetensors", "merlab"]
    worker.recognize(Path("a.mp4"), Path("out"), VideoOptions(), progress=silent, weights=weights)
    assert passed == passed | {"most_faces": 4, "spotting": SpottingSettings(), "weights": Path("first.safetensors")}
    worker.recognize(Path("a.mp4"), Path("out"), VideoOptions(), progress=silent)
    assert passed["weights"] is None


def test_weights_that_the_service_no_longer_has_are_named(passed):
    with pytest.raises(MerlabError, match="started without the weights mine.safetensors; start it with them"):
        worker.recognize(Path("a.mp4"), Path("out"), VideoOptions(weights="mine.safetensors"), progress=silent)
    with pytest.raises(MerlabError, match="the same name"):
        worker.named_weights([Path("a/mine.safetensors"), Path("b/mine.safetensors")])


def test_the_progress_counts_the_frames_and_estimates_the_time_left_of_a_stage(tmp_path, monkeypatch):
    clock = iter([0.0, 30.0, 31.0, 32.0])
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    report = worker.ProgressFile(tmp_path / "progress.json")
    seen = []
    for done, total, stage in [(100, 1000, "reading"), (600, 1000, "reading"), (0, 0, "writing"), (1, 100, "drawing")]:
        now[0] = next(clock)
        report(done, total, stage)
        seen.append(read_model(tmp_path / "progress.json", JobProgress))
    # 500 frames in 30 s: the other 400 take 24 s.
    assert [(each.done, each.total, each.left) for each in seen] == [
        (100, 1000, ""),
        (600, 1000, "about 24 s"),
        (0, 0, ""),
        (1, 100, ""),
    ]
    assert [each.progress for each in seen] == [0.1, 0.6, 0.0, 0.01]
