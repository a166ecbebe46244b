"""The files of a result: which are listed, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from merlab.serving.finished import done_job, result_file, result_files, result_folder, result_view
from merlab.serving.job import RESULT, VIEW, VideoOptions
from merlab.serving.jobs import Jobs
from merlab.serving.limits import Limits, RefusedError


@pytest.fixture
def jobs(tmp_path) -> Jobs:
    """The only job runs, and has written a part of its files."""
    jobs = Jobs(tmp_path / "jobs", Limits())
    with jobs.new_folder() as folder:
        jobs.enqueue(folder, "a.mp4", folder / "a.mp4", 1, VideoOptions())
    for name in ("events.csv", "events/e0001/onset.png", ".unfinished-1-frames.csv", ".again-1/events.csv"):
        path = folder / RESULT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    Path(folder, RESULT, "link.csv").symlink_to(folder / RESULT / "events.csv")
    jobs.next_job()
    return jobs


def test_the_files_of_a_result_are_listed_when_it_is_done_without_links_and_what_is_hidden(jobs):
    (running,) = jobs.all()
    assert result_files(jobs, running) == {}
    jobs.finish(running, None)
    (done,) = jobs.all()
    found = result_files(jobs, done)
    assert {name: path.read_text() for name, path in found.items()} == {name: name for name in found}
    assert list(found) == ["events/e0001/onset.png", "events.csv"]


def test_a_file_of_a_result_is_found_by_its_name_alone(jobs, monkeypatch):
    """Each picture of a movement took a second in a result of an hour, because all ten thousand files were listed."""
    (running,) = jobs.all()
    with pytest.raises(RefusedError, match="this job is running"):
        result_file(jobs, running.id, "events.csv")
    jobs.finish(running, None)
    (done,) = jobs.all()
    folder = jobs.folder(done) / RESULT
    (folder / "linked").symlink_to(folder / "events", target_is_directory=True)
    (folder / "loop.csv").symlink_to("loop.csv")
    listed = result_files(jobs, done)
    monkeypatch.delattr(Path, "rglob")
    assert {name: result_file(jobs, done.id, name) for name in listed} == listed
    others = (
        "link.csv",
        "loop.csv",
        "linked/e0001/onset.png",
        ".unfinished-1-frames.csv",
        ".again-1/events.csv",
        "events",
        "",
    )
    outside = ("../job.json", "events/../events.csv", str(folder / "events.csv"), "/etc/hostname", "a\0b", "a" * 5000)
    for name in (*others, *outside, "events.csv/", "./events.csv", "events//e0001/onset.png", "none.csv"):
        with pytest.raises(RefusedError, match="the job has no file of this name"):
            result_file(jobs, done.id, name)


def test_the_result_of_a_job_that_is_not_done_or_whose_files_are_gone_is_refused(jobs):
    (job,) = jobs.all()
    with pytest.raises(RefusedError, match="this job is running; its result is available when it is done") as refused:
        done_job(jobs, job.id)
    assert refused.value.status == 409
    jobs.finish(job, None)
    assert result_folder(jobs, job.id) == jobs.folder(job) / RESULT
    (jobs.folder(job) / VIEW).write_text("{}")
    with pytest.raises(RefusedError, match="another version of merlab; download its files") as refused:
        result_view(jobs, job.id)
    assert refused.value.status == 409
    jobs.remove_files(job)
    with pytest.raises(RefusedError, match="were removed from the disk; delete the job") as refused:
        result_folder(jobs, job.id)
    assert refused.value.status == 410
