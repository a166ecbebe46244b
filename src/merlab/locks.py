"""One process at a time writes an output: a lock that ends with its process.

The lock is held by the operating system (flock; on Windows, a locked byte), so that a process that was killed never
blocks another. It works between the machines of a cluster on NFS (Linux) and SMB. A disk without locks gets a file that
its holder renews instead: such a lock counts as left behind when its process no longer runs on this machine, or when it
was not renewed for STALE_SECONDS.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import shlex
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from merlab.errors import MerlabError
from merlab.storage import WriteError

HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
RENEWAL_SECONDS, STALE_SECONDS = 5.0, 60.0
# Windows lets nobody else read a locked byte, so it is one far behind the content.
FAR_BYTE = 2**30
# Bytes of the longest name that the name of its lock contains: disks allow 255, and what is added needs some of them.
LONGEST_NAME = 200


class InUseError(MerlabError):
    """Another process is writing the same output."""


class _Held(Protocol):
    def release(self) -> None:
        """Give the lock back, and remove its file."""


@contextmanager
def only_writer(out: Path) -> Iterator[None]:
    """Be the only process that writes ``out``, a file or folder that need not exist.

    The lock is a hidden file beside ``out``, or in it if its parent cannot be written; it is removed at the end. Raises
    InUseError if another process, or another thread of this one, writes ``out``; the message says which and since when.
    """
    try:
        path = _lock_path(out)
    except OSError as error:
        raise WriteError.at(out, error) from error
    made = list(itertools.takewhile(lambda folder: not folder.exists(), path.parents))
    try:
        held = _held(out, path)
        try:
            yield
        finally:
            held.release()
    finally:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def _held(out: Path, path: Path) -> _Held:
    """The lock of ``out`` at ``path``; raises InUseError if another holds it, and WriteError if it cannot be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = _acquire(path)
    except OSError as error:
        raise WriteError.at(out, error) from error
    if held is None:
        raise InUseError(
            f"{out} is being written by {_holder(path)}; wait until it has finished, or choose another place"
        )
    return held


def _lock_path(out: Path) -> Path:
    real = Path(os.path.realpath(out))
    if not real.name or (real.is_dir() and not os.access(real.parent, os.W_OK)):
        return real / ".lock"
    name = os.fsencode(real.name)
    shown = real.name if len(name) <= LONGEST_NAME else hashlib.sha256(name).hexdigest()
    return real.with_name(f".{shown}.lock")


def _acquire(path: Path) -> _Held | None:
    """The lock; None if another holds it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            if error.errno in HELD:
                return None
            if error.errno in WITHOUT_LOCKS:
                path.unlink(missing_ok=True)
                return _RenewedFile.acquire(path.with_name(f"{path.name}.renewed"))
            raise
        # Between opening and locking, the last holder may have removed the file.
        if _is_at(path, descriptor):
            return _described(_LockedFile(path, descriptor), descriptor)
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether an open file is the one at this path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _described(held: _LockedFile, descriptor: int) -> _LockedFile:
    """The lock, with its holder written into its file; it is given back where that fails, as on a full disk."""
    try:
        _write(descriptor, _description())
    except OSError:
        held.release()
        raise
    return held


class _LockedFile:
    """A file that the operating system has locked."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor

    def release(self) -> None:
        """Remove the file while it is still locked, where that is possible: nobody else can hold it then."""
        with suppress(OSError):
            self._path.unlink()
        os.close(self._descriptor)
        if sys.platform == "win32":
            with suppress(OSError):
                self._path.unlink()


class _RenewedFile:
    """A file whose holder renews it, for disks without locks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True)
        self._thread.start()

    @classmethod
    def acquire(cls, path: Path) -> _RenewedFile | None:
        """The lock; None if another process still renews it."""
        for _ in range(2):
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError:
                try:
                    stale = _is_stale(path)
                except FileNotFoundError:
                    # It was given back meanwhile. What is at the path now may be the lock of another.
                    continue
                if not stale:
                    return None
                with suppress(OSError):
                    path.unlink()
                continue
            try:
                _write(descriptor, _description())
            except OSError:
                with suppress(OSError):
                    path.unlink()
                raise
            finally:
                os.close(descriptor)
            return cls(path)
        return None

    def release(self) -> None:
        """Stop renewing, and remove the file."""
        self._ended.set()
        self._thread.join()
        with suppress(OSError):
            self._path.unlink()

    def _renew(self) -> None:
        while not self._ended.wait(RENEWAL_SECONDS):
            with suppress(OSError):
                os.utime(self._path)


def _is_stale(path: Path) -> bool:
    """Whether the holder of a renewed file has ended; the disk's own clock is used, which may differ from ours.

    Raises FileNotFoundError if the file is gone.
    """
    probe = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        probe.touch()
        if probe.stat().st_mtime - path.stat().st_mtime > STALE_SECONDS:
            return True
    finally:
        probe.unlink(missing_ok=True)
    holder = _read(path)
    return holder.get("host") == socket.gethostname() and not _is_running(holder.get("process"))


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


def _description() -> dict[str, object]:
    program = Path(sys.argv[0]).name
    return {
        "process": os.getpid(),
        "host": socket.gethostname(),
        "since": time.time(),
        "command": shlex.join(["merlab" if program == "__main__.py" else program, *sys.argv[1:]])[:500],
    }


def _holder(path: Path) -> str:
    """``process 4711 since 14:03:22 (merlab recognize a.mp4)``, as far as it is known."""
    found = _read(path) or _read(path.with_name(f"{path.name}.renewed"))
    if not {"process", "host", "since", "command"} <= found.keys():
        return "another process"
    where = "" if found["host"] == socket.gethostname() else f" on {found['host']}"
    begun = datetime.fromtimestamp(float(str(found["since"]))).astimezone()
    today = begun.date() == datetime.now().astimezone().date()
    since = f"{begun:%H:%M:%S}" if today else f"{begun:%Y-%m-%d %H:%M}"
    return f"process {found['process']}{where} since {since} ({found['command']})"


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(descriptor: int, content: dict[str, object]) -> None:
    os.ftruncate(descriptor, 0)
    os.write(descriptor, json.dumps(content).encode())


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, FAR_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
