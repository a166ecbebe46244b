"""Jobs survive a restart of the service."""

from __future__ import annotations

import errno
import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from merlab.errors import MerlabError
from merlab.outputs.result_folder import CODING
from merlab.serving.job import RESULT, VIEW, VideoOptions
from merlab.serving.jobs import Jobs, now
from merlab.serving.limits import Limits, RefusedError
from merlab.storage import WriteError
from tests.serving import fake_jobs
from tests.serving.conftest import listening, until


def enqueue(jobs: Jobs, name: str = "a.mp4"):
    with jobs.new_folder() as folder:
        return jobs.enqueue(folder, name, folder / "upload" / name, 1, VideoOptions())


@pytest.mark.slow
def test_after_a_restart_done_jobs_are_listed_and_running_jobs_resume(tmp_path, video):
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


def test_a_job_that_the_service_repeatedly_does_not_survive_fails(tmp_path):
    folder = tmp_path / "jobs"
    jobs = Jobs(folder, Limits())
    job = enqueue(jobs)
    jobs.close()
    for _ in range(3):
        jobs = Jobs(folder, Limits())
        assert jobs.next_job() is not None
        jobs.close()
    jobs = Jobs(folder, Limits())
    failed = jobs.find(job.id)
    assert "the service ended 3 times" in str(failed.error)
    jobs.close()
    # Else a service that is started every day would never remove it.
    assert Jobs(folder, Limits()).find(job.id).finished == failed.finished


def test_incomplete_uploads_are_removed_at_the_next_start_and_other_folders_are_not(tmp_path, caplog):
    folder = tmp_path / "jobs"
    Jobs(folder, Limits()).close()
    others = {"lost+found", "ab" * 17, "AB" * 16}
    for name in {"ab" * 16, *others}:
        (folder / name / "upload").mkdir(parents=True)
    Jobs(folder, Limits())
    assert {path.name for path in folder.iterdir() if path.is_dir()} == others
    assert caplog.text == ""


def test_the_folder_of_jobs_may_be_relative_or_a_link(tmp_path, monkeypatch):
    """The process of a job refuses a video that is reached through a link."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    monkeypatch.chdir(tmp_path)
    jobs = Jobs(Path("link", "jobs"), Limits())
    assert jobs.root == (tmp_path / "disk" / "jobs").resolve()


def test_the_upload_of_a_done_job_is_removed_at_the_next_start_where_the_service_ended_before(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    for error in (None, "no face"):
        enqueue(jobs)
        job = jobs.next_job()
        assert job is not None
        jobs.finish(job, error)
        (jobs.folder(job) / "upload").mkdir()
    jobs.close()
    jobs = Jobs(tmp_path / "jobs", Limits())
    assert [(job.state, (jobs.folder(job) / "upload").exists()) for job in jobs.all()] == [
        ("failed", True),
        ("done", False),
    ]


def test_a_job_whose_file_is_damaged_is_left_out_and_keeps_its_files(tmp_path, caplog):
    folder = tmp_path / "jobs"
    jobs = Jobs(folder, Limits())
    job = enqueue(jobs)
    jobs.close()
    (folder / job.id / "job.json").write_text("{")
    with pytest.raises(RefusedError, match="no such job"):
        Jobs(folder, Limits()).find(job.id)
    assert (folder / job.id / "job.json").exists()
    assert "a job of an earlier service is left out, its folder stays" in caplog.text
    assert str(folder / job.id / "job.json") in caplog.text


def test_jobs_whose_folder_was_moved_find_their_uploads(tmp_path):
    """What was begun at the other place is begun anew; a local video stays where it is."""
    jobs = Jobs(tmp_path / "jobs", Limits())
    uploaded = enqueue(jobs)
    uploaded.source.parent.mkdir()
    uploaded.source.touch()
    (jobs.folder(uploaded) / RESULT).mkdir()
    with jobs.new_folder() as folder:
        local = jobs.enqueue(folder, "b.mp4", tmp_path / "b.mp4", 1, VideoOptions())
    jobs.close()
    jobs = Jobs((tmp_path / "jobs").rename(tmp_path / "moved"), Limits())
    assert jobs.find(uploaded.id).source == tmp_path / "moved" / uploaded.id / "upload" / "a.mp4"
    assert not (jobs.folder(uploaded) / RESULT).exists()
    assert jobs.find(local.id).source == local.source


def test_what_a_job_has_begun_is_kept_where_its_folder_was_not_moved_or_only_its_end_is_missing(tmp_path):
    folder = tmp_path / "jobs"
    jobs = Jobs(folder, Limits())
    job = enqueue(jobs)
    job.source.parent.mkdir()
    job.source.touch()
    (jobs.folder(job) / RESULT).mkdir()
    jobs.close()
    jobs = Jobs(folder, Limits())
    assert (jobs.folder(job) / RESULT).exists()
    (jobs.folder(job) / VIEW).touch()
    jobs.close()
    jobs = Jobs(folder.rename(tmp_path / "moved"), Limits())
    assert (jobs.folder(job) / RESULT).exists()


def test_a_folder_of_jobs_of_the_first_release_is_used(tmp_path):
    (tmp_path / "jobs.json").write_text('{"kind": "jobs of merlab serve"}')
    (tmp_path / ("ab" * 16)).mkdir()
    Jobs(tmp_path, Limits())


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(MerlabError, match="choose a new folder"):
        Jobs(tmp_path, Limits())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_other_users_of_the_machine_cannot_read_the_jobs(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    assert jobs.root.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_folder_that_cannot_be_closed_to_others_is_used_with_a_warning(tmp_path, monkeypatch, caplog):
    """Such as that of another user of a group, or one on a USB disk."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    (tmp_path / "jobs").mkdir(mode=0o755)
    monkeypatch.setattr(Path, "chmod", refuse)
    enqueue(Jobs(tmp_path / "jobs", Limits()))
    assert "other users of this machine can open" in caplog.text
    assert "choose another --jobs-folder" in caplog.text


