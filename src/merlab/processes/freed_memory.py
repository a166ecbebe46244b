"""Memory that a process frees and keeps for its next arrays."""

from __future__ import annotations

import ctypes
import platform
import sys

# The parameters of mallopt (malloc.h of glibc), and the largest block that every version of glibc can keep.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_BLOCK_KEPT = 32 * 2**20
MOST_KEPT = 256 * 2**20


def keep_freed_memory() -> None:
    """Let this process keep up to 256 MiB of freed memory; does nothing if the C library is not glibc.

    By default, glibc returns large freed blocks to the kernel. The kernel gives them back page by page and sets every
    page to zero again. A network with large activations and few parameters spends a third of its training on this.
    """
    # Elsewhere, libc_ver looks into the file of Python, which Windows does not open where it comes from its store.
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK_KEPT)
        libc.mallopt(M_TRIM_THRESHOLD, MOST_KEPT)
