"""The exception for a mistake of the user, the one for work that was stopped, and errors in code of the user."""

from __future__ import annotations

import errno
import re
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

# OpenCV and torch raise errors of their own; a video can have the word memory in its name.
OUT_OF_MEMORY = re.compile(r"(can't|cannot) allocate memory|(insufficient|not enough|out of) memory", re.IGNORECASE)
# ERROR_OUTOFMEMORY, and ERROR_COMMITMENT_LIMIT: the paging file is too small. Python has no number of Unix for them.
OUT_OF_MEMORY_OF_WINDOWS = {14, 1455}
# The file that cloudpickle states for the code it sends.
SENT_BY_VALUE = "<dynamic-code>"
PACKAGES = {"site-packages", "dist-packages"}
LIBRARIES = {Path(sysconfig.get_path("stdlib")), Path(__file__).parent}


class MerlabError(Exception):
    """A problem that the user can solve: the message states what is wrong, where, and the remedy.

    Commands print the message and exit with status 1, without a traceback. Any other exception is a bug of merlab and
    keeps its traceback.
    """


class Stopped(KeyboardInterrupt):
    """The user stopped the work, by Ctrl-C or a signal; the message says what is kept."""


def is_out_of_memory(error: Exception) -> bool:
    """Whether numpy, OpenCV, torch or the system report that there is not enough memory."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM or getattr(error, "winerror", None) in OUT_OF_MEMORY_OF_WINDOWS
    return isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error)) is not None


def cannot_read(path: object, error: OSError, remedy: str, what: str = "read") -> str:
    """That a file cannot be read, why, and the remedy; where the permission is missing, that is the remedy."""
    remedy = "check its permissions" if isinstance(error, PermissionError) else remedy
    return f"{path} cannot be {what}: {error.strerror or error}; {remedy}"


def first_line(error: BaseException) -> str:
    """The first line of what an error says; the name of its class where it says nothing."""
    return (str(error) or type(error).__name__).splitlines()[0]


@contextmanager
def keeping(kept: str) -> Iterator[None]:
    """Raise Stopped with the message ``kept`` if the work inside is stopped without a message of its own."""
    try:
        yield
    except Stopped:
        raise
    except KeyboardInterrupt as stop:
        raise Stopped(kept) from stop


@contextmanager
def naming_mistakes(step: str, own: bool, kind: type[MerlabError] = MerlabError) -> Iterator[None]:
    """Turn an exception in your own code into a MerlabError that names the step, the error, the file and the line.

    If the code inside is not ``own``, an exception is a bug of merlab, and stays as it is.
    """
    try:
        yield
    except MerlabError:
        raise
    except (Exception, SystemExit) as error:
        if not own:
            raise
        raise kind(f"{step} raised {mistake_in(error)}") from error


def mistake_in(error: BaseException) -> str:
    """What an error says and where it was raised: ``ValueError: bad width (my_methods.py, line 3)``."""
    reason = error.msg if isinstance(error, SyntaxError) else error
    return f"{type(error).__name__}: {reason} ({place_of(error)})"


def place_of(error: BaseException) -> str:
    """The file and the line where an error was raised, also in code that was sent to this process by value.

    If a library raised it, the place is the line outside of all libraries that led to it, where there is one.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    places = [(_file_of(frame), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    in_files = [place for place in places if not place[0].startswith("<frozen")]
    own = [place for place in in_files if not _is_of_library(place[0])]
    path, line = (own or in_files or places)[-1]
    return f"{path}, line {line}"


def place_in_own_code(frame: FrameType) -> str:
    """The file and the line that a frame runs; empty in code of a library, of Python, and of merlab."""
    file = _file_of(frame)
    return "" if file.startswith("<frozen") or _is_of_library(file) else f"{file}, line {frame.f_lineno}"


def _file_of(frame: FrameType) -> str:
    path = frame.f_code.co_filename
    return str(frame.f_globals.get("__file__", "your code")) if path == SENT_BY_VALUE else path


def _is_of_library(file: str) -> bool:
    """Whether a file is merlab's, of an installed package, or of Python itself."""
    return any(folder.name in PACKAGES or folder in LIBRARIES for folder in Path(file).parents)
