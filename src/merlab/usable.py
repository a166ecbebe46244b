"""What this process may use of the machine, and the freed memory that it keeps.

A job of a cluster and a container get some of the cores and the memory.
"""

from __future__ import annotations

import ctypes
import math
import os
import platform
from collections.abc import Iterator
from pathlib import Path

# Where Linux lists the groups of a process, and the limits of each group: in one tree, or in one per kind of limit.
OWN_GROUPS, GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
NO_LIMIT = {"max", "-1"}
# The parameters of mallopt (malloc.h of glibc), and the largest block that every version of glibc can keep.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_BLOCK_KEPT = 32 * 2**20
MOST_KEPT = 256 * 2**20


def usable_cores() -> int:
    """The cores that this process may use, at least 1; a share of a core counts as one.

    They are fewer than the machine has where it may run on some of them only, or has a limit of processor time.
    """
    cores: list[float] = [os.cpu_count() or 1]
    if hasattr(os, "sched_getaffinity"):
        cores.append(len(os.sched_getaffinity(0)))
    for group in _groups("cpu"):
        time = _words(group / "cpu.max") or [*_words(group / "cpu.cfs_quota_us"), *_words(group / "cpu.cfs_period_us")]
        if len(time) == 2 and time[0] not in NO_LIMIT:
            cores.append(int(time[0]) / int(time[1]))
    return max(1, math.ceil(min(cores)))


def usable_memory() -> int | None:
    """The bytes of memory that this process may use; None where the system does not tell."""
    if not hasattr(os, "sysconf"):
        return None
    memory = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for group in _groups("memory"):
        most = _words(group / "memory.max") or _words(group / "memory.limit_in_bytes")
        memory += [int(each) for each in most if each not in NO_LIMIT]
    return min(memory)


def keep_freed_memory() -> None:
    """Let this process keep up to 256 MiB of freed memory; does nothing if the C library is not glibc.

    By default, glibc returns large freed blocks to the kernel. The kernel gives them back page by page and sets every
    page to zero again. A network with large activations and few parameters spends a third of its training on this.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK_KEPT)
        libc.mallopt(M_TRIM_THRESHOLD, MOST_KEPT)


def _groups(limited: str) -> Iterator[Path]:
    """The folders of the groups that this process is in, from the outermost; each of them may have a limit."""
    for line in _text(OWN_GROUPS).splitlines():
        _, kinds, name = line.split(":", 2)
        if not kinds or limited in kinds.split(","):
            # From inside a container, the name may lead out of the tree that is visible there.
            inner = [] if ".." in name else [part for part in name.split("/") if part]
            for depth in range(len(inner) + 1):
                yield GROUPS.joinpath(kinds, *inner[:depth])


def _words(file: Path) -> list[str]:
    return _text(file).split()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
