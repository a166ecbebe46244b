"""Jobs outlive the service that took them."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import pytest

from merlab.errors import MerlabError
from merlab.serving.jobs import Asked, Jobs, now
from merlab.serving.limits import Limits
from tests.serving import fake_jobs
from tests.serving.conftest import listening, until


def enqueue(jobs: Jobs, name: str = "a.mp4"):
    with jobs.place() as folder:
        return jobs.enqueue(folder, name, folder / "upload" / name, 1, Asked())


def test_after_a_restart_done_jobs_are_there_and_running_ones_go_on(tmp_path, video):
    with listening(tmp_path / "jobs") as client:
        done = client.wait_for(client.send(video).json()["id"], "done")
    with listening(tmp_path / "jobs", fake_jobs.slow_at_first) as client:
        running, queued = (client.send(video).json()["id"] for _ in range(2))
        client.wait_for(running, "running")
        until(lambda: client.job(running)["stage"] == "spotting")
    with listening(tmp_path / "jobs", fake_jobs.quick) as client:
        assert client.job(done["id"]) == done
        assert client.http.get(f"/api/jobs/{done['id']}/events").status_code == 200
        for job in (running, queued):
            assert client.wait_for(job, "done", "failed")["error"] is None


def test_what_the_service_dies_with_again_and_again_is_not_begun_again(tmp_path):
    folder = tmp_path / "jobs"
    jobs = Jobs(folder, Limits())
    job = enqueue(jobs)
    jobs.close()
    for _ in range(3):
        jobs = Jobs(folder, Limits())
        assert jobs.take() is not None
        jobs.close()
    assert "the service ended 3 times" in str(Jobs(folder, Limits()).find(job.id).error)


def test_half_sent_uploads_are_removed_at_the_next_start(tmp_path):
    folder = tmp_path / "jobs"
    Jobs(folder, Limits()).close()
    (folder / ("ab" * 16) / "upload").mkdir(parents=True)
    Jobs(folder, Limits())
    assert not (folder / ("ab" * 16)).exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(MerlabError, match="choose a new folder"):
        Jobs(tmp_path, Limits())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its users apart otherwise")
def test_other_users_of_the_machine_cannot_look_into_the_jobs(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    assert jobs.root.stat().st_mode & 0o077 == 0


def test_two_services_do_not_share_a_folder(tmp_path):
    pytest.importorskip("fcntl")
    first = Jobs(tmp_path / "jobs", Limits())
    with pytest.raises(MerlabError, match="another `merlab serve` uses"):
        Jobs(tmp_path / "jobs", Limits())
    first.close()
    Jobs(tmp_path / "jobs", Limits())


def test_finished_jobs_are_removed_after_their_days(tmp_path):
    folder = tmp_path / "jobs"
    jobs = Jobs(folder, Limits())
    ids = [enqueue(jobs).id for _ in range(2)]
    for _ in ids:
        job = jobs.take()
        assert job is not None
        jobs.finish(job, "no face")
    jobs.close()
    document = json.loads((folder / ids[0] / "job.json").read_text())
    old = document | {"finished": (now() - timedelta(days=8)).isoformat()}
    (folder / ids[0] / "job.json").write_text(json.dumps(old))
    jobs = Jobs(folder, Limits(keep_days=7))
    enqueue(jobs)
    jobs.take()
    assert {job.id for job in jobs.all()} & set(ids) == {ids[1]}
    assert not (folder / ids[0]).exists()


def test_the_job_that_waits_longest_is_first(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    names = ["first.mp4", "second.mp4", "third.mp4"]
    for name in names:
        enqueue(jobs, name)
    taken = [jobs.take() for _ in names]
    assert [job.name for job in taken if job] == names
