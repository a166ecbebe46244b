"""What the process of a job passes on to the recognition, and what it reports."""

from __future__ import annotations

import errno
import signal
from pathlib import Path

import cv2
import pytest

from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.json_files import read_json
from merlab.json_models import read_model
from merlab.progress import Progress, silent
from merlab.serving import worker
from merlab.serving.job import ERROR, RESULT, Failure, Job, JobProgress, VideoOptions
from merlab.serving.jobs import now
from merlab.serving.limits import Limits
from merlab.spotting.spot import SpottingSettings
from merlab.videos.result import METADATA
from tests.serving import fake_jobs
from tests.videos.fake_result import write_result


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


def test_the_options_of_the_service_reach_the_recognition(passed):
    finding = FaceFinding()
    options = VideoOptions(aligned=True)
    worker.recognize(Path("a.mp4"), Path("out"), options, progress=silent, jobs=3, runtime="onnx", finding=finding)
    expected = {"jobs": 3, "runtime": "onnx", "finding": finding, "progress": silent, "fps": None}
    assert passed == passed | expected


def test_the_overlay_of_a_video_of_4k_is_scaled_down_so_that_an_hour_stays_within_the_limit(passed):
    worker.recognize(Path("a.mp4"), Path("out"), VideoOptions(), progress=silent)
    assert passed["overlay_lines"] == 1080


def test_a_video_without_settings_gets_the_defaults_and_the_first_weights(passed):
    weights = worker.named_weights([Path("first.safetensors"), Path("second.safetensors")])
    assert [*weights] == ["first.safetensors", "second.safetensors", "merlab"]
    worker.recognize(Path("a.mp4"), Path("out"), VideoOptions(), progress=silent, weights=weights)
    assert passed == passed | {"most_faces": 4, "spotting": SpottingSettings(), "weights": Path("first.safetensors")}
    worker.recognize(Path("a.mp4"), Path("out"), VideoOptions(), progress=silent)
    assert passed["weights"] is None


def test_what_an_earlier_service_began_otherwise_is_made_anew(passed):
    """Else each "Run again" after an update of merlab would be refused, with an option that the page does not have."""
    worker.recognize(Path("a.mp4"), Path("out"), VideoOptions(), progress=silent)
    assert passed["again"] is True


def test_weights_that_the_service_no_longer_has_are_named(passed):
    with pytest.raises(MerlabError, match="started without the weights mine.safetensors; start it with them"):
        worker.recognize(Path("a.mp4"), Path("out"), VideoOptions(weights="mine.safetensors"), progress=silent)
    with pytest.raises(MerlabError, match="the same name"):
        worker.named_weights([Path("a/mine.safetensors"), Path("b/mine.safetensors")])


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("std::bad_alloc"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4000000000 bytes."),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4000000000 bytes."),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        cv2.error("OpenCV(4.14.0) alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 1800000000 bytes"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_a_job_that_needs_too_much_memory_says_so(tmp_path, run_with, error):
    run_with(error)
    told = read_model(tmp_path / ERROR, Failure).error
    assert told == "memory-task.mp4 needs more memory than the 6144 MiB of a job; send a smaller or shorter video"


def test_the_word_memory_in_the_name_of_a_video_is_no_lack_of_memory(tmp_path, run_with):
    with pytest.raises(FileNotFoundError, match=r"memory-task\.mp4"):
        run_with(FileNotFoundError(errno.ENOENT, "No such file or directory", "memory-task.mp4"))
    assert not (tmp_path / ERROR).exists()


def test_a_mistake_of_the_user_is_told_without_places_of_the_service_and_in_the_words_of_the_page(tmp_path, run_with):
    run_with(MerlabError(f"{tmp_path / 'memory-task.mp4'} has no rate; give --fps, or remove {tmp_path}/result"))
    told = read_model(tmp_path / ERROR, Failure).error
    expected = "memory-task.mp4 has no rate; give the setting “Frames per second”, or remove the job's folder/result"
    assert told == expected


@pytest.mark.usefixtures("run_with")
def test_a_job_that_ended_and_of_which_the_service_does_not_know_keeps_its_result(tmp_path, monkeypatch):
    monkeypatch.setenv(fake_jobs.RESULT, str(write_result(tmp_path / "finished")))
    job = Job(id="0", name="anna.mp4", source=tmp_path / "upload" / "1.mp4", bytes=1, created=now())
    worker.run_job(job, tmp_path, Limits(), fake_jobs.quick)
    before = read_json(tmp_path / RESULT / METADATA)
    assert before["asked"]["source"] == "anna.mp4"
    worker.run_job(job, tmp_path, Limits(), fake_jobs.refusing)
    assert not (tmp_path / ERROR).exists()
    assert read_json(tmp_path / RESULT / METADATA) == before


@pytest.fixture
def run_with(tmp_path, monkeypatch):
    """Runs a job whose recognition raises an error, in this process."""
    for name in ("end_with_parent", "limit_memory", "require_within"):
        monkeypatch.setattr(worker, name, lambda *_: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    source = tmp_path / "memory-task.mp4"
    job = Job(id="0", name=source.name, source=source, bytes=1, created=now())

    def run(error: Exception) -> None:
        def recognize(source: Path, out: Path, options: VideoOptions, *, progress: Progress) -> None:
            raise error

        worker.run_job(job, tmp_path, Limits(), recognize)

    return run


def test_the_progress_counts_the_frames_and_estimates_the_time_left_of_a_stage(tmp_path, monkeypatch):
    clock = iter([0.0, 5.0, 29.0, 31.0, 32.0])
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    report = worker.ProgressFile(tmp_path / "progress.json")
    seen = []
    frames = [(100, 1000, "reading"), (200, 1000, "reading"), (600, 1000, "reading")]
    for done, total, stage in [*frames, (0, 0, "writing"), (1, 100, "drawing")]:
        now[0] = next(clock)
        report(done, total, stage)
        seen.append(read_model(tmp_path / "progress.json", JobProgress))
    # 400 frames in 24 s, after 5 s in which processes may have started: the other 400 take 24 s.
    assert [(each.done, each.total, each.left) for each in seen] == [
        (100, 1000, ""),
        (200, 1000, ""),
        (600, 1000, "about 24 s"),
        (0, 0, ""),
        (1, 100, ""),
    ]
    assert [each.progress for each in seen] == [0.1, 0.2, 0.6, 0.0, 0.01]


def test_a_stage_is_reported_when_it_begins_and_then_four_times_per_second(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    report = worker.ProgressFile(tmp_path / "progress.json")
    steps = [(0.0, 1, "reading"), (0.1, 2, "reading"), (0.2, 0, "drawing"), (0.4, 3, "drawing"), (0.45, 4, "drawing")]
    written = []
    for at, done, stage in [*steps, (30.2, 5, "drawing")]:
        now[0] = at
        report(done, 10, stage)
        found = read_model(tmp_path / "progress.json", JobProgress)
        written.append((found.stage, found.done, found.left))
    assert [each[:2] for each in written] == [
        ("reading", 1),
        ("reading", 1),
        ("drawing", 0),
        ("drawing", 0),
        ("drawing", 4),
        ("drawing", 5),
    ]
    # Two steps took 29.8 s since the first progress of this stage; five are left.
    assert written[-1][2] == "about 74 s"
