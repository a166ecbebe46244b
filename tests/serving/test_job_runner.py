"""Jobs end when the service ends, in any way."""

from __future__ import annotations

import signal
import subprocess
import sys
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from merlab.json_models import write_model
from merlab.serving import job_runner
from merlab.serving.job import ERROR, PROGRESS, VIEW, Failure, JobProgress, VideoOptions
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
        (
            -signal.SIGKILL,
            "the process was ended from outside (SIGKILL), maybe for lack of memory; run it again to continue",
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
