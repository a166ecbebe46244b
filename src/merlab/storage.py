"""Write files and folders so that they appear whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from merlab.errors import MerlabError
from merlab.user_folders import OTHER_CACHE, cache_folder

if TYPE_CHECKING:
    import pandas as pd

UNFINISHED = ".unfinished-"
STILL_WRITING_SECONDS = 60
# Characters of a name that a temporary one ends in, so that it is not too long where the name itself is not.
KEPT_CHARACTERS = 40
# Windows takes paths of 259 characters, unless its user has allowed more; those of temporary files are up to 21 longer.
LONGEST_OF_WINDOWS = 238
DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
# Pauses between tries to move or remove a file on Windows.
PAUSES = (0.05, 0.2, 0.5, 1.0)


class WriteError(MerlabError):
    """A file cannot be written to the requested place, so the whole command must stop."""

    @classmethod
    def at(cls, path: Path, error: OSError) -> WriteError:
        """The error of the operating system when it wrote ``path``, and the remedy."""
        in_the_way = _in_the_way(path)
        if in_the_way:
            return cls.behind(path, in_the_way)
        # Windows says it in the language of its user, and others look for these words.
        fault = os.strerror(error.errno) if error.errno in DISK_FULL else error.strerror or error
        return cls(f"cannot write {path}: {fault}; {_remedy(path, error)}")

    @classmethod
    def behind(cls, path: Path, in_the_way: str) -> WriteError:
        """The error of a ``path`` above which something else is in the place of a folder."""
        return cls(f"cannot write {path}: {in_the_way}; choose a folder")


def require_way_to(path: Path) -> None:
    """Raises WriteError where a file, or a link that leads nowhere, is in the place of a folder above ``path``."""
    if in_the_way := _in_the_way(path):
        raise WriteError.behind(path, in_the_way)


def _in_the_way(path: Path) -> str:
    """What is in the place of a folder above ``path``; empty where nothing is, or none can be looked up."""
    with suppress(OSError):
        for each in path.parents:
            if each.is_file():
                return f"{each} is a file"
            if each.is_symlink() and not each.exists():
                return f"{each} is a link to a place that does not exist"
    return ""


def _remedy(path: Path, error: OSError) -> str:
    if error.errno in DISK_FULL:
        return "make room and run it again"
    with suppress(MerlabError):
        if path.is_relative_to(cache_folder()):
            return f"{OTHER_CACHE} write to"
    if error.errno == errno.EFBIG:
        return "choose a folder on a disk that takes files of this size; FAT32 takes 4 GB"
    if error.errno == errno.ENAMETOOLONG:
        return "give it, or the video that it is named after, a shorter name"
    # There, a path that is too long is one that does not exist; the path of its temporary file is longer.
    if sys.platform == "win32" and error.errno == errno.ENOENT and len(str(path.absolute())) > LONGEST_OF_WINDOWS:
        return "choose a folder with a shorter path, or let Windows take paths of more than 260 characters"
    # There, no program can replace a file that another one has open.
    is_open = sys.platform == "win32" and error.errno == errno.EACCES and path.exists()
    return f"{'close the program that has it open, or ' if is_open else ''}choose a folder that you may write to"


def require_writable(path: Path, read: Iterable[Path | None] = ()) -> None:
    """Check before work that takes long whether the file ``path`` can be written after it; no folder is made.

    Raises WriteError if it cannot, and MerlabError if it is one of those that the same command reads.
    """
    if any(each is not None and each.resolve() == path.resolve() for each in read):
        raise MerlabError(f"{path} is read by this command and would be replaced; give the output another name")
    if path.is_dir():
        raise WriteError(f"cannot write {path}: it is a folder; give a name inside it")
    try:
        folder = next(each for each in path.absolute().parents if each.exists() or each.is_symlink())
        trial = _temporary_path(folder / path.name)
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise WriteError.at(path, error) from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path next to ``path``; on success the file is renamed to ``path``, on failure it is removed.

    Missing parent folders are made. Raises WriteError if the folder cannot be made or the file cannot be written.
    """
    temporary = _temporary_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        move(temporary, path)
    except OSError as error:
        raise WriteError.at(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def ignores_case(file: Path) -> bool:
    """Whether the disk of this file, which exists, takes capital and small letters in names for the same."""
    return file.with_name(file.name.swapcase()).exists()


def write_text(path: Path, text: str, errors: str = "strict") -> None:
    """Write a file in UTF-8, whole or not at all; ``errors`` is what to do with characters that it cannot encode."""
    with whole_file(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", errors))


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, whole or not at all."""
    with whole_file(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def move(source: Path, place: Path) -> None:
    """Move a file or folder, in the place of a file that may be there; raises OSError.

    Windows refuses it while another program reads one of the two: a virus scanner does so for a moment after writing.
    """
    for pause in PAUSES if sys.platform == "win32" else ():
        try:
            source.replace(place)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    source.replace(place)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder among the temporary files of the system, removed at the end.

    Raises WriteError where there is no place for it, or an OSError is raised inside.
    """
    folder = None
    try:
        # A file that a library still has open may stay, on Windows and on network disks; that spoils no result.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            folder = name
            yield Path(name)
    except OSError as error:
        where = f" in {Path(folder).parent}" if folder else ""
        raise WriteError(
            f"cannot write temporary files{where}: {error.strerror or error}; make room there, or set TMPDIR to a "
            "folder that has more"
        ) from error


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a new empty folder next to ``path``; on success it replaces ``path``, on failure it is removed."""
    temporary = _temporary_path(path)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        replace_folder(path, temporary)
    except OSError as error:
        raise WriteError.at(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def replace_folder(path: Path, folder: Path) -> None:
    """Move ``folder`` to ``path``, in the place of a folder that may be there; on failure that one stays.

    Raises WriteError if it cannot be moved, as where ``path`` is a file. A warning names a former folder that cannot be
    removed.
    """
    previous = _temporary_path(path)
    try:
        if path.is_dir():
            move(path, previous)
        move(folder, path)
    except OSError as error:
        with suppress(OSError):
            previous.replace(path)
        raise WriteError.at(path, error) from error
    remove_folder(previous)
    if previous.is_dir():
        warnings.warn(
            f"{path} is new; what it held before belongs to another user or is in use, so that it stays in {previous}; "
            "remove that folder",
            stacklevel=2,
        )


def remove_folder(folder: Path) -> None:
    """Remove a folder, as far as that is possible.

    Windows removes no file that a process has open, as one that was just ended may for a moment.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for pause in PAUSES if sys.platform == "win32" else ():
        if not folder.exists():
            return
        time.sleep(pause)
        shutil.rmtree(folder, ignore_errors=True)


def remove_unfinished(folder: Path, older_than: float = STILL_WRITING_SECONDS) -> None:
    """Remove temporary files that stopped processes left under ``folder``.

    Files younger than ``older_than`` seconds are kept, because another process may still be writing them.
    """
    for path in list(folder.rglob(f"{UNFINISHED}*")):
        if not path.exists() or time.time() - path.lstat().st_mtime < older_than:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _temporary_path(path: Path) -> Path:
    if not path.name:
        raise WriteError(f"cannot write {path}: it is a folder; give a name inside it")
    return path.with_name(f"{UNFINISHED}{uuid.uuid4().hex[:8]}-{path.name[-KEPT_CHARACTERS:]}")


def keep_text(path: Path, text: str, check: bool) -> bool:
    """Write ``text`` to a file if it differs from the file's content; with ``check``, write nothing.

    Returns whether the file then contains ``text``.
    """
    if path.is_file() and path.read_bytes() == text.encode():
        return True
    if check:
        return False
    write_text(path, text)
    return True
