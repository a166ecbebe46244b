"""Pools of worker processes."""

from __future__ import annotations

import errno
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import cv2
import pytest
from threadpoolctl import threadpool_info

from merlab.errors import MerlabError
from merlab.processes import pool
from merlab.processes.old_objects import SELDOM
from merlab.processes.pool import (
    Workers,
    dealt_out,
    each_in_processes,
    process_count,
    shared_workers,
    worker_pool,
)
from merlab.processes.starting import without_main
from merlab.processes.usable import usable_cores
from tests.cli.processes import answering_ctrl_c, ended_within

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals exist only on Unix")
def test_ctrl_c_while_the_processes_of_a_pool_start_ends_them_and_waits_for_no_work():
    """In a process of its own: this one has run other tests, and libraries in it may answer signals in their way."""
    started = time.monotonic()
    program = "from tests.processes.test_pool import sleep_and_stop; sleep_and_stop()"
    with answering_ctrl_c():
        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert time.monotonic() - started < 60
    assert done.returncode == 0, done.stderr
    workers = list(map(int, done.stdout.split()))
    assert len(workers) == 2
    assert ended_within(15, workers)


def sleep_and_stop() -> None:
    """Start two processes that sleep for ten minutes, press Ctrl-C meanwhile, and print their numbers."""
    workers: list[int] = []
    try:
        with worker_pool(2, start_nothing) as pool, without_main():
            for _ in range(2):
                pool.submit(time.sleep, 600)
            workers += pool._processes
            signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        sys.stdout.write(" ".join(map(str, workers)))


def start_nothing() -> None:
    """What each process of a pool calls first."""


def process_of(_item: int) -> int:
    time.sleep(0.1)
    return os.getpid()


def state_of_process(_item: int) -> tuple[object, ...]:
    """How a worker process was started, its threads of OpenCV and of BLAS, and what Ctrl-C and garbage do to it."""
    blas = {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}
    is_blocked = sys.platform == "win32" or signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return (
        multiprocessing.get_start_method(),
        cv2.getNumThreads(),
        max(blas),
        signal.getsignal(signal.SIGINT),
        is_blocked,
        gc.get_threshold()[2],
    )


@pytest.mark.slow
def test_several_steps_of_work_share_the_same_processes(monkeypatch):
    for variable in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        monkeypatch.setenv(variable, "2")
    with shared_workers(2) as workers:
        first, second = (set(workers.each(process_of, range(6))) for _ in range(2))
        alone = set(workers.each(process_of, [1])) | set(workers.each(process_of, range(2), at_most=1))
        # A process that is forked takes over the locks that threads of this one hold, and may wait for them forever.
        assert set(workers.each(state_of_process, range(2))) == {("spawn", 1, 1, signal.SIG_IGN, True, SELDOM)}
    assert first & second
    assert len(first | second) <= 2
    assert alone == {os.getpid()}


def test_there_are_no_more_processes_than_jobs_or_items(monkeypatch):
    @contextmanager
    def threads(processes: int, _start: object) -> Iterator[ThreadPoolExecutor]:
        begun.append(processes)
        with ThreadPoolExecutor(processes) as pool:
            yield pool

    begun: list[int] = []
    monkeypatch.setattr(pool, "worker_pool", threads)
    assert sorted(each_in_processes(abs, range(5), 2)) == [0, 1, 2, 3, 4]
    assert sorted(each_in_processes(abs, range(2), 3)) == [0, 1]
    with shared_workers(3) as workers:
        assert workers.processes == 3
    assert begun == [2, 2, 3]
    assert list(each_in_processes(abs, [-1], 3)) == [1]
    assert len(begun) == 3


def test_a_result_is_given_when_it_is_ready_and_not_when_others_are():
    given = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        results = Workers(cast(Any, threads), 2).each(lambda item: item or given.wait(2), [0, 5])
        assert next(results) == 5
        given.set()
        assert next(results) is True


def test_work_in_this_process_uses_one_thread_of_opencv_and_its_caller_as_many_as_before():
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    threads = [(inside, cv2.getNumThreads()) for inside in Workers(None, 1).each(lambda _: cv2.getNumThreads(), "ab")]
    cv2.setNumThreads(before)
    assert threads == [(1, 2), (1, 2)]


