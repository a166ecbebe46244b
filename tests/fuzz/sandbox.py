"""Judge damaged inputs in other processes, so that a crash or a hang is an outcome too."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue

from tests.fuzz.kind import Kind, Outcome, outcome_of
from tests.fuzz.kinds import KINDS

CHUNK = 20
SECONDS = 120  # for one chunk; a damaged input takes milliseconds


def judged(counts: Mapping[str, int], processes: int) -> list[Outcome]:
    """The outcomes of so many damaged inputs of each kind, in the order of the kinds."""
    work = [
        (name, range(start, min(start + CHUNK, count)))
        for name, count in counts.items()
        for start in range(0, count, CHUNK)
    ]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(processes) as threads:
        free: SimpleQueue[_Sandbox] = SimpleQueue()
        sandboxes = [_Sandbox(Path(folder)) for _ in range(processes)]
        for sandbox in sandboxes:
            free.put(sandbox)

        def outcomes(chunk: tuple[str, Sequence[int]]) -> list[Outcome]:
            sandbox = free.get()
            try:
                return sandbox.outcomes(*chunk)
            finally:
                free.put(sandbox)

        found = [outcome for chunk in threads.map(outcomes, work) for outcome in chunk]
        for sandbox in sandboxes:
            sandbox.close()
    return found


class _Sandbox:
    """One process that judges; it is replaced after a crash or a hang."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pool: ProcessPoolExecutor | None = None

    def outcomes(self, name: str, numbers: Sequence[int]) -> list[Outcome]:
        """The outcomes of these numbers of a kind; after a crash, each number is judged alone."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"))
        future = self._pool.submit(_outcomes, self.folder, name, list(numbers))
        try:
            return future.result(timeout=SECONDS)
        except (BrokenProcessPool, TimeoutError) as error:
            self.close()
            if len(numbers) > 1:
                return [outcome for number in numbers for outcome in self.outcomes(name, [number])]
            return [Outcome(name, numbers[0], "", "hang" if isinstance(error, TimeoutError) else "crash")]

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            for process in list(self._pool._processes.values()):
                process.kill()
            self._pool.shutdown()
            self._pool = None


def _outcomes(folder: Path, name: str, numbers: Sequence[int]) -> list[Outcome]:
    kind = _kind(folder, name)
    return [outcome_of(kind, number) for number in numbers]


@cache
def _kind(folder: Path, name: str) -> Kind:
    """The kind in this process, with its sound files in a folder of its own."""
    return KINDS[name](Path(tempfile.mkdtemp(dir=folder)))
