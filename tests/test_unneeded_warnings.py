"""Threads that leave out warnings at the same time leave the filters of the program as they were."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path

import merlab
from merlab.unneeded_warnings import without_warnings


def test_only_what_matches_is_left_out():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with without_warnings("one", UserWarning):
            warnings.warn("one of them", stacklevel=1)
            warnings.warn("another", stacklevel=1)
    assert [str(each.message) for each in found] == ["another"]


def test_threads_take_turns_and_restore_the_filters():
    """Where they did not, the second, which leaves last, restored the filter of the first."""
    before, inside, tries, left = list(warnings.filters), threading.Event(), threading.Event(), threading.Event()

    def first():
        with without_warnings("first"):
            inside.set()
            tries.wait(5)
            left.wait(0.05)
        left.set()

    def second():
        inside.wait(5)
        tries.set()
        with without_warnings("second"):
            left.wait(5)

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


def test_all_of_merlab_leaves_warnings_out_here():
    files = Path(merlab.__file__).parent.rglob("*.py")
    assert [path.name for path in files if "catch_warnings" in path.read_text("utf-8")] == ["unneeded_warnings.py"]