@pytest.mark.slow
def test_a_process_that_dies_is_an_error_with_the_remedy():
    with pytest.raises(MerlabError, match=r"a worker process ended early: .*; run the same command again to resume"):
        list(each_in_processes(os._exit, [1, 1], 2))


class Threads(ThreadPoolExecutor):
    """As ProcessPoolExecutor; work can see that no more is to begin."""

    def __init__(self, processes: int, _context: object, start: Any, arguments: tuple[object, ...]) -> None:
        super().__init__(processes, initializer=start, initargs=arguments)
        self.ends = threading.Event()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait=False, cancel_futures=cancel_futures)
        self.ends.set()
        super().shutdown(wait)


def test_after_an_error_running_work_is_finished_and_no_more_is_begun(monkeypatch):
    def work(threads: Threads, item: int) -> None:
        begun.append(item)
        if item == 0:
            raise KeyError(item)
        assert threads.ends.wait(10)
        finished.append(item)

    begun: list[int] = []
    finished: list[int] = []
    monkeypatch.setattr(pool, "ProcessPoolExecutor", Threads)
    with pytest.raises(KeyError), worker_pool(2, start_nothing) as made:
        list(Workers(made, 2).each(partial(work, cast(Threads, made)), range(8)))
    assert sorted(begun) == [0, *sorted(finished)]
    assert max(begun) <= 2


def test_a_step_uses_no_more_processes_than_it_may():
    running: list[int] = []
    most: list[int] = []

    def work(item: int) -> int:
        running.append(item)
        most.append(len(running))
        time.sleep(0.002)
        running.remove(item)
        return item

    with ThreadPoolExecutor(4) as threads:
        workers = Workers(cast(Any, threads), 4)
        assert sorted(workers.each(work, range(1, 9), at_most=2)) == list(range(1, 9))
        assert max(most) <= 2


def test_no_process_is_idle_while_the_caller_works_on_a_result():
    begun: list[int] = []
    with ThreadPoolExecutor(2) as threads:
        results = Workers(cast(Any, threads), 2).each(begun.append, range(8))
        next(results)
        time.sleep(0.05)
        assert len(begun) == 8
        assert list(results) == [None] * 7


@pytest.mark.parametrize(
    ("jobs", "shares"), [(1, [[1, 2, 3, 4, 5]]), (2, [[1, 3, 5], [2, 4]]), (9, [[1], [2], [3], [4], [5]])]
)
def test_items_are_distributed_in_turn_and_no_share_is_empty(jobs, shares):
    assert dealt_out([1, 2, 3, 4, 5], jobs) == shares


def test_a_worker_of_a_pool_works_alone_because_it_may_not_start_processes(monkeypatch):
    assert process_count(3) == 3
    assert process_count(None) == usable_cores()
    monkeypatch.setitem(vars(multiprocessing.current_process())["_config"], "daemon", True)
    assert [process_count(jobs) for jobs in (None, 1, 3)] == [1, 1, 1]
    assert dealt_out([1, 2, 3], 2) == [[1, 2, 3]]
    assert list(each_in_processes(lambda item: os.getpid(), [1, 2], 2)) == [os.getpid()] * 2


@pytest.mark.parametrize(
    "fault",
    [OSError(errno.EROFS, "Read-only file system"), ImportError("This platform lacks a functioning sem_open")],
)
def test_without_semaphores_one_process_does_all_work_with_a_warning(monkeypatch, fault):
    """As in a container whose /dev/shm is read-only, and where Python was built without semaphores."""

    def refuse(*_):
        raise fault

    monkeypatch.setattr("_multiprocessing.SemLock", refuse)
    monkeypatch.setattr(pool, "_has_semaphores", pool._has_semaphores.__wrapped__)
    with pytest.warns(UserWarning, match=rf"no semaphores \(.*{fault.args[-1]}\), as where /dev/shm is missing"):
        assert list(each_in_processes(lambda item: os.getpid(), [1, 2], 2)) == [os.getpid()] * 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert process_count(1) == 1


def test_there_are_no_more_processes_than_windows_can_wait_for(monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("merlab.processes.pool.usable_cores", lambda: 128)
    # ProcessPoolExecutor of Python's library raises ValueError above 61 there.
    assert [process_count(jobs) for jobs in (None, 200, 4)] == [61, 61, 4]


def test_an_empty_list_is_one_empty_share():
    assert dealt_out([], 4) == [[]]
