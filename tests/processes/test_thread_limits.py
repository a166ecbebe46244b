"""One thread of the libraries, while any thread of the program asks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import cv2
import pytest
from threadpoolctl import OpenBLASController, threadpool_info, threadpool_limits

from merlab.processes.thread_limits import one_thread


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
        assert first.submit(one_thread()(threads_of_libraries)).result() == {1}
    cv2.setNumThreads(before)


def test_who_enters_later_has_one_thread_too_where_a_library_takes_more_meanwhile():
    """As one that was loaded meanwhile."""
    before = cv2.getNumThreads()
    with one_thread():
        cv2.setNumThreads(2)
        with one_thread():
            assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before


LOADED_BETWEEN = """
from merlab.processes.thread_limits import one_thread
with one_thread():
    pass
from threadpoolctl import threadpool_info
before = len(threadpool_info())
import scipy.linalg
with one_thread():
    print(len(threadpool_info()) > before, {each["num_threads"] for each in threadpool_info()})
"""


@pytest.mark.slow
def test_a_library_that_was_loaded_since_the_last_time_is_limited_too():
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="2")
    ended = subprocess.run([sys.executable, "-c", LOADED_BETWEEN], env=environment, capture_output=True, check=True)
    assert ended.stdout.split(maxsplit=1) == [b"True", b"{1}\n"]


IMPORTS_MEANWHILE = """
import importlib.util, shutil, sys, threading
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
import numpy.linalg._umath_linalg as module
from merlab.processes.thread_limits import _libraries, one_thread

def load():
    for number in range(200):
        copy = shutil.copy(module.__file__, Path(sys.argv[1]) / f"{number}.so")
        try:
            loader = ExtensionFileLoader("_umath_linalg", str(copy))
            importlib.util.module_from_spec(importlib.util.spec_from_loader("_umath_linalg", loader))
        except ImportError:
            pass  # It is loaded already, under another name.

thread = threading.Thread(target=load, daemon=True)
thread.start()
while thread.is_alive():
    _libraries.cache_clear()
    with one_thread():
        pass
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the lock of the loader that is meant is that of Linux")
def test_a_thread_that_imports_meanwhile_does_not_block_the_program(tmp_path):
    """As `recognize` does while its first frames are read."""
    subprocess.run([sys.executable, "-c", IMPORTS_MEANWHILE, str(tmp_path)], check=True, timeout=120)
