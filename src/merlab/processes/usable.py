"""What this process may use of the machine: a job of a cluster and a container get some of its cores and memory."""

from __future__ import annotations

import ctypes
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Where Linux lists the groups of a process, and the limits of each group: in one tree, or in one per kind of limit.
OWN_GROUPS, GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
NO_LIMIT = {"max", "-1"}


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
    if sys.platform == "win32":
        return _memory_of_windows()
    if not hasattr(os, "sysconf"):
        return None
    memory = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for group in _groups("memory"):
        most = _words(group / "memory.max") or _words(group / "memory.limit_in_bytes")
        memory += [int(each) for each in most if each not in NO_LIMIT]
    return min(memory)


class _MemoryStatus(ctypes.Structure):
    """The MEMORYSTATUSEX of Windows, of which only the first size is read: the memory of the machine."""

    _fields_ = (("length", ctypes.c_uint32), ("load", ctypes.c_uint32), ("sizes", ctypes.c_uint64 * 7))


def _memory_of_windows() -> int | None:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009 - other systems have none
    return int(status.sizes[0]) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None


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
