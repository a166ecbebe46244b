"""An output folder belongs to one set of settings, and one process at a time writes it."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from merlab.errors import MerlabError, Stopped
from merlab.json_files import read_json_object, write_json
from merlab.outputs.changed_settings import as_stated, changed_settings, only_video_changed
from merlab.outputs.locks import INSIDE, only_writer
from merlab.outputs.system_files import is_added, is_of_system
from merlab.spelling import first_of
from merlab.storage import UNFINISHED, remove_unfinished, replace_folder

ANEW = ".again-"
# Whether merlab writes a file, from its path in the folder, with slashes.
Writes = Callable[[str], object]
# What to do where the file that states the settings is damaged.
MAKE_AGAIN = "add --again (in Python, again=True) to make the content of its folder again, or choose another output"
# So many of the files in the way are named.
SHOWN = 3


class OtherResultError(MerlabError):
    """A folder holds a result of other settings or of another source, which stays as it is; ``changes`` lists them."""

    def __init__(self, message: str, changes: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.changes = tuple(changes)


class ChangedVideoError(OtherResultError):
    """A folder holds a result of the same video and settings, but the video has changed since."""


@contextmanager
def claimed_folder(
    out: Path,
    marker: str,
    settings: Mapping[str, object],
    holds: str,
    *,
    again: bool = False,
    is_complete: Callable[[Path], bool],
    writes: Writes,
    unchecked: Mapping[str, object] | None = None,
) -> Iterator[Path]:
    """Be the only writer of ``out``, for these settings; yields the folder to write into, or to continue in.

    With ``again``, a complete folder, or one of other settings, is kept until the block ends: everything is written
    into a hidden folder beside it, which then takes its place. A block that is stopped leaves what it has written, and
    the same call continues it.

    Args:
        out: the folder; it need not exist.
        marker: the file in it that stores the settings.
        settings: what determines the content.
        holds: what the content is, for messages, such as ``synthetic faces``.
        again: replace what ``out`` holds, even if it was made with the same settings.
        is_complete: whether a folder of the same settings lacks nothing.
        writes: whether a file beside ``marker`` is part of the content; ``again`` deletes no other file.
        unchecked: further values that ``marker`` stores.

    Raises:
        MerlabError: if another process writes ``out``, or if it holds anything else; with ``again`` also if any file
            beside the content would be deleted, without it if the content was made with other settings.

    """
    with only_writer(out):
        anew = again and _holds(out, marker) and (_changes(out, marker, settings) != [] or is_complete(out))
        place = _place(out)
        if anew:
            _require_replaceable(out, place, marker, writes)
        beside = _beside(place)
        folder = beside if anew else out
        if anew and _changes(folder, marker, settings) != []:
            shutil.rmtree(folder, ignore_errors=True)
        claim_folder(folder, marker, settings, holds, **(unchecked or {}))
        if not again and beside.is_dir():
            warn_of_unfinished(beside)
        try:
            yield folder
        except MerlabError:
            # The remedy may be another setting, which the same folder would otherwise refuse.
            release_folder(folder, marker)
            raise
        except KeyboardInterrupt as stop:
            release_folder(folder, marker)
            is_kept = (folder / marker).exists()
            kept = f"finished work is kept in {folder}" if is_kept else "nothing was finished that could be kept"
            raise stop if isinstance(stop, Stopped) else Stopped(kept) from stop
        if anew:
            replace_folder(place, folder)


def _place(out: Path) -> Path:
    """The folder itself where ``out`` is a link to it, on another disk for example: the link stays."""
    return Path(os.path.realpath(out)) if out.is_symlink() else out


def _beside(out: Path) -> Path:
    """The hidden folder in which the content of ``out`` is made again."""
    # The folder in which one works, ".", has a name only in its full path.
    full = out.absolute()
    return full.parent / f"{ANEW}{full.name}"


def _require_replaceable(out: Path, place: Path, marker: str, writes: Writes) -> None:
    """Raises MerlabError for a folder with other files than merlab's, and for one that no other can take the place of.

    These are the folder in which one works, and a disk or a volume of a container.
    """
    _require_only_ours(out, marker, writes)
    if place.absolute() == Path.cwd():
        raise MerlabError(f"{out} is the folder in which you work, so that it cannot be replaced; leave it first")
    if os.path.ismount(place):
        raise MerlabError(
            f"{out} is a disk or volume of its own, so that it cannot be replaced; choose a folder in it, or empty it "
            "yourself first"
        )


def claim_folder(out: Path, marker: str, settings: Mapping[str, object], holds: str, **unchecked: object) -> None:
    """Reserve ``out`` for the output of these settings, or check that it is already reserved for the same settings.

    ``marker`` is the name of the settings file in the folder; it also stores the ``unchecked`` values. ``holds``
    describes the content in messages, such as ``synthetic faces``. Raises MerlabError if the folder holds anything
    else.
    """
    require_no_file(out, holds)
    if (out / marker).exists():
        require_same(out, read_json_object(out / marker, MAKE_AGAIN), settings, holds)
        remove_unfinished(out, older_than=0)
        return
    if out.exists() and has_files(out):
        raise MerlabError(f"{out} is not empty and does not hold {holds}; choose a new folder")
    write_json(out / marker, {**settings, **unchecked})


def require_no_file(out: Path, holds: str) -> None:
    """Raises MerlabError where a file is in the place of the folder ``out``, which will hold ``holds``."""
    if out.exists() and not out.is_dir():
        raise MerlabError(f"{out} is a file; choose a folder for {holds}")


def has_files(folder: Path) -> bool:
    """Whether a folder has anything visible in it but what a system adds."""
    return not all(is_of_system(path.name) for path in folder.iterdir())


def require_same(out: Path, stored: Mapping[str, object], settings: Mapping[str, object], holds: str) -> None:
    """Raises OtherResultError with all changes if the ``stored`` settings of a folder differ from ``settings``.

    Where the video alone has changed, the error is a ChangedVideoError.
    """
    wanted = as_stated(stored, settings)
    changes = changed_settings(stored, wanted)
    if changes:
        kind = ChangedVideoError if only_video_changed(stored, wanted) else OtherResultError
        raise kind(
            f"{out} holds {holds} of other settings: {'; '.join(changes)}. Add --again (in Python, again=True) to make "
            "it again with the new ones: the old result stays until the new one is complete. Or choose another output",
            changes,
        )


def warn_of_other_versions(out: Path, stored: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Say that a finished result is loaded although the versions of merlab and its libraries are others ``now``."""
    changes = changed_settings({"versions": stored}, {"versions": now})
    if changes:
        warnings.warn(
            f"the result in {out} is loaded as it is, although {'; '.join(changes)}; add --again (in Python, "
            "again=True) to make it anew",
            stacklevel=4,
        )


