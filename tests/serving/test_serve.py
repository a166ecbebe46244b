"""``merlab serve`` as a user starts it, with the real recognition."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pandas as pd
import pytest

from merlab.videos.recognition import recognize
from merlab.videos.result import EVENTS
from tests.cli.processes import answering_ctrl_c, children_of, ended_within
from tests.serving.conftest import PATIENCE, Client, until
from tests.videos.recognizers import small_recognizer
from tests.videos.recording import moving_face, write_avi

pytestmark = pytest.mark.slow


@contextmanager
def serving(jobs_folder, *options):
    """A service started from the command line, and its client."""
    command = [sys.executable, "-m", "merlab", "serve", "--port", "0", "--jobs-folder", str(jobs_folder)]
    command += ["--landmarks", "five-points"]
    with answering_ctrl_c():
        process = subprocess.Popen(
            [*command, *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        with httpx.Client(base_url=re.findall(r"http://\S+", line)[0], timeout=PATIENCE) as http:
            until(lambda: answers(http))
            yield process, Client(http, jobs_folder)
    finally:
        process.kill()
        process.communicate()


def answers(http: httpx.Client) -> bool:
    try:
        return http.get("/api").is_success
    except httpx.ConnectError:
        return False


def finished(client: Client, job_id: str):
    return until(lambda: job if (job := client.job(job_id))["state"] in {"done", "failed"} else None, patience=180)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 exists only on Unix")
def test_a_killed_service_resumes_its_job_and_gives_the_result_of_an_uninterrupted_command(tmp_path):
    video = write_avi(tmp_path / "face.avi", moving_face(400))
    small_recognizer(temperature=20.0).save(tmp_path / "weights.safetensors")
    weights = ["--weights", tmp_path / "weights.safetensors"]
    with serving(tmp_path / "jobs", *weights) as (process, client):
        job = client.send(video, aligned=True).json()["id"]
        until(lambda: client.job(job)["stage"] not in {"queued", "running", "starting"})
        workers = children_of(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert workers
        assert ended_within(15, workers)
    with serving(tmp_path / "jobs", *weights) as (process, client):
        ended = finished(client, job)
        assert ended["state"] == "done", ended["error"]
        assert {"events.csv", "frames.csv", "metadata.json", "overlay.mp4"} <= {file["name"] for file in ended["files"]}
        assert len(client.http.get(f"/api/jobs/{job}/events").json()) == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) in {0, 130}
    options = {"aligned": True, "weights": weights[1], "overlay": False, "jobs": 1}
    uninterrupted = recognize(video, tmp_path / "uninterrupted", **options)
    served = pd.read_csv(tmp_path / "jobs" / job / "result" / EVENTS)
    pd.testing.assert_frame_equal(served, pd.read_csv(uninterrupted.folder / EVENTS))


def test_a_video_without_a_face_is_reported(tmp_path, video):
    small_recognizer().save(tmp_path / "weights.safetensors")
    with serving(tmp_path / "jobs", "--weights", tmp_path / "weights.safetensors") as (_, client):
        ended = finished(client, client.send(video).json()["id"])
    assert ended["state"] == "failed"
    assert "face" in ended["error"]
    assert str(tmp_path) not in ended["error"]
