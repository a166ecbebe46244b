"""Jobs on the disk: one folder each, found again after a restart."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from merlab.errors import MerlabError
from merlab.serving.limits import Limits, RefusedError
from merlab.storage import WriteError, claim_folder, read_json, write_json

MARKER, LOCK = "jobs.json", "lock"
# In a job's folder: what it is, how far it is, what went wrong, the upload, the result, and what the page shows of it.
JOB, PROGRESS, FAULT, UPLOAD, RESULT, VIEW = "job.json", "progress.json", "fault.json", "upload", "result", "view.json"
ID = re.compile(r"[0-9a-f]{32}")
MOST_STARTS = 3

State = Literal["queued", "running", "done", "failed", "canceled"]


class Asked(BaseModel):
    """What a client says of a video.

    Attributes:
        fps: frames a second, where the file is silent or wrong; a folder of images is always silent.
        aligned: whether its frames are aligned faces already, so that none has to be found.

    """

    model_config = ConfigDict(frozen=True)

    fps: float | None = Field(None, gt=0, le=100_000)
    aligned: bool = False


class Job(BaseModel):
    """One video to recognize.

    Attributes:
        name: what the client called the video; never part of a path.
        source: the upload, or a local file or folder.
        starts: how often it was begun; a job that the service died with too often is not begun again.
        error: why it failed, and the remedy.

    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    source: Path
    bytes: int
    created: datetime
    asked: Asked = Asked()
    state: State = "queued"
    started: datetime | None = None
    finished: datetime | None = None
    starts: int = 0
    error: str | None = None


class Jobs:
    """All jobs of one folder; every method may be called from any thread."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.limits = limits
        self._arriving = 0
        self._closed = False
        self._changed = threading.Condition()
        folder = folder.resolve()
        claim_folder(folder, MARKER, {"kind": "jobs of merlab serve"}, "jobs of `merlab serve`")
        # Faces are nobody else's business, on a machine of many users neither.
        folder.chmod(0o700)
        self.root, self._lock = folder, _lock(folder / LOCK)
        self._jobs = {job.id: job for job in self._found()}

    def _found(self) -> list[Job]:
        """What an earlier service left: half-sent uploads are removed, what was running is queued again."""
        jobs = []
        for folder in self.root.iterdir():
            if not ID.fullmatch(folder.name):
                continue
            try:
                jobs.append(Job.model_validate(read_json(folder / JOB)))
            except (MerlabError, ValidationError):
                shutil.rmtree(folder, ignore_errors=True)
        return [self._again(job) if job.state == "running" else job for job in jobs]

    def _again(self, job: Job) -> Job:
        if job.starts < MOST_STARTS:
            return job.model_copy(update={"state": "queued"})
        told = f"the service ended {job.starts} times while this ran; send a shorter or smaller video"
        return job.model_copy(update={"state": "failed", "error": told, "finished": now()})

    def close(self) -> None:
        """Hand out no more jobs, and leave the folder to others; what runs is found again as running."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._lock is not None:
            self._lock.close()

    def all(self) -> list[Job]:
        """Newest first."""
        with self._changed:
            return sorted(self._jobs.values(), key=lambda job: job.created, reverse=True)

    def find(self, job_id: str) -> Job:
        """Raises RefusedError (404) where there is no such job."""
        with self._changed:
            if job_id not in self._jobs:
                raise RefusedError(404, "there is no such job; it may have been deleted")
            return self._jobs[job_id]

    def folder(self, job: Job) -> Path:
        """Where its files are."""
        return self.root / job.id

    @contextmanager
    def place(self) -> Iterator[Path]:
        """A new job's folder, which counts as a job at once; removed again unless ``enqueue`` takes it.

        Raises RefusedError (429) where too many jobs wait or are kept.
        """
        with self._changed:
            self._require_turn()
            if self._arriving + len(self._jobs) >= self.limits.kept:
                raise RefusedError(
                    429, f"{len(self._jobs)} jobs are kept, all that this service keeps; delete some of them"
                )
            self._arriving += 1
        folder = self.root / secrets.token_hex(16)
        try:
            folder.mkdir()
            yield folder
        finally:
            with self._changed:
                self._arriving -= 1
                taken = folder.name in self._jobs
            if not taken:
                shutil.rmtree(folder, ignore_errors=True)

    def _require_turn(self) -> None:
        waiting = self._arriving + sum(job.state == "queued" for job in self._jobs.values())
        if waiting >= self.limits.queue:
            raise RefusedError(429, f"{waiting} videos are waiting, as many as this service takes; send it again later")

    def enqueue(self, folder: Path, name: str, source: Path, size: int, asked: Asked) -> Job:
        """Make a job of what lies in a folder that ``place`` gave."""
        job = Job(id=folder.name, name=name, source=source, bytes=size, asked=asked, created=now())
        write_json(folder / JOB, job.model_dump(mode="json"))
        with self._changed:
            self._jobs[job.id] = job
            self._changed.notify_all()
        return job

    def take(self) -> Job | None:
        """Wait for the job that waits longest, and mark it running; None when the jobs are closed."""
        with self._changed:
            while not self._closed:
                self._remove_expired()
                queued = [job for job in self._jobs.values() if job.state == "queued"]
                if queued:
                    first = min(queued, key=lambda job: job.created)
                    return self._change(first, state="running", started=now(), starts=first.starts + 1)
                self._changed.wait(timeout=60)
            return None

    def finish(self, job: Job, error: str | None) -> None:
        """Mark a job done or failed; one that was removed meanwhile stays removed. A done job's upload is removed."""
        with self._changed:
            if job.id not in self._jobs:
                return
            self._change(job, state="failed" if error else "done", finished=now(), error=error)
        if error is None:
            shutil.rmtree(self.folder(job) / UPLOAD, ignore_errors=True)

    def retry(self, job_id: str) -> Job:
        """Queue a failed job again; raises RefusedError (409) where it has not failed."""
        job = self.find(job_id)
        with self._changed:
            if job.state != "failed":
                raise RefusedError(409, f"this job is {job.state}; only one that failed can be begun again")
            self._require_turn()
            self._changed.notify_all()
            return self._change(job, state="queued", error=None, finished=None, starts=0)

    def forget(self, job: Job) -> None:
        """Take a job off the list; ``erase`` removes its files."""
        with self._changed:
            self._jobs.pop(job.id, None)

    def erase(self, job: Job) -> None:
        """Remove all files of a job."""
        shutil.rmtree(self.folder(job), ignore_errors=True)

    def _remove_expired(self) -> None:
        if self.limits.keep_days is None:
            return
        oldest = now() - timedelta(days=self.limits.keep_days)
        for job in list(self._jobs.values()):
            if job.finished is not None and job.finished < oldest:
                self.forget(job)
                self.erase(job)

    def _change(self, job: Job, **changes: Any) -> Job:
        changed = job.model_copy(update=changes)
        self._jobs[job.id] = changed
        # On a full disk the service goes on with what it knows; after a restart the job is then run again.
        with suppress(WriteError):
            write_json(self.folder(job) / JOB, changed.model_dump(mode="json"))
        return changed


def now() -> datetime:
    """The time, UTC."""
    return datetime.now(timezone.utc)


def _lock(path: Path) -> Any:
    """Hold a folder for this process as long as what is returned is open; None where the system has no such locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise MerlabError(f"another `merlab serve` uses {path.parent}; stop it, or give --jobs-folder") from error
    return file
