"""A service on a port of this machine, and its clients."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from merlab.processes.usable import usable_cores
from merlab.serving import job_runner
from merlab.serving.jobs import Jobs
from merlab.serving.limits import Limits
from merlab.serving.routes import make_app
from merlab.serving.server import bind, make_server
from tests.prepared_processes import prepare_processes
from tests.serving import fake_jobs
from tests.serving.browser import look, open_browser
from tests.videos.fake_result import write_result

PATIENCE = 60.0


@dataclass
class Client:
    """A client of one service."""

    http: httpx.Client
    folder: Path

    def send(self, path: Path, name: str | None = None, **query: Any) -> Any:
        with path.open("rb") as video:
            return self.http.post("/api/jobs", files={"file": (name or path.name, video)}, params=query)

    def job(self, job_id: str) -> Any:
        return self.http.get(f"/api/jobs/{job_id}").json()

    def wait_for(self, job_id: str, *states: str) -> Any:
        return until(lambda: job if (job := self.job(job_id))["state"] in states else None)

    def folders(self) -> list[str]:
        """The folders of jobs on the disk."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir())


@pytest.fixture(scope="package")
def downloads(tmp_path_factory) -> Path:
    """Where the browser saves files."""
    return Path(tmp_path_factory.mktemp("downloads"))


@pytest.fixture(scope="package")
def browser(downloads):
    """A browser, which all tests of the page share."""
    browser = open_browser(downloads)
    yield browser
    browser.quit()


@contextmanager
def shown(browser, folder: Path, recognize: Any = fake_jobs.quick, **options: Any) -> Iterator[Client]:
    """A service whose page is open in a browser, wide and light; the page must not report an error of its own."""
    with listening(folder, recognize, **options) as client:
        look(browser, 1200, 900)
        browser.get_log("browser")
        browser.get(str(client.http.base_url))
        try:
            yield client
        finally:
            # A page from which files are sent asks before it is left.
            browser.execute_script(
                "window.addEventListener('beforeunload', event => event.stopImmediatePropagation(), true)"
            )
            browser.get("about:blank")
            messages = [entry["message"] for entry in browser.get_log("browser")]
        assert [message for message in messages if "status of 4" not in message] == []


def until(condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until a condition is true; returns its value. ``patience`` is in seconds of a machine with a free core."""
    waited, pause, seen = 0.0, 0.005, time.monotonic()
    while not (found := condition()):
        assert waited < patience, "the condition did not become true"
        time.sleep(pause)
        before, seen = seen, time.monotonic()
        waited += (seen - before) / waiting_for_each_core()
        pause = min(2 * pause, 0.05)
    return found


def waiting_for_each_core() -> float:
    """How many processes share a core in this minute, at least 1: a child gets that part of the time."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1.0, load / usable_cores())


@contextmanager
def listening(folder: Path, recognize: Any = fake_jobs.quick, **options: Any) -> Iterator[Client]:
    """A service for the jobs of a folder, on a port of this machine."""
    limits = Limits(**options.pop("limits", {}))
    socket = bind("127.0.0.1", options.pop("port", 0))
    server = make_server(make_app(Jobs(folder, limits), recognize, **options))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    until(lambda: server.started)
    address = f"http://127.0.0.1:{socket.getsockname()[1]}"
    try:
        # To read all certificates, for an address without any, takes 20 ms.
        with httpx.Client(base_url=address, timeout=PATIENCE, verify=False) as http:
            yield Client(http, folder)
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        socket.close()


@pytest.fixture
def service(tmp_path) -> Iterator[Callable[..., Client]]:
    """Starts a service for ``tmp_path/jobs`` that ends with the test."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(listening(tmp_path / "jobs", *args, **options))


@pytest.fixture(scope="session", autouse=True)
def result(tmp_path_factory) -> Iterator[Path]:
    """The result that ``fake_jobs.quick`` writes."""
    folder = write_result(tmp_path_factory.mktemp("result") / "result", seconds=4.0, overlay=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(fake_jobs.RESULT, str(folder))
        yield folder


@pytest.fixture(scope="package", autouse=True)
def prepared_jobs() -> Iterator[None]:
    """Processes of jobs are prepared; as the service of a user starts them, each takes a second of computation."""
    with pytest.MonkeyPatch.context() as patch:
        prepare_processes(patch, job_runner)
        yield


@pytest.fixture
def spawned_processes(monkeypatch) -> None:
    """Processes of jobs are started as in the service of a user."""
    monkeypatch.setattr(job_runner, "multiprocessing", multiprocessing)


@pytest.fixture(scope="session")
def video(tmp_path_factory) -> Path:
    """Two seconds of gray frames, 64x48 at 25 frames per second."""
    return write_video(tmp_path_factory.mktemp("videos") / "interview.mp4", 50, (64, 48))


def write_video(path: Path, frames: int, size: tuple[int, int], fps: float = 25.0, fourcc: str = "mp4v") -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), fps, size)
    for number in range(frames):
        writer.write(np.full((size[1], size[0], 3), 100 + number % 50, np.uint8))
    writer.release()
    return path
