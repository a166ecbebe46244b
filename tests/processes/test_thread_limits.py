"""One thread of the libraries, while any thread of the program asks for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import cv2
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
    cv2.setNumThreads(before)