def test_a_full_disk_is_named_without_the_place_of_the_jobs(tmp_path, monkeypatch):
    jobs = Jobs(tmp_path / "jobs", Limits())

    def full(*_: object) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(WriteError, match="^cannot write job.json: No space left on device; make room and run it again"):
        enqueue(jobs)
    assert jobs.all() == []


def test_two_services_cannot_use_one_folder(tmp_path):
    first = Jobs(tmp_path / "jobs", Limits())
    in_progress = first.root / ("ab" * 16) / "result" / ".unfinished-1-frames.csv"
    in_progress.parent.mkdir(parents=True)
    in_progress.touch()
    with pytest.raises(MerlabError, match="another `merlab serve` uses"):
        Jobs(tmp_path / "jobs", Limits())
    assert in_progress.exists()
    first.close()
    Jobs(tmp_path / "jobs", Limits())


def test_finished_jobs_are_removed_after_keep_days(tmp_path):
    folder = tmp_path / "jobs"
    jobs = Jobs(folder, Limits())
    ids = [enqueue(jobs).id for _ in range(2)]
    for _ in ids:
        job = jobs.next_job()
        assert job is not None
        jobs.finish(job, "no face")
    jobs.close()
    document = json.loads((folder / ids[0] / "job.json").read_text())
    old = document | {"finished": (now() - timedelta(days=8)).isoformat()}
    (folder / ids[0] / "job.json").write_text(json.dumps(old))
    jobs = Jobs(folder, Limits(keep_days=7))
    enqueue(jobs)
    jobs.next_job()
    assert {job.id for job in jobs.all()} & set(ids) == {ids[1]}
    assert not (folder / ids[0]).exists()


def test_a_job_that_coders_still_decide_about_is_not_removed(tmp_path):
    folder = tmp_path / "jobs"
    jobs = Jobs(folder, Limits())
    ids = [enqueue(jobs).id for _ in range(2)]
    for _ in ids:
        job = jobs.next_job()
        assert job is not None
        jobs.finish(job, None)
    jobs.close()
    for days, name in zip((1, 9), ids, strict=True):
        document = json.loads((folder / name / "job.json").read_text())
        old = document | {"finished": (now() - timedelta(days=10)).isoformat()}
        (folder / name / "job.json").write_text(json.dumps(old))
        coding = folder / name / RESULT / CODING
        coding.parent.mkdir()
        coding.touch()
        decided = (now() - timedelta(days=days)).timestamp()
        os.utime(coding, (decided, decided))
    jobs = Jobs(folder, Limits(keep_days=7))
    enqueue(jobs)
    jobs.next_job()
    assert {job.id for job in jobs.all()} & set(ids) == {ids[0]}


def test_the_oldest_job_is_first(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    names = ["first.mp4", "second.mp4", "third.mp4"]
    for name in names:
        enqueue(jobs, name)
    started = [jobs.next_job() for _ in names]
    assert [job.name for job in started if job] == names


def test_options_of_a_video_keep_their_name_in_the_file_of_the_first_release(tmp_path):
    folder = tmp_path / "jobs"
    jobs = Jobs(folder, Limits())
    with jobs.new_folder() as place:
        job = jobs.enqueue(place, "a.mp4", place / "a.mp4", 1, VideoOptions(fps=200.0))
    jobs.close()
    assert json.loads((folder / job.id / "job.json").read_text())["asked"]["fps"] == 200.0
    assert Jobs(folder, Limits()).find(job.id).options.fps == 200.0


def test_a_job_of_an_earlier_version_is_kept_although_its_rate_would_now_be_refused(tmp_path):
    jobs = Jobs(tmp_path / "jobs", Limits())
    with jobs.new_folder() as place:
        job = jobs.enqueue(place, "a.mp4", place / "a.mp4", 1, VideoOptions(fps=0.5))
    jobs.close()
    assert Jobs(tmp_path / "jobs", Limits()).find(job.id).options.fps == 0.5


@pytest.mark.slow
def test_a_failed_job_that_two_clients_run_again_is_queued_once(tmp_path, monkeypatch):
    jobs = Jobs(tmp_path / "jobs", Limits())
    job = enqueue(jobs)
    jobs.next_job()
    jobs.finish(job, "no face")
    find = jobs.find
    answers: list[str] = []

    def run_again():
        try:
            answers.append(jobs.retry(job.id).state)
        except RefusedError:
            answers.append("refused")

    def find_before_another_client(job_id):
        found = find(job_id)
        monkeypatch.setattr(jobs, "find", find)
        other.start()
        other.join(0.2)
        return found

    other = Thread(target=run_again)
    monkeypatch.setattr(jobs, "find", find_before_another_client)
    run_again()
    other.join()
    assert sorted(answers) == ["queued", "refused"]


def test_a_full_disk_is_named_where_the_folder_of_a_job_is_made(tmp_path, monkeypatch):
    jobs = Jobs(tmp_path / "jobs", Limits())

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(WriteError, match="No space left on device; make room"), jobs.new_folder():
        pass
