"""Commands as processes of their own, and the processes that they start."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any


@contextmanager
def started(
    arguments: Sequence[object], start_new_session: bool = False, under_nohup: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """``merlab ARGUMENTS`` in a process of its own, with pipes for its output; it is killed at the end of the block.

    It inherits which signals are ignored, and the tests themselves may run under nohup.
    """
    command = [sys.executable, "-m", "merlab", *map(str, arguments)]
    with answering_ctrl_c(), _handled(signal.SIGHUP, signal.SIG_IGN if under_nohup else signal.SIG_DFL):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=start_new_session
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answering_ctrl_c() -> AbstractContextManager[None]:
    """Ctrl-C is answered inside, also by processes that start there: a job in the background of a shell ignores it."""
    return _handled(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _handled(number: signal.Signals, handler: Any) -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def wait_until(happens: Callable[[], object], seconds: float = 300.0) -> None:
    """Wait until something happens; fails after some seconds."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def children_of(process: int) -> list[int]:
    """The processes that a process has started."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (tuple(map(int, line.split())) for line in listed.splitlines())
    return [child for child, parent in pairs if parent == process]


def is_running(process: int) -> bool:
    """Whether a process exists and has not ended."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


def ended_within(seconds: float, processes: Sequence[int]) -> bool:
    """Whether all these processes end within some seconds."""
    deadline = time.monotonic() + seconds
    while any(map(is_running, processes)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not any(map(is_running, processes))
