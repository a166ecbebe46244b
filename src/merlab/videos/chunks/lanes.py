"""Lanes: work on a chunk that is done in its order, at once or in threads beside the caller.

OpenCV, FFmpeg and OpenVINO compute without holding Python's lock, so that threads use further cores. A lane does its
work in the order in which it got it, so that the result does not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import Protocol

# Frames that wait for a lane; each holds a picture.
MOST_WAITING = 6

LaneWork = Callable[[], None]


class Lane(Protocol):
    """Does work in its order."""

    def add(self, work: LaneWork) -> None:
        """Do this after everything that was added before; raises what earlier work raised."""

    def wait(self) -> None:
        """Wait until everything is done; raises what it raised."""


class SameThread:
    """Work is done at once."""

    def add(self, work: LaneWork) -> None:
        """Do it."""
        work()

    def wait(self) -> None:
        """Everything is done."""


class OwnThread:
    """Work is done in a thread; ``add`` waits while MOST_WAITING others wait. After an error the rest is left out."""

    def __init__(self) -> None:
        self._waiting: Queue[LaneWork | None] = Queue(MOST_WAITING)
        self._error: BaseException | None = None
        self._leaves_out = False
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, work: LaneWork) -> None:
        """Do it when its turn comes."""
        self._raise()
        self._waiting.put(work)

    def wait(self) -> None:
        """Wait until everything is done."""
        self._waiting.join()
        self._raise()

    def leave_out(self) -> None:
        """Leave out everything that has not begun."""
        self._leaves_out = True

    def close(self) -> None:
        """End the thread, and wait until it has ended.

        A thread that computes in C++ while Python ends would abort the process.
        """
        self._waiting.put(None)
        self._thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (work := self._waiting.get()) is not None:
            try:
                if self._error is None and not self._leaves_out:
                    work()
            except BaseException as error:  # it is raised in the thread of the caller
                self._error = error
            finally:
                self._waiting.task_done()


class Lanes:
    """Three lanes: the first finds faces, the second aligns them, and the third follows their movement."""

    def __init__(self, faces: Lane, heads: Lane, movement: Lane) -> None:
        self.faces, self.heads, self.movement = faces, heads, movement

    def wait(self) -> None:
        """Wait until everything is done: each lane gives work to the next one."""
        self.faces.wait()
        self.heads.wait()
        self.movement.wait()


@contextmanager
def open_lanes(*, threads: bool) -> Iterator[Lanes]:
    """Lanes in threads of their own, which end with the context, or in the thread of the caller."""
    if not threads:
        yield Lanes(SameThread(), SameThread(), SameThread())
        return
    lanes = OwnThread(), OwnThread(), OwnThread()
    try:
        yield Lanes(*lanes)
    finally:
        # What is needed of the work was waited for.
        for lane in lanes:
            lane.leave_out()
        for lane in lanes:
            lane.close()
