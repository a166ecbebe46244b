"""Runs jobs, one at a time per slot, each in a child process whose crash does not harm the service."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import signal
import threading
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess

from merlab.json_models import read_model
from merlab.processes.old_objects import Sparing
from merlab.processes.starting import nothing_from_here
from merlab.serving.job import ERROR, PROGRESS, VIEW, Failure, Job
from merlab.serving.jobs import Jobs
from merlab.serving.worker import NO_SPACE, Recognize, run_job

SECONDS_TO_END = 10.0
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGILL)
CRASHES_OF_WINDOWS = 0xC0000000


class Runner:
    """Runs the queued jobs of a folder in ``workers`` slots."""

    def __init__(self, jobs: Jobs, recognize: Recognize, workers: int) -> None:
        self._jobs, self._recognize = jobs, recognize
        self._processes: dict[str, SpawnProcess] = {}
        self._changing = threading.Lock()
        self._stopping = False
        self._slots = [threading.Thread(target=self._serve_slot, daemon=True) for _ in range(workers)]

    def start(self) -> None:
        """Start with the queued jobs."""
        # When this process exits, its jobs must end; otherwise Python would wait until they are done.
        atexit.register(self.stop)
        for slot in self._slots:
            slot.start()

    def stop(self) -> None:
        """End the running jobs; they resume after a restart of the service."""
        atexit.unregister(self.stop)
        with self._changing:
            self._stopping = True
            for process in self._processes.values():
                process.kill()
        self._jobs.close()
        for slot in self._slots:
            slot.join(SECONDS_TO_END)

    def remove(self, job: Job) -> None:
        """End a waiting or running job, and remove all its files."""
        with self._changing:
            self._jobs.remove_from_list(job)
            process = self._processes.get(job.id)
            if process is not None:
                process.kill()
        if process is not None:
            # Only the thread of its slot may join the process.
            wait([process.sentinel], SECONDS_TO_END)
        self._jobs.remove_files(job)

    def _serve_slot(self) -> None:
        while (job := self._jobs.next_job()) is not None:
            try:
                error = self._run(job)
            except Exception as problem:  # for example, no process can be started; other jobs still need the slot
                logging.exception("job %s could not be run", job.id)
                error = f"the service could not run the job ({problem}); run it again"
            if not self._stopping:
                self._jobs.finish(job, error)

    def _run(self, job: Job) -> str | None:
        """Run a job to its end; returns the error message if it failed."""
        process = self._begin(job)
        if process is None:
            return None
        process.join(self._jobs.limits.job_seconds)
        late = process.is_alive()
        process.kill()
        process.join()
        with self._changing:
            del self._processes[job.id]
        return self._error(job, process, late)

    def _begin(self, job: Job) -> SpawnProcess | None:
        """Start the process of a job, unless the job was removed or the service stops."""
        # What an earlier run of the job left would be taken for its own until it has begun, or if it never does.
        for name in (PROGRESS, ERROR):
            (self._jobs.folder(job) / name).unlink(missing_ok=True)
        context = multiprocessing.get_context("spawn")
        arguments = (job, self._jobs.folder(job), self._jobs.limits, self._recognize)
        with self._changing:
            if self._stopping or job.id not in {kept.id for kept in self._jobs.all()}:
                return None
            process = context.Process(target=Sparing(run_job), args=arguments)
            with nothing_from_here():
                process.start()
            self._processes[job.id] = process
        return process

    def _error(self, job: Job, process: SpawnProcess, late: bool) -> str | None:
        """Why a job failed, and the remedy; None if it succeeded."""
        folder = self._jobs.folder(job)
        if (folder / ERROR).is_file():
            return read_model(folder / ERROR, Failure).error
        status = process.exitcode or 0
        # A library may crash when the process ends, after all work. What raised an error, or was killed, has not
        # finished: its files may still name the upload.
        if (folder / VIEW).is_file() and (status == 0 or _is_crash(status)):
            return None
        if late:
            longest = self._jobs.limits.job_seconds
            return f"the job ran longer than the {longest:g} s of a job; run it again to continue, or cut the video"
        return _meaning(status)


def _is_crash(status: int) -> bool:
    """Whether a library ended the process, by the signals of Unix and the statuses of Windows."""
    return -status in CRASHES or status >= CRASHES_OF_WINDOWS


def _meaning(status: int) -> str:
    """What the exit status of a job that left no result and no message says, and the remedy."""
    if status == NO_SPACE:
        return "the disk of the service is full; make room and run it again, then it continues"
    name = signal.Signals(-status).name if status < 0 else f"status {status:#x}"
    if _is_crash(status):
        return f"the process crashed ({name}), as when a damaged file crashes a decoder; convert the video again"
    if status >= 0:
        return f"the process failed (status {status}) by an error of merlab; the terminal of the service shows more"
    return f"the process was ended from outside ({name}), maybe for lack of memory; run it again to continue"
