"""Worker processes, reading ahead, and the memory that a process keeps."""

from __future__ import annotations

import errno
import multiprocessing
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, cast

import cv2
import pytest
from threadpoolctl import OpenBLASController, threadpool_info, threadpool_limits

from merlab import processes
from merlab.errors import MerlabError
from merlab.processes import (
    Workers,
    dealt_out,
    each_in_processes,
    process_count,
    read_ahead,
    shared_workers,
    stream_from_processes,
    without_main,
    worker_pool,
)
from merlab.thread_limits import one_thread
from merlab.usable import usable_cores
from tests.cli.processes import answering_ctrl_c, ended_within, wait_until

COUNT_PAGE_FAULTS = """
import resource
import numpy as np
from merlab.freed_memory import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [np.ones(2**21) for _ in range(8)]  # 16 MiB each, as large activations are
    del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
keep_freed_memory()
faults()
print(faults())
"""


START_PROCESSES = """
import os
from merlab.processes import each_in_processes, stream_from_processes

print(*each_in_processes(os.path.basename, ["a", "b"], 2), os.environ.get("PYTHONSAFEPATH", "none"))
print(*stream_from_processes(os.listdir, ["."] * 2), *each_in_processes(os.getenv, ["PYTHONSAFEPATH"] * 2, 2))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info < (3, 11), reason="older versions look into the current folder first")
@pytest.mark.parametrize("name", ["multiprocessing", "signal", "types"])
def test_a_file_in_the_current_folder_that_has_the_name_of_a_module_of_python_is_not_run(tmp_path, name):
    """As videos from others may lie beside it, or scripts of one's own."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / f"{name}.py").write_text("open('run', 'w'); raise ImportError('not a module of Python')")
    (tmp_path / "program.py").write_text(START_PROCESSES)
    command = [sys.executable, "../program.py"]
    done = subprocess.run(command, cwd=tmp_path / "here", capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert sorted(first.split()[:2]) == ["a", "b"]
    assert first.split()[2] == "none"
    assert second.split() == [f"{name}.py", f"{name}.py", "None", "None"]


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has this setting")
def test_memory_that_was_freed_is_not_fetched_from_the_kernel_again():
    output = subprocess.run([sys.executable, "-c", COUNT_PAGE_FAULTS], capture_output=True, text=True, check=True)
    before, after = map(int, output.stdout.split())
    assert 10 * after < before


def threads_of_libraries() -> set[int]:
    """How many threads OpenCV and each BLAS of this process use."""
    return {cv2.getNumThreads()} | {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_several_workers_do_not_each_take_all_cores_for_opencv_and_blas():
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    with threadpool_limits(limits=2, user_api="blas"):
        with one_thread():
            assert threads_of_libraries() == {1}
        assert threads_of_libraries() == {2}
    cv2.setNumThreads(before)


def test_threads_of_a_program_that_work_at_the_same_time_leave_the_libraries_as_they_were():
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    with threadpool_limits(limits=2, user_api="blas"), ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        # Newer versions of threadpoolctl listen to one thread only, and this one is not to be it.
        getattr(OpenBLASController, "clear_controlling_thread", lambda: None)()
        inside = [(pool, ExitStack()) for pool in (first, second)]
        for pool, stack in inside:
            pool.submit(stack.enter_context, one_thread()).result()
        left = []
        for pool, stack in inside:
            pool.submit(stack.close).result()
            left.append(threads_of_libraries())
        assert left == [{1}, {2}]
    cv2.setNumThreads(before)


@pytest.mark.skipif(sys.platform == "win32", reason="signals exist only on Unix")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_arrives_while_processes_start_is_answered_when_they_have_started(number):
    answered = []
    handler = signal.signal(number, lambda number, _frame: answered.append(number))
    try:
        with without_main():
            # To the process, as a terminal sends it: any thread may receive it.
            os.kill(os.getpid(), number)
            assert answered == []
        # Another thread may have received it, and may not have run yet.
        wait_until(lambda: answered, seconds=30)
        assert answered == [number]
    finally:
        signal.signal(number, handler)


def test_the_main_program_is_there_again_after_two_threads_have_started_processes():
    main, begun, entered, left = sys.modules["__main__"], threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with without_main():
            begun.set()
            entered.wait(0.05)
        left.set()

    def second() -> None:
        begun.wait()
        with without_main():
            entered.set()
            left.wait()

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.modules["__main__"] is main


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


def count_up(limit):
    """Yields 1 .. limit; refuses 13, dies at 99, and never ends at 1000."""
    yield from range(1, limit + 1)
    if limit == 13:
        raise MerlabError("13 is refused")
    if limit == 99:
        os._exit(1)
    while limit == 1000:
        time.sleep(1)


class TestStreams:
    def test_a_single_item_is_processed_in_this_process(self):
        assert list(stream_from_processes(lambda item: iter([item, os.getpid()]), ["a"])) == ["a", os.getpid()]

    @pytest.mark.slow
    def test_values_come_from_all_processes_and_in_the_order_of_each(self):
        values = list(stream_from_processes(count_up, [3, 4]))
        assert sorted(values) == [1, 1, 2, 2, 3, 3, 4]

    @pytest.mark.slow
    @pytest.mark.parametrize(("limit", "message"), [(13, "13 is refused"), (99, "a worker process ended early")])
    def test_an_error_stops_the_others(self, limit, message):
        started = time.monotonic()
        with pytest.raises(MerlabError, match=message):
            list(stream_from_processes(count_up, [1000, limit]))
        assert time.monotonic() - started < 60


class TestReadingAhead:
    def test_no_item_is_lost_and_an_error_is_raised_at_its_place(self):
        def three():
            yield from (1, 2, 3)
            raise KeyError

        items = read_ahead(three())
        assert [next(items) for _ in range(3)] == [1, 2, 3]
        with pytest.raises(KeyError):
            next(items)
        assert list(read_ahead([])) == []


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


class PipeOfWindows:
    """A pipe between processes there: not a Connection, but with the same methods."""

    def __init__(self, connection):
        self.fileno, self.recv = connection.fileno, connection.recv


def test_what_processes_send_is_received_through_the_pipes_of_every_system():
    receivers, senders = zip(*(multiprocessing.Pipe(duplex=False) for _ in range(2)), strict=True)
    for sender in senders:
        for message in ((True, 1), (True, 2), (False, None)):
            sender.send(message)
    assert sorted(processes._received(list(map(PipeOfWindows, receivers)))) == [1, 1, 2, 2]  # type: ignore[arg-type]


def test_without_semaphores_one_process_does_all_work_with_a_warning(monkeypatch):
    """As in a container whose /dev/shm is read-only."""

    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("_multiprocessing.SemLock", refuse)
    monkeypatch.setattr(processes, "_has_semaphores", processes._has_semaphores.__wrapped__)
    with pytest.warns(UserWarning, match=r"no semaphores \(.*Read-only file system\), as where /dev/shm is missing"):
        assert list(each_in_processes(lambda item: os.getpid(), [1, 2], 2)) == [os.getpid()] * 2
    assert process_count(1) == 1


def test_there_are_no_more_processes_than_windows_can_wait_for(monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("merlab.processes.usable_cores", lambda: 128)
    # ProcessPoolExecutor of Python's library raises ValueError above 61 there.
    assert [process_count(jobs) for jobs in (None, 200, 4)] == [61, 61, 4]


def test_an_empty_list_is_one_empty_share():
    assert dealt_out([], 4) == [[]]
