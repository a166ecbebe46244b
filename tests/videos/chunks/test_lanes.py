"""Lanes keep the order of their work, report its errors, and do not change what is found in a chunk."""

from __future__ import annotations

import threading
import time
from functools import partial

import cv2
import numpy as np
import pytest

from merlab.faces.alignment import FaceFinding
from merlab.frames.clock import Clock
from merlab.videos.chunks.chunk import Chunk
from merlab.videos.chunks.division import Division
from merlab.videos.chunks.faces_in_frame import FindingViewer
from merlab.videos.chunks.kept_chunk import ARRAYS
from merlab.videos.chunks.lanes import MOST_WAITING, Lanes, LaneWork, open_lanes


@pytest.mark.parametrize("threads", [False, True])
def test_work_is_done_in_its_order(threads):
    done: list[int] = []
    with open_lanes(threads=threads) as lanes:
        for number in range(2 * MOST_WAITING):
            last = partial(lanes.movement.add, partial(done.append, number))
            lanes.faces.add(partial(lanes.heads.add, last))
        lanes.wait()
        assert done == list(range(2 * MOST_WAITING))


@pytest.mark.parametrize("threads", [False, True])
def test_an_error_reaches_the_caller_and_later_work_is_left_out(threads):
    done: list[int] = []

    def fail() -> None:
        time.sleep(0.01)
        raise KeyError("no face")

    with open_lanes(threads=threads) as lanes:
        with pytest.raises(KeyError, match="no face"):
            _add_all(lanes, fail, partial(done.append, 1))
        assert done == []


def test_when_work_is_stopped_the_threads_end_and_what_has_not_begun_is_left_out():
    """A thread that still computes when Python ends would abort the process."""
    done: list[int] = []
    before = threading.active_count()

    def slow() -> None:
        time.sleep(0.05)
        done.append(1)

    def stopped() -> None:
        with open_lanes(threads=True) as lanes:
            for _ in range(MOST_WAITING):
                lanes.faces.add(partial(lanes.movement.add, slow))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert threading.active_count() == before
    assert len(done) < MOST_WAITING


def _add_all(lanes: Lanes, *works: LaneWork) -> None:
    for work in works:
        lanes.faces.add(work)
    lanes.wait()


def test_threads_do_not_change_what_is_found(heads):
    frames = [np.asarray(cv2.resize(head, None, fx=0.5, fy=0.5), np.uint8) for head in heads]
    kept = []
    for threads in (False, True):
        with open_lanes(threads=threads) as lanes:
            viewer = FindingViewer(FaceFinding(landmarks="five-points"), 200.0)
            chunk = Chunk(Division(1, 4, 4, 0).span(0), viewer, Clock.constant(200.0, 4), lanes)
            for number, frame in enumerate(frames, start=1):
                chunk.push(number, frame)
            kept.append(chunk.kept())
    one, two = kept
    assert one.facts == two.facts
    for name in ARRAYS:
        assert np.array_equal(getattr(one.tracks[0], name), getattr(two.tracks[0], name), equal_nan=True)
