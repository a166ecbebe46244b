"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import json
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError

UNFINISHED = ".unfinished-"
STILL_WRITING_SECONDS = 60
FULL = {errno.ENOSPC, errno.EDQUOT}


class WriteError(MerlabError):
    """Files cannot be written where they were asked for; nothing else of the work can be, either."""

    @classmethod
    def at(cls, path: Path, error: OSError) -> WriteError:
        """What the system said about writing ``path``, and the remedy."""
        remedy = "make room and run it again" if error.errno in FULL else "choose a folder that you may write to"
        return cls(f"cannot write {path}: {error.strerror or error}; {remedy}")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; on success it is renamed to ``path``, on failure removed.

    Missing parent folders are made. Raises WriteError where the folder cannot be made or written to.
    """
    aside = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        aside.replace(path)
    except OSError as error:
        raise WriteError.at(path, error) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a new empty folder beside ``path``; on success it replaces ``path``, on failure it is removed."""
    aside, before = _beside(path), _beside(path)
    try:
        aside.mkdir(parents=True)
        yield aside
        if path.is_dir():
            path.replace(before)
        aside.replace(path)
        shutil.rmtree(before, ignore_errors=True)
    except OSError as error:
        raise WriteError.at(path, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def remove_unfinished(folder: Path, older_than: float = STILL_WRITING_SECONDS) -> None:
    """Remove what killed writers left under ``folder``; what is younger (seconds) may still be being written."""
    for path in list(folder.rglob(f"{UNFINISHED}*")):
        if not path.exists() or time.time() - path.lstat().st_mtime < older_than:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def claim_folder(out: Path, marker: str, settings: Mapping[str, Any], holds: str, **unchecked: Any) -> None:
    """Make ``out`` the folder of what these settings decide, or see that it already is.

    ``marker`` is the file in it that keeps them, with what is ``unchecked``; ``holds`` says what it is a folder of.
    Raises MerlabError when it holds anything else.
    """
    if out.exists() and not out.is_dir():
        raise MerlabError(f"{out} is a file; choose a folder for the {holds}")
    if (out / marker).exists():
        require_same(out, read_json(out / marker), settings, holds)
        remove_unfinished(out, older_than=0)
        return
    if out.exists() and any(not path.name.startswith(".") for path in out.iterdir()):
        raise MerlabError(f"{out} is not empty and holds no {holds}; choose a new folder")
    write_json(out / marker, {**settings, **unchecked})


def require_same(out: Path, there: Mapping[str, Any], settings: Mapping[str, Any], holds: str) -> None:
    """Raises MerlabError, saying what differs, where what is ``there`` in a folder was made with other settings."""
    differing = [
        f"{name} is {_told(there.get(name))} there and {_told(asked)} here"
        for name, asked in settings.items()
        if there.get(name) != asked
    ]
    if differing:
        raise MerlabError(f"{out} holds other {holds}: {'; '.join(differing)}; choose a new folder")


def release_folder(out: Path, marker: str) -> None:
    """Give up a claimed folder in which nothing came to lie beside the ``marker``, so that it can be claimed anew."""
    if [path.name for path in out.iterdir()] == [marker]:
        (out / marker).unlink()
        out.rmdir()


def _told(value: Any) -> str:
    return ", ".join(f"{key}={part}" for key, part in value.items()) if isinstance(value, dict) else str(value)


def _beside(path: Path) -> Path:
    return path.with_name(f"{UNFINISHED}{uuid.uuid4().hex[:8]}-{path.name}")


def keep_text(path: Path, text: str, check: bool) -> bool:
    """Make ``text`` the content of a file; with ``check`` nothing is written. Whether the file holds it afterwards."""
    if path.is_file() and path.read_bytes() == text.encode():
        return True
    if check:
        return False
    with whole_file(path) as aside:
        aside.write_bytes(text.encode())
    return True


def write_json(path: Path, content: Any) -> None:
    """Write ``content`` as indented JSON, whole or not at all."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    with whole_file(path) as aside:
        # What UTF-8 does not hold, such as parts of an odd file name, becomes an escape of JSON.
        aside.write_bytes(text.encode("utf-8", "backslashreplace"))


def read_json(path: Path) -> Any:
    """Read JSON; raises MerlabError naming the file when it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MerlabError(f"cannot read {path}: {error.strerror or error}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise MerlabError(
            f"{path} is not valid JSON ({error}); remove it and run the command that wrote it again"
        ) from error
