"""Pools of worker processes."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from merlab.processes import pool
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


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals exist only on Unix")
def test_ctrl_c_while_the_processes_of_a_pool_start_ends_them_and_waits_for_no_work():
    started = time.monotonic()
    workers: list[int] = []
    with answering_ctrl_c(), pytest.raises(KeyboardInterrupt):
        sleep_and_stop(workers)
    assert time.monotonic() - started < 60
    assert len(workers) == 2
    assert ended_within(15, workers)


def sleep_and_stop(workers: list[int]) -> None:
    """Start two processes that sleep for ten minutes, and press Ctrl-C meanwhile."""
    with worker_pool(2, start_nothing) as pool, without_main():
        for _ in range(2):
            pool.submit(time.sleep, 600)
        workers += pool._processes
        signal.raise_signal(signal.SIGINT)


def start_nothing() -> None:
    """What each process of a pool calls first."""


def process_of(_item: int) -> int:
    time.sleep(0.1)
    return os.getpid()


@pytest.mark.slow
def test_several_steps_of_work_share_the_same_processes():
    with shared_workers(2) as workers:
        first, second = (set(workers.each(process_of, range(6))) for _ in range(2))
        alone = set(workers.each(process_of, [1])) | set(workers.each(process_of, range(2), at_most=1))
    assert first & second
    assert len(first | second) <= 2
    assert alone == {os.getpid()}


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


def test_without_semaphores_one_process_does_all_work_with_a_warning(monkeypatch):
    """As in a container whose /dev/shm is read-only."""

    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("_multiprocessing.SemLock", refuse)
    monkeypatch.setattr(pool, "_has_semaphores", pool._has_semaphores.__wrapped__)
    with pytest.warns(UserWarning, match=r"no semaphores \(.*Read-only file system\), as where /dev/shm is missing"):
        assert list(each_in_processes(lambda item: os.getpid(), [1, 2], 2)) == [os.getpid()] * 2
    assert process_count(1) == 1


def test_there_are_no_more_processes_than_windows_can_wait_for(monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("merlab.processes.pool.usable_cores", lambda: 128)
    # ProcessPoolExecutor of Python's library raises ValueError above 61 there.
    assert [process_count(jobs) for jobs in (None, 200, 4)] == [61, 61, 4]


def test_an_empty_list_is_one_empty_share():
    assert dealt_out([], 4) == [[]]
