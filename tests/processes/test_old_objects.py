"""Loading libraries in the processes of merlab: objects that are kept are not searched for garbage."""

from __future__ import annotations

import gc
import sys

import pytest

from merlab import cli
from merlab.processes import starting


@pytest.fixture
def as_python_begins():
    """The thresholds with which Python begins."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def begin_a_command(monkeypatch) -> None:
    monkeypatch.setattr(sys.modules["merlab.cli.app"], "app", lambda: None)
    cli.main()


def begin_a_worker(monkeypatch) -> None:
    monkeypatch.setattr(starting, "end_with_parent", lambda: None)
    monkeypatch.setattr("cv2.setNumThreads", lambda number: None)
    monkeypatch.setattr("threadpoolctl.threadpool_limits", lambda limits, user_api: None)
    starting.begin_worker()


def full_searches() -> int:
    return int(gc.get_stats()[2]["collections"])


@pytest.mark.parametrize("begin", [begin_a_command, begin_a_worker])
def test_what_is_loaded_is_not_searched_for_garbage_and_what_is_new_is_as_before(monkeypatch, as_python_begins, begin):
    begin(monkeypatch)
    gc.collect()
    before = full_searches()
    kept: list[list[int]] = [[] for _ in range(150_000)]
    assert full_searches() == before, len(kept)
    assert gc.get_threshold()[:2] == (700, 10)
