"""What a process asks of its system: to end with the command that started it, and to keep memory it will need again."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import platform
import threading

# glibc's names for what mallopt sets (malloc.h), and the largest block that every glibc agrees to keep.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_BLOCK_KEPT = 32 * 2**20
MOST_KEPT = 256 * 2**20


def end_with_parent() -> None:
    """Watch the parent from a thread of this worker process and end with it, however it ended (kill -9 included)."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def keep_freed_memory() -> None:
    """Let this process keep up to 256 MiB that it has freed; does nothing where the C library is not glibc.

    By default glibc returns blocks beyond its thresholds to the kernel, which hands them back page by page, each
    zeroed anew: a network with large activations and few parameters spends a third of its training so.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK_KEPT)
        libc.mallopt(M_TRIM_THRESHOLD, MOST_KEPT)
