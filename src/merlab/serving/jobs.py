"""The jobs of the service: one folder per job on the disk, which survives a restart."""

from __future__ import annotations

import logging
import os
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.json_files import write_json
from merlab.json_models import read_model
from merlab.outputs.claims import claim_folder
from merlab.outputs.locks import InUseError, only_writer
from merlab.outputs.result_folder import CODING
from merlab.serving.job import JOB, RESULT, UPLOAD, VIEW, Job, VideoOptions
from merlab.serving.limits import Limits, RefusedError
from merlab.storage import WriteError, remove_folder

MARKER = "jobs.json"
ID = re.compile(r"[0-9a-f]{32}")
MAX_STARTS = 3


class Jobs:
    """All jobs of one folder; every method can be called from any thread."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.limits = limits
        self._closed = False
        self._changed = threading.Condition()
        self.root = folder.resolve()
        with ExitStack() as held:
            try:
                held.enter_context(only_writer(self.root))
            except InUseError as error:
                raise MerlabError(
                    f"another `merlab serve` uses {self.root}; stop it, or choose another --jobs-folder"
                ) from error
            # It removes unfinished files, which are those of a running service unless the folder is ours.
            claim_folder(self.root, MARKER, {"kind": "jobs of merlab serve"}, "jobs of `merlab serve`")
            _close_to_others(self.root)
            self._jobs = {job.id: job for job in self._stored()}
            self._held = held.pop_all()

    def _stored(self) -> list[Job]:
        """The jobs of an earlier service: incomplete uploads are removed, running jobs are queued again.

        A job whose file is damaged is left out, and nothing of it is removed.
        """
        jobs = []
        for folder in self.root.iterdir():
            if not ID.fullmatch(folder.name):
                continue
            if not (folder / JOB).exists():
                remove_folder(folder)
                continue
            try:
                jobs.append(self._with_upload(read_model(folder / JOB, Job)))
            except MerlabError as error:
                logging.warning("a job of an earlier service is left out, its folder stays: %s", error)
        return [self._after_restart(job) for job in jobs]

    def _with_upload(self, job: Job) -> Job:
        """The job with its upload where it is now, because the folder of jobs may have been moved."""
        upload = self.folder(job) / UPLOAD / job.source.name
        if job.source == upload or not upload.is_file():
            return job
        if not (self.folder(job) / VIEW).is_file():
            # What was begun is that of a video at another place, and would be refused.
            remove_folder(self.folder(job) / RESULT)
        return job.model_copy(update={"source": upload})

    def _after_restart(self, job: Job) -> Job:
        if job.state == "done":
            # The earlier service may have ended before.
            self._remove_upload(job)
        if job.state != "running":
            return job
        if job.starts < MAX_STARTS:
            return job.model_copy(update={"state": "queued"})
        message = f"the service ended {job.starts} times while this job ran; send a shorter or smaller video"
        failed = job.model_copy(update={"state": "failed", "error": message, "finished": now()})
        # Else each restart would be its end, and keep_days would never be over.
        with suppress(WriteError):
            self._write(failed)
        return failed

    def close(self) -> None:
        """Start no more jobs, and release the folder; jobs that are running stay marked as running."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._held.close()

    def all(self) -> list[Job]:
        """All jobs, newest first."""
        with self._changed:
            return sorted(self._jobs.values(), key=lambda job: job.created, reverse=True)

    def find(self, job_id: str) -> Job:
        """The job with this id; raises RefusedError (404) if there is none."""
        with self._changed:
            if job_id not in self._jobs:
                raise RefusedError(404, "there is no such job; it may have been deleted")
            return self._jobs[job_id]

    def folder(self, job: Job) -> Path:
        """The folder with the files of a job."""
        return self.root / job.id

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """A folder for a new job, removed unless ``enqueue`` uses it; raises RefusedError (429) if there is no room."""
        with self._changed:
            self._require_free_place()
            if len(self._jobs) >= self.limits.kept:
                raise RefusedError(
                    429, f"this service keeps at most {self.limits.kept} jobs, and this number is reached; delete some"
                )
        folder = self.root / secrets.token_hex(16)
        try:
            folder.mkdir()
        except OSError as error:
            raise WriteError.at(Path("the upload"), error) from error
        try:
            yield folder
        finally:
            with self._changed:
                used = folder.name in self._jobs
            if not used:
                remove_folder(folder)

    def _require_free_place(self) -> None:
        waiting = sum(job.state == "queued" for job in self._jobs.values())
        if waiting >= self.limits.queue:
            raise RefusedError(
                429, f"{waiting} videos are already waiting, the most that this service accepts; send it again later"
            )

    def enqueue(self, folder: Path, name: str, source: Path, size: int, options: VideoOptions) -> Job:
        """Add a job whose folder comes from ``new_folder``; raises WriteError, without the folder, on a full disk."""
        job = Job(id=folder.name, name=name, source=source, bytes=size, options=options, created=now())
        try:
            self._write(job)
        except WriteError as error:
            raise WriteError(str(error).replace(f"{folder}{os.sep}", "")) from error
        with self._changed:
            self._jobs[job.id] = job
            self._changed.notify_all()
        return job

    def next_job(self) -> Job | None:
        """Wait for the oldest queued job and mark it as running; None when the jobs are closed."""
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
        """Mark a job as done or failed, unless it was removed in the meantime. The upload of a done job is removed."""
        with self._changed:
            if job.id not in self._jobs:
                return
            self._change(job, state="failed" if error else "done", finished=now(), error=error)
        if error is None:
            self._remove_upload(job)

    def _remove_upload(self, job: Job) -> None:
        remove_folder(self.folder(job) / UPLOAD)

    def retry(self, job_id: str) -> Job:
        """Queue a failed job again; raises RefusedError (409) if it has not failed, or was queued again already."""
        with self._changed:
            job = self.find(job_id)
            if job.state != "failed":
                raise RefusedError(409, f"this job is {job.state}; only a failed job can be run again")
            self._require_free_place()
            self._changed.notify_all()
            return self._change(job, state="queued", error=None, finished=None, starts=0)

    def remove_from_list(self, job: Job) -> None:
        """Remove a job from the list; its files stay until ``remove_files``."""
        with self._changed:
            self._jobs.pop(job.id, None)

    def remove_files(self, job: Job) -> None:
        """Remove all files of a job."""
        remove_folder(self.folder(job))

    def _remove_expired(self) -> None:
        if self.limits.keep_days is None:
            return
        oldest = now() - timedelta(days=self.limits.keep_days)
        for job in list(self._jobs.values()):
            if job.finished is not None and self._last_used(job, job.finished) < oldest:
                self.remove_from_list(job)
                self.remove_files(job)

    def _last_used(self, job: Job, finished: datetime) -> datetime:
        """When it finished, or a coder last decided about its result: what coders work on is not removed."""
        try:
            decided = (self.folder(job) / RESULT / CODING).stat().st_mtime
        except OSError:
            return finished
        return max(finished, datetime.fromtimestamp(decided, timezone.utc))

    def _change(self, job: Job, **changes: Any) -> Job:
        changed = job.model_copy(update=changes)
        self._jobs[job.id] = changed
        # If the disk is full, the service continues with the jobs in memory; after a restart this job runs again.
        with suppress(WriteError):
            self._write(changed)
        return changed

    def _write(self, job: Job) -> None:
        write_json(self.folder(job) / JOB, job.model_dump(mode="json", by_alias=True))


def _close_to_others(folder: Path) -> None:
    """Other users of the machine must not read the videos, which show faces; warns where they can."""
    with suppress(OSError):  # the folder is that of another user
        folder.chmod(0o700)
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        logging.warning(
            "other users of this machine can open %s, because it is not yours or its disk has no permissions; choose "
            "another --jobs-folder",
            folder,
        )


def now() -> datetime:
    """The current time, UTC."""
    return datetime.now(timezone.utc)