@contextmanager
def only_elsewhere(out: Path) -> Iterator[None]:
    """For a command without ``--again``: where ``out`` holds a result of other settings, name another output alone."""
    try:
        yield
    except OtherResultError as error:
        raise MerlabError(
            f"{out} holds results of other settings: {'; '.join(error.changes)}. Choose another folder with --out"
        ) from error


def warn_of_unfinished(folder: Path) -> None:
    """Say that a stopped command with ``again`` left work that took long, while the old result is used."""
    warnings.warn(
        f"{folder} holds unfinished work of a command with --again (in Python, again=True), which the same command "
        "continues; remove the folder if you do not need it",
        stacklevel=4,
    )


def release_folder(out: Path, marker: str) -> None:
    """Remove a reserved folder that holds nothing but its ``marker``, so that it can be reserved again."""
    if [path.name for path in out.iterdir() if not path.name.startswith(INSIDE)] == [marker]:
        (out / marker).unlink()
        # The folder in which one works stays.
        with suppress(OSError):
            out.rmdir()


def _require_only_ours(out: Path, marker: str, writes: Writes) -> None:
    """Raises MerlabError with the files of ``out`` that the user would lose with the content."""
    others = [name for name in _files(out) if name != marker and not writes(name)]
    if others:
        raise MerlabError(
            f"{out} also holds {first_of(others, SHOWN)}, which --again (in Python, again=True) would delete; "
            f"move what you need out of {out} and remove the rest, or choose another output"
        )


def _files(out: Path) -> list[str]:
    """The paths in a folder of all files and links but locks, and what a stopped process or a system left."""
    found = []
    for folder, folders, files in os.walk(out):
        folders[:] = [name for name in folders if not (is_added(name) or name.startswith(UNFINISHED))]
        at = Path(folder)
        links = [name for name in folders if (at / name).is_symlink()]
        left = (UNFINISHED, INSIDE) if at == out else UNFINISHED
        own = [name for name in (*files, *links) if not (is_added(name) or name.startswith(left))]
        found += [(at / name).relative_to(out).as_posix() for name in own]
    return sorted(found)


def _holds(out: Path, marker: str) -> bool:
    return (out / marker).is_file()


def _changes(out: Path, marker: str, settings: Mapping[str, object]) -> list[str] | None:
    """The changed settings of a folder; None if it states none that can be read."""
    try:
        stored = read_json_object(out / marker)
    except MerlabError:
        return None
    return changed_settings(stored, as_stated(stored, settings))
