"""Runs jobs, one at a time a worker slot, each in a child process that may die without harm to the service."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import signal
import threading
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess

from merlab.serving.jobs import FAULT, VIEW, Job, Jobs
from merlab.serving.worker import Recognize, work
from merlab.storage import read_json

SECONDS_TO_DIE = 10.0
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGILL)


class Runner:
    """Worker slots over the jobs of a folder."""

    def __init__(self, jobs: Jobs, recognize: Recognize, workers: int) -> None:
        self._jobs, self._recognize = jobs, recognize
        self._processes: dict[str, SpawnProcess] = {}
        self._changing = threading.Lock()
        self._stopping = False
        self._slots = [threading.Thread(target=self._serve_slot, daemon=True) for _ in range(workers)]

    def start(self) -> None:
        """Begin with what is queued."""
        # However this process leaves, its jobs must not: at its end Python would wait until they are done.
        atexit.register(self.stop)
        for slot in self._slots:
            slot.start()

    def stop(self) -> None:
        """End what runs; after a restart it goes on."""
        atexit.unregister(self.stop)
        with self._changing:
            self._stopping = True
            for process in self._processes.values():
                process.kill()
        self._jobs.close()
        for slot in self._slots:
            slot.join(SECONDS_TO_DIE)

    def remove(self, job: Job) -> None:
        """End a job where it runs or waits, and remove all its files."""
        with self._changing:
            self._jobs.forget(job)
            process = self._processes.get(job.id)
            if process is not None:
                process.kill()
        if process is not None:
            # Only its slot may reap it.
            wait([process.sentinel], SECONDS_TO_DIE)
        self._jobs.erase(job)

    def _serve_slot(self) -> None:
        while (job := self._jobs.take()) is not None:
            try:
                fault = self._run(job)
            except Exception as error:  # such as no more processes to be had; the slot is needed for other jobs
                logging.exception("job %s could not be run", job.id)
                fault = f"the service could not run it ({error}); run it again"
            if not self._stopping:
                self._jobs.finish(job, fault)

    def _run(self, job: Job) -> str | None:
        """Run a job to its end; what to tell where it did not end well."""
        process = self._begin(job)
        if process is None:
            return None
        process.join(self._jobs.limits.job_seconds)
        late = process.is_alive()
        process.kill()
        process.join()
        with self._changing:
            del self._processes[job.id]
        return self._fault(job, process, late)

    def _begin(self, job: Job) -> SpawnProcess | None:
        """Start a job's process, unless it was removed or the service stops."""
        context = multiprocessing.get_context("spawn")
        arguments = (job, self._jobs.folder(job), self._jobs.limits, self._recognize)
        with self._changing:
            if self._stopping or job.id not in {kept.id for kept in self._jobs.all()}:
                return None
            process = context.Process(target=work, args=arguments)
            process.start()
            self._processes[job.id] = process
        return process

    def _fault(self, job: Job, process: SpawnProcess, late: bool) -> str | None:
        """What to tell of a job that did not end well."""
        folder = self._jobs.folder(job)
        if (folder / VIEW).is_file():
            return None
        if (folder / FAULT).is_file():
            return str(read_json(folder / FAULT)["error"])
        if late:
            longest = self._jobs.limits.job_seconds
            return f"it took longer than the {longest:g} s that a job may run; run it again to go on, or cut the video"
        code = process.exitcode
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            if -code in CRASHES:
                return f"its process crashed ({name}), as a damaged file may make a decoder do; convert the video anew"
            return f"its process was ended from outside ({name}), as when memory runs out; run it again to go on"
        return f"its process failed (status {code}), which is a fault of merlab; the service's terminal says more"
