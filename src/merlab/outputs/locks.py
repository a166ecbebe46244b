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
import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from merlab.errors import MerlabError
from merlab.outputs.renewed_locks import RenewedFile, is_stale, read_holder, this_process, write_holder
from merlab.storage import WriteError, require_way_to

HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
# Windows lets nobody else read a locked byte, so it is one far behind the content.
FAR_BYTE = 2**30
# With what the names of locks inside of an output begin.
INSIDE = ".lock"
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
    InUseError if another process, of any user, or another thread of this one writes ``out``; the message says which and
    since when. Raises WriteError where ``out`` cannot be made.
    """
    # The lock of a place behind a link to nothing would make what it leads to, such as a disk that is not mounted.
    require_way_to(out)
    try:
        path, other = _lock_paths(out)
    except OSError as error:
        raise WriteError.at(out, error) from error
    made = list(itertools.takewhile(lambda folder: not folder.exists(), path.parents))
    try:
        held = _held(out, path)
        try:
            if other is not None and _is_held(other):
                raise _in_use(out, other)
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
        raise _in_use(out, path)
    return held


def _in_use(out: Path, path: Path) -> InUseError:
    return InUseError(f"{out} is being written by {_holder(path)}; wait until it has finished, or choose another place")


def _lock_paths(out: Path) -> tuple[Path, Path | None]:
    """Where this user locks ``out``, and where one with other permissions would; None where all have one place."""
    real = Path(os.path.realpath(out))
    inside = real / INSIDE
    if not real.name:
        return inside, None
    name = os.fsencode(real.name)
    shown = real.name if len(name) <= LONGEST_NAME else hashlib.sha256(name).hexdigest()
    beside = real.with_name(f".{shown}.lock")
    if not _is_folder(real):
        return beside, None
    return (beside, inside) if os.access(real.parent, os.W_OK) else (inside, beside)


def _is_folder(path: Path) -> bool:
    """Whether there is a folder; raises OSError for a path that cannot be, which ``Path.is_dir`` hides since 3.14."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _acquire(path: Path) -> _Held | None:
    """The lock; None if another holds it."""
    while True:
        descriptor, is_ours = _opened(path)
        try:
            _lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            # On NFS, a file that may only be read cannot be locked.
            if error.errno in HELD or (error.errno == errno.EBADF and not is_ours):
                return None
            if error.errno in WITHOUT_LOCKS:
                path.unlink(missing_ok=True)
                return RenewedFile.acquire(_renewed(path))
            raise
        # Between opening and locking, the last holder may have removed the file, and the next one made another.
        is_there = _is_at(path, descriptor)
        if is_there and is_ours:
            return _described(_LockedFile(path, descriptor), descriptor)
        try:
            if is_there:
                _remove_left_behind(path)
        finally:
            os.close(descriptor)


def _opened(path: Path, tries: int = 3) -> tuple[int, bool]:
    """The file of a lock, made if it is missing, and whether it may be written; one of another user may be read."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666), True
    except PermissionError as denied:
        try:
            return os.open(path, os.O_RDONLY), False
        except OSError as error:
            # That user may have finished just now, and removed it.
            if tries > 1 and isinstance(error, FileNotFoundError):
                return _opened(path, tries - 1)
            raise denied from None


def _remove_left_behind(path: Path) -> None:
    """Remove the lock of another user that no process holds; raises MerlabError where the folder does not allow it."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError as error:
        raise MerlabError(
            f"{path} is a lock that a process of another user left when it ended; ask that user to remove it, or "
            "choose another place"
        ) from error


def _is_held(path: Path) -> bool:
    """Whether another process holds the lock at a path that may only be read."""
    with suppress(OSError):
        if (renewed := _renewed(path)).exists():
            return not is_stale(renewed)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            _lock(descriptor)
        except OSError as error:
            return error.errno in HELD
        finally:
            os.close(descriptor)
    return False


def _renewed(path: Path) -> Path:
    """The file in the place of a lock on a disk without locks."""
    return path.with_name(f"{path.name}.renewed")


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether an open file is the one at this path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _described(held: _LockedFile, descriptor: int) -> _LockedFile:
    """The lock, with its holder written into its file; it is given back where that fails, as on a full disk."""
    try:
        write_holder(descriptor, this_process())
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


def _holder(path: Path) -> str:
    """``process 4711 since 14:03:22 (merlab recognize a.mp4)``, as far as it is known."""
    found = read_holder(path) or read_holder(_renewed(path))
    if not {"process", "host", "since", "command"} <= found.keys():
        return "another process"
    where = "" if found["host"] == socket.gethostname() else f" on {found['host']}"
    begun = datetime.fromtimestamp(float(str(found["since"]))).astimezone()
    today = begun.date() == datetime.now().astimezone().date()
    since = f"{begun:%H:%M:%S}" if today else f"{begun:%Y-%m-%d %H:%M}"
    return f"process {found['process']}{where} since {since} ({found['command']})"


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
