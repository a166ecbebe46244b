"""Jobs end when the service ends, in any way."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import cast

import pytest

from merlab.json_models import write_model
from merlab.serving import job_runner
from merlab.serving.job import ERROR, PROGRESS, VIEW, Failure, Job, JobProgress, VideoOptions
from merlab.serving.jobs import Jobs
from merlab.serving.limits import Limits
from merlab.serving.worker import NO_SPACE
from tests.serving import fake_jobs
from tests.serving.conftest import PATIENCE, until

REPOSITORY = Path(__file__).resolve().parents[2]
EXITS_WITHOUT_STOPPING = """
import sys
from pathlib import Path
from merlab.serving.jobs import Jobs, VideoOptions
from merlab.serving.limits import Limits
from merlab.serving.job_runner import Runner
from tests.serving import fake_jobs
import pytest

from tests.serving.conftest import until

jobs = Jobs(Path(sys.argv[1]), Limits())
with jobs.new_folder() as folder:
    jobs.enqueue(folder, "a.mp4", Path(sys.argv[2]), 1, VideoOptions())
Runner(jobs, fake_jobs.slow, 1).start()
until((folder / "pid").exists)
"""


@pytest.mark.slow
def test_a_service_that_exits_does_not_wait_for_its_jobs(tmp_path, video):
    command = [sys.executable, "-c", EXITS_WITHOUT_STOPPING, str(tmp_path / "jobs"), str(video)]
    subprocess.run(command, check=True, timeout=2 * PATIENCE, cwd=REPOSITORY)


@pytest.mark.slow
def test_a_job_whose_process_does_not_begin_reports_nothing_of_its_earlier_run(tmp_path, video, monkeypatch):
    jobs = Jobs(tmp_path / "jobs", Limits())
    with jobs.new_folder() as folder:
        job = jobs.enqueue(folder, "a.mp4", video, 1, VideoOptions())
        write_model(folder / ERROR, Failure(error="no face was found"))
        write_model(folder / PROGRESS, JobProgress(progress=0.9, stage="spotting"))
    monkeypatch.setattr(job_runner, "run_job", fake_jobs.ending_at_once)
    runner = job_runner.Runner(jobs, fake_jobs.quick, 1)
    runner.start()
    until(lambda: jobs.find(job.id).state == "failed")
    runner.stop()
    assert "the process failed (status 3)" in str(jobs.find(job.id).error)
    assert not (folder / PROGRESS).exists()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (0, None),
        (-signal.SIGSEGV, None),
        # An access violation on Windows.
        (0xC0000005, None),
        (
            -signal.SIGTERM,
            "the process was ended from outside (SIGTERM), maybe for lack of memory; run it again to continue",
        ),
        (NO_SPACE, "the disk of the service is full; make room and run it again, then it continues"),
        (1, "the process failed (status 1) by an error of merlab; the terminal of the service shows more"),
    ],
)
def test_a_job_that_raised_an_error_or_was_killed_after_its_view_was_written_has_failed(tmp_path, status, error):
    """Its files still name the upload, which would be removed. A process that crashes as it ends has done all."""
    jobs = Jobs(tmp_path / "jobs", Limits())
    with jobs.new_folder() as folder:
        job = jobs.enqueue(folder, "a.mp4", folder / "a.mp4", 1, VideoOptions())
        (folder / VIEW).touch()
    process = cast(SpawnProcess, SimpleNamespace(exitcode=status))
    assert job_runner.Runner(jobs, fake_jobs.quick, 0)._error(job, process, late=False) == error


@pytest.mark.parametrize(
    ("status", "late", "error"),
    [
        (0, False, "the process failed (status 0) by an error of merlab; the terminal of the service shows more"),
        (
            -signal.SIGABRT,
            False,
            "the process crashed (SIGABRT), as when a damaged file crashes a decoder; convert the video again",
        ),
        (
            0xC0000005,
            False,
            "the process crashed (status 0xc0000005), as when a damaged file crashes a decoder; convert the video "
            "again",
        ),
        (
            -signal.SIGTERM,
            False,
            "the process was ended from outside (SIGTERM), maybe for lack of memory; run it again to continue",
        ),
        (
            -signal.SIGTERM,
            True,
            "the job ran longer than the 60 s of a job; run it again to continue, or cut the video",
        ),
    ],
)
def test_a_job_that_left_no_result_states_why_and_what_to_do(tmp_path, status, late, error):
    jobs = Jobs(tmp_path / "jobs", Limits(job_seconds=60.0))
    with jobs.new_folder() as folder:
        job = jobs.enqueue(folder, "a.mp4", folder / "a.mp4", 1, VideoOptions())
    process = cast(SpawnProcess, SimpleNamespace(exitcode=status))
    runner = job_runner.Runner(jobs, fake_jobs.quick, 0)
    assert runner._error(job, process, late) == error
    write_model(folder / ERROR, Failure(error="no face was found"))
    assert runner._error(job, process, late) == "no face was found"


def test_a_job_that_cannot_be_run_at_all_fails_and_the_next_one_is_run(tmp_path, monkeypatch, caplog):
    """For example, because the system starts no more processes."""
    jobs = Jobs(tmp_path / "jobs", Limits())
    ids = []
    for _ in range(2):
        with jobs.new_folder() as folder:
            ids.append(jobs.enqueue(folder, "a.mp4", folder / "a.mp4", 1, VideoOptions()).id)
    runner = job_runner.Runner(jobs, fake_jobs.quick, 1)
    problem = OSError(errno.EAGAIN, "Resource temporarily unavailable")

    def run(job: Job) -> str | None:
        if job.id == ids[0]:
            raise problem
        return None

    monkeypatch.setattr(runner, "_run", run)
    runner.start()
    until(lambda: jobs.find(ids[1]).state == "done")
    runner.stop()
    assert jobs.find(ids[0]).error == f"the service could not run the job ({problem}); run it again"
    assert "could not be run" in caplog.text


def test_a_job_that_was_removed_before_its_process_begins_is_not_begun(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    with jobs.new_folder() as folder:
        jobs.enqueue(folder, "a.mp4", folder / "a.mp4", 1, VideoOptions())
    job = jobs.next_job()
    assert job is not None
    runner = job_runner.Runner(jobs, fake_jobs.quick, 0)
    runner.remove(job)
    assert runner._run(job) is None
    assert not folder.exists()


def test_a_job_that_ends_as_the_service_stops_stays_marked_as_running(tmp_path, monkeypatch):
    """So that it is run at the next start."""
    jobs = Jobs(tmp_path / "jobs", Limits())
    with jobs.new_folder() as folder:
        job = jobs.enqueue(folder, "a.mp4", folder / "a.mp4", 1, VideoOptions())
    runner = job_runner.Runner(jobs, fake_jobs.quick, 1)
    begun, killed = Event(), Event()

    def run(_: Job) -> str:
        begun.set()
        killed.wait(10)
        return "the process was ended from outside (SIGKILL)"

    def close() -> None:
        Jobs.close(jobs)
        killed.set()

    monkeypatch.setattr(runner, "_run", run)
    monkeypatch.setattr(jobs, "close", close)
    runner.start()
    begun.wait(10)
    runner.stop()
    assert jobs.find(job.id).state == "running"
    assert Jobs(tmp_path / "jobs", Limits()).find(job.id).state == "queued"


def test_the_process_of_a_removed_job_is_ended_before_its_files_are_removed_and_others_run_until_the_end(
    tmp_path, monkeypatch
):
    jobs = Jobs(tmp_path / "jobs", Limits())
    runner = job_runner.Runner(jobs, fake_jobs.quick, 0)
    seen: list[str] = []
    for name in ("a", "b"):
        with jobs.new_folder() as folder:
            job = jobs.enqueue(folder, name, folder / name, 1, VideoOptions())
        process = SimpleNamespace(kill=partial(seen.append, f"{name} is killed"), sentinel=f"{name} has ended")
        runner._processes[job.id] = cast(SpawnProcess, process)
    monkeypatch.setattr(job_runner, "wait", lambda sentinels, timeout: seen.extend(sentinels))
    monkeypatch.setattr(jobs, "remove_files", lambda job: seen.append(f"{job.name} is removed"))
    first = next(job for job in jobs.all() if job.name == "a")
    runner.remove(first)
    assert seen == ["a is killed", "a has ended", "a is removed"]
    assert [job.name for job in jobs.all()] == ["b"]
    del runner._processes[first.id]
    runner.stop()
    assert seen[3:] == ["b is killed"]
