"""Values that come from other processes, and reading ahead."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import threading
import time

import cv2
import pytest

from merlab.errors import MerlabError
from merlab.processes import streams
from merlab.processes.old_objects import SELDOM
from merlab.processes.streams import read_ahead, stream_from_processes


def count_up(limit):
    """Yields 1 .. limit; refuses 13, dies at 99, and never ends at 1000."""
    yield from range(1, limit + 1)
    if limit == 13:
        raise MerlabError("13 is refused")
    if limit == 99:
        os._exit(1)
    while limit == 1000:
        time.sleep(1)


def limits_of_process(_item):
    """Yields the threads of OpenCV in this process, what Ctrl-C does to it, and how often old objects are searched."""
    yield cv2.getNumThreads(), signal.getsignal(signal.SIGINT), gc.get_threshold()[2]


class TestStreams:
    def test_a_single_item_is_processed_in_this_process(self):
        assert list(stream_from_processes(lambda item: iter([item, os.getpid()]), ["a"])) == ["a", os.getpid()]

    def test_it_uses_one_thread_of_opencv(self):
        before = cv2.getNumThreads()
        cv2.setNumThreads(2)
        assert list(stream_from_processes(lambda _: iter([cv2.getNumThreads()]), ["a"])) == [1]
        assert cv2.getNumThreads() == 2
        cv2.setNumThreads(before)

    def test_an_item_that_cannot_be_sent_to_a_process_is_the_error_that_is_raised(self):
        with pytest.raises((AttributeError, pickle.PicklingError), match="pickle"):
            list(stream_from_processes(count_up, [lambda: 1, lambda: 2]))

    @pytest.mark.slow
    def test_values_come_from_all_processes_and_in_the_order_of_each(self):
        values = list(stream_from_processes(count_up, [3, 4]))
        assert sorted(values) == [1, 1, 2, 2, 3, 3, 4]

    @pytest.mark.slow
    def test_each_process_uses_one_thread_of_opencv_and_leaves_ctrl_c_to_its_parent(self, monkeypatch):
        monkeypatch.setenv("OPENCV_FOR_THREADS_NUM", "2")
        assert list(stream_from_processes(limits_of_process, [1, 2])) == [(1, signal.SIG_IGN, SELDOM)] * 2

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

    def test_the_next_item_is_fetched_while_the_caller_works_on_one(self):
        fetched = threading.Event()

        def two():
            yield 1
            fetched.set()
            yield 2

        items = read_ahead(two())
        assert next(items) == 1
        assert fetched.wait(10)
        assert list(items) == [2]


class PipeOfWindows:
    """A pipe between processes there: not a Connection, but with the same methods."""

    def __init__(self, connection):
        self.fileno, self.recv = connection.fileno, connection.recv


def test_what_processes_send_is_received_through_the_pipes_of_every_system():
    receivers, senders = zip(*(multiprocessing.Pipe(duplex=False) for _ in range(2)), strict=True)
    for sender in senders:
        for message in ((True, 1), (True, 2), (False, None)):
            sender.send(message)
    assert sorted(streams._received(list(map(PipeOfWindows, receivers)))) == [1, 1, 2, 2]  # type: ignore[arg-type]
