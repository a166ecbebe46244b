"""Loading libraries in the processes of merlab: objects that are kept are not searched for garbage."""

from __future__ import annotations

import gc
import pickle
import sys

import pytest

from merlab import cli
from merlab.processes.old_objects import Sparing


@pytest.fixture(autouse=True)
def as_python_begins():
    """The thresholds with which Python begins."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


class Function:
    """A function whose module has much to load where it is unpickled: there, it is the number of searches meanwhile."""

    def __reduce__(self) -> tuple[object, ...]:
        return searches_while_loading, ()


def searches_while_loading() -> int:
    gc.collect()
    before = full_searches()
    kept: list[list[int]] = [[] for _ in range(150_000)]
    return full_searches() - before if kept else -1


def full_searches() -> int:
    return int(gc.get_stats()[2]["collections"])


def test_what_a_command_loads_is_not_searched_for_garbage_and_what_is_new_is_as_before(monkeypatch):
    monkeypatch.setattr(sys.modules["merlab.cli.app"], "app", lambda: None)
    cli.main()
    assert searches_while_loading() == 0
    assert gc.get_threshold()[:2] == (700, 10)


def test_nor_is_what_a_new_process_loads_with_the_function_that_it_calls():
    sent = pickle.dumps(Sparing(Function()))  # type: ignore[arg-type]
    assert gc.get_threshold() == (700, 10, 10)
    assert pickle.loads(sent).function == 0
    assert gc.get_threshold()[:2] == (700, 10)
