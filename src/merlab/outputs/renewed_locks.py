"""A lock on a disk without locks: a file that its holder renews, and who holds a lock."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path

from merlab.spelling import as_typed

RENEWAL_SECONDS, STALE_SECONDS = 5.0, 60.0


class RenewedFile:
    """A file whose holder renews it, for disks without locks.

    A holder that was asleep for long, as a laptop is, may find the lock of another process in its place, and leaves it.
    """

    def __init__(self, path: Path, holder: dict[str, object]) -> None:
        self._path, self._holder = path, holder
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True)
        self._thread.start()

    @classmethod
    def acquire(cls, path: Path) -> RenewedFile | None:
        """The lock; None if another process still renews it."""
        for _ in range(2):
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError:
                try:
                    stale = is_stale(path)
                except FileNotFoundError:
                    # It was given back meanwhile. What is at the path now may be the lock of another.
                    continue
                if not stale:
                    return None
                with suppress(OSError):
                    path.unlink()
                continue
            holder = this_process()
            try:
                try:
                    write_holder(descriptor, holder)
                finally:
                    # Windows removes no open file.
                    os.close(descriptor)
            except OSError:
                with suppress(OSError):
                    path.unlink()
                raise
            return cls(path, holder)
        return None

    def release(self) -> None:
        """Stop renewing, and remove the file."""
        self._ended.set()
        self._thread.join()
        if read_holder(self._path) == self._holder:
            with suppress(OSError):
                self._path.unlink()

    def _renew(self) -> None:
        while not self._ended.wait(RENEWAL_SECONDS):
            if read_holder(self._path) == self._holder:
                with suppress(OSError):
                    os.utime(self._path)


def is_stale(path: Path) -> bool:
    """Whether the holder of a renewed file has ended; the disk's own clock is used, which may differ from ours.

    Raises FileNotFoundError if the file is gone.
    """
    if _time_at(path) - path.stat().st_mtime > STALE_SECONDS:
        return True
    holder = read_holder(path)
    return holder.get("host") == socket.gethostname() and not _is_running(holder.get("process"))


def _time_at(path: Path) -> float:
    """The time of the disk; that of this machine where no file can be made beside ``path``."""
    probe = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        probe.touch()
        return probe.stat().st_mtime
    except PermissionError:
        return time.time()
    finally:
        with suppress(PermissionError):
            probe.unlink(missing_ok=True)


def _is_running(process: object) -> bool:
    """Whether this machine runs a process; True where that is not known."""
    # On Windows, os.kill would end the process.
    if not isinstance(process, int) or sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def this_process() -> dict[str, object]:
    """What a lock states of its holder: the process, its machine, since when, and its command."""
    program = Path(sys.argv[0]).name
    return {
        "process": os.getpid(),
        "host": socket.gethostname(),
        "since": time.time(),
        "command": as_typed("merlab" if program == "__main__.py" else program, *sys.argv[1:])[:500],
    }


def read_holder(path: Path) -> dict[str, object]:
    """What the file of a lock states of its holder; empty where it cannot be read."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_holder(descriptor: int, content: dict[str, object]) -> None:
    """Write what a lock states of its holder into an open file."""
    os.ftruncate(descriptor, 0)
    os.write(descriptor, json.dumps(content).encode())
