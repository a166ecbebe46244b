"""Jobs wait, run, end, are run again and are removed."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest

from merlab.serving.job import Job
from merlab.serving.jobs import Jobs, now
from merlab.serving.limits import Limits, RefusedError
from tests.serving.test_jobs import enqueue


def run_next(jobs: Jobs, error: str | None) -> str:
    """Run the next job to its end; returns its id."""
    job = jobs.next_job()
    assert job is not None
    jobs.finish(job, error)
    return job.id


def stored(jobs: Jobs, job_id: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((jobs.root / job_id / "job.json").read_text())
    return content


def test_jobs_are_listed_newest_first(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    for name in ("first.mp4", "second.mp4", "third.mp4"):
        enqueue(jobs, name)
    assert [job.name for job in jobs.all()] == ["third.mp4", "second.mp4", "first.mp4"]


def test_the_upload_of_a_failed_job_is_kept_and_that_of_a_done_one_is_not(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    for error in ("no face", None):
        (jobs.folder(enqueue(jobs)) / "upload").mkdir()
        ended = run_next(jobs, error)
        job = jobs.find(ended)
        assert (jobs.root / ended / "upload").exists() == bool(error)
        assert (job.state, job.error) == ("failed" if error else "done", error)
        assert job.started is not None
        assert job.finished is not None
        assert job.created <= job.started <= job.finished <= now()
        assert Job.model_validate(stored(jobs, ended)) == job


def test_a_job_that_was_removed_while_it_ran_leaves_nothing(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    enqueue(jobs)
    job = jobs.next_job()
    assert job is not None
    jobs.remove_from_list(job)
    jobs.remove_files(job)
    jobs.finish(job, None)
    assert (jobs.all(), [path for path in jobs.root.iterdir() if path.is_dir()]) == ([], [])


def test_a_failed_job_is_run_again_as_a_new_one(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    enqueue(jobs)
    failed = run_next(jobs, "no face")
    again = jobs.retry(failed)
    assert (again.state, again.error, again.finished, again.starts) == ("queued", None, None, 0)
    assert stored(jobs, failed)["state"] == "queued"
    with pytest.raises(RefusedError, match="this job is queued; only a failed job can be run again") as refused:
        jobs.retry(failed)
    assert refused.value.status == 409
    assert run_next(jobs, None) == failed
    with pytest.raises(RefusedError, match="this job is done; only a failed job"):
        jobs.retry(failed)


def test_a_job_is_not_run_again_where_as_many_wait_as_may(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits(queue=1))
    enqueue(jobs)
    failed = run_next(jobs, "no face")
    enqueue(jobs)
    with pytest.raises(RefusedError, match="^1 videos are already waiting") as refused:
        jobs.retry(failed)
    assert refused.value.status == 429
    assert jobs.find(failed).state == "failed"


def test_a_job_that_runs_does_not_wait_and_all_on_the_disk_count_as_kept(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits(queue=1, kept=3))
    enqueue(jobs)
    with pytest.raises(RefusedError, match="already waiting"):
        enqueue(jobs)
    run_next(jobs, "no face")
    enqueue(jobs)
    jobs.next_job()
    enqueue(jobs)
    jobs.next_job()
    with pytest.raises(RefusedError, match="keeps at most 3 jobs, and this number is reached; delete some") as refused:
        enqueue(jobs)
    assert refused.value.status == 429
    assert len([path for path in jobs.root.iterdir() if path.is_dir()]) == 3


def test_an_upload_that_is_refused_leaves_no_folder(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    with suppress(RefusedError), jobs.new_folder() as folder:
        (folder / "upload").mkdir()
        raise RefusedError(413, "too large")
    assert not folder.exists()


def test_finished_jobs_are_kept_where_no_days_are_given_and_none_begins_after_the_end(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    old = enqueue(jobs)
    run_next(jobs, None)
    jobs.close()
    document = stored(jobs, old.id) | {"finished": (now() - timedelta(days=10_000)).isoformat()}
    (jobs.folder(old) / "job.json").write_text(json.dumps(document))
    jobs = Jobs(tmp_path / "jobs", Limits())
    new = enqueue(jobs)
    jobs.next_job()
    assert {job.id for job in jobs.all()} == {old.id, new.id}
    enqueue(jobs)
    jobs.close()
    assert jobs.next_job() is None


@pytest.mark.parametrize("event", ["a new job", "a failed job that is run again", "the end of the service"])
def test_who_waits_for_a_job_learns_at_once(tmp_path, event):
    """Otherwise it looks once per minute."""
    jobs = Jobs(tmp_path / "jobs", Limits())
    enqueue(jobs)
    failed = run_next(jobs, "no face")
    found: list[str | None] = []

    def wait() -> None:
        job = jobs.next_job()
        found.append(job.name if job else None)

    waiting = Thread(target=wait, daemon=True)
    waiting.start()
    time.sleep(0.02)
    happens = {
        "a new job": lambda: enqueue(jobs, "new.mp4"),
        "a failed job that is run again": lambda: jobs.retry(failed),
        "the end of the service": jobs.close,
    }
    happens[event]()
    waiting.join(10)
    expected = {"a new job": "new.mp4", "a failed job that is run again": "a.mp4", "the end of the service": None}
    assert found == [expected[event]]
