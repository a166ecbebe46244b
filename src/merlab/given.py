"""Values as Python gives them: each is what its option takes, or is refused by the option's name."""

from __future__ import annotations

import errno
import functools
import inspect
import math
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from merlab.errors import MerlabError, cannot_read

Made = TypeVar("Made")
# A path at which there is nothing yet, or no folder.
ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
# ``https://...``, ``rtsp://...``; one letter would be a drive of Windows.
ADDRESS = re.compile(r"[a-zA-Z][\w+.-]+://")
# Characters of a path in a message about it.
LONGEST_SHOWN = 100


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number of any type, such as one of numpy; a truth value is not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number of any type, such as one of numpy; 2.0 and a truth value are not."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def as_whole(value: object, name: str, least: int, most: float = math.inf, otherwise: str = "") -> int:
    """A whole number of any type; raises MerlabError for anything else, and outside this range.

    ``otherwise`` is for messages: what else is allowed.
    """
    if not (is_whole(value) and least <= value <= most):
        limits = f"from {least} up" if most == math.inf else f"from {least} to {most}"
        raise MerlabError(f"{name} must be a whole number {limits}{otherwise}, got {value!r}")
    return int(value)


def as_jobs(jobs: object) -> int | None:
    """A number of processes, or None for one per core; raises MerlabError for anything else."""
    return None if jobs is None else as_whole(jobs, "jobs", 1, otherwise=", or None for one per core")


def require_number(value: object, name: str, least: float, most: float = math.inf) -> None:
    """Raises MerlabError for anything but a number in this range, limits included; NaN is in none."""
    if not (is_number(value) and least <= value <= most):
        limits = f"{least:g} or more" if most == math.inf else f"between {least:g} and {most:,.10g}"
        raise MerlabError(f"{name} must be {limits}, got {value!r}")


def require_yes_or_no(**values: object) -> None:
    """Raises MerlabError for the first value that is neither True nor False."""
    for name, value in values.items():
        if not isinstance(value, bool):
            raise MerlabError(f"{name} must be True or False, got {value!r}")


def require_instance(value: object, kind: type, name: str, otherwise: str) -> None:
    """Raises MerlabError for anything but an object of a class; ``otherwise`` says how to get one."""
    if not isinstance(value, kind):
        raise MerlabError(f"{name} must be a {kind.__name__} ({otherwise}), got {value!r}")


def naming_fields(hint: str = "", *, module: str = "merlab") -> Callable[[type[Made]], type[Made]]:
    """For a dataclass that users make: arguments that it does not take are a MerlabError with its fields.

    The ``hint`` is the end of the message; ``module`` is where users find the class.
    """

    def decorate(kind: type[Made]) -> type[Made]:
        make = kind.__init__

        @functools.wraps(make)
        def init(self: Made, *values: Any, **named: Any) -> None:
            try:
                make(self, *values, **named)
            except TypeError as error:
                signature = inspect.signature(make)
                if _takes(signature, self, *values, **named):
                    raise
                # Python 3.13 and later append a suggestion, which would come between the fault and the fields.
                fault = str(error).partition(". Did you mean")[0]
                fault = fault.replace(f"{make.__qualname__}()", f"{module}.{kind.__name__}")
                fields = ", ".join(list(signature.parameters)[1:])
                raise MerlabError(f"{fault}; it takes {fields}{hint}") from error

        kind.__init__ = init  # type: ignore[method-assign, assignment]
        return kind

    return decorate


def _takes(signature: inspect.Signature, *values: Any, **named: Any) -> bool:
    try:
        signature.bind(*values, **named)
    except TypeError:
        return False
    return True


def as_path(value: object, name: str) -> Path:
    """A path from a Path or a text, ``~`` being the user's home; there need not be anything.

    Raises MerlabError for anything else, for no text, for a path that no file can have or that cannot be looked up, and
    for a relative one while the current folder does not exist.
    """
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else value
    if not isinstance(text, str) or text == "":
        raise MerlabError(f"{name} must be a path, as text or pathlib.Path, got {value!r}")
    if ADDRESS.match(text):
        raise MerlabError(f"{name} is an address, {text}, but merlab reads files of this machine; download it first")
    path = Path(text)
    # A name may begin with ~ without being the home of a user.
    with suppress(RuntimeError):
        path = path.expanduser()
    _require_possible(path, name)
    if not path.is_absolute():
        require_current_folder()
    return path


def require_current_folder() -> None:
    """Raises MerlabError where the folder in which this process runs was deleted, or cannot be read."""
    try:
        Path.cwd()
    except OSError as error:
        raise MerlabError(
            f"the current folder cannot be used: {error.strerror}; it may have been deleted, so change to another one"
        ) from error


def _require_possible(path: Path, name: str) -> None:
    # A folder that is missing would hide that a name below it is too long.
    for each in (path, *map(Path, path.parts)):
        try:
            each.lstat()
        except ValueError as error:
            raise MerlabError(f"{name} has a character that no path has: {_shown(path)}; remove it") from error
        except OSError as error:
            if error.errno not in ABSENT:
                remedy = "give a shorter name" if error.errno == errno.ENAMETOOLONG else "check it and its permissions"
                raise MerlabError(f"{name} cannot be used: {_shown(path)}: {error.strerror}; {remedy}") from error


def _shown(path: Path) -> str:
    text = str(path)
    return repr(text) if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]!r}... ({len(text)} characters)"


def require_file(path: Path, remedy: str) -> None:
    """Raises MerlabError where there is no file at a path, with the ``remedy``, and for one that may not be read."""
    if not path.is_file():
        fault = "is a folder" if path.is_dir() else "is not a file" if path.exists() else "does not exist"
        raise MerlabError(f"{path} {fault}; {remedy}")
    if not os.access(path, os.R_OK):
        # Some libraries name such a file as one that is absent, or as damaged.
        raise MerlabError(cannot_read(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)), remedy))


def require_folder(path: Path, remedy: str) -> None:
    """Raises MerlabError where there is no folder at a path; ``remedy`` says what to give."""
    if not path.is_dir():
        raise MerlabError(f"{path} {'is not a folder' if path.exists() else 'does not exist'}; {remedy}")


def as_names(names: Collection[str], name: str) -> tuple[str, ...]:
    """Several names from a list, or from one text, which is one name; raises MerlabError for anything else."""
    given = (names,) if isinstance(names, str) else tuple(names) if isinstance(names, Iterable) else ()
    if not given or not all(isinstance(each, str) for each in given):
        raise MerlabError(f"{name} must be a list of one or more names, got {names!r}")
    return given


def as_settings(settings: Mapping[str, Any] | None, name: str, example: str) -> dict[str, Any]:
    """Settings by name; raises MerlabError for anything but a mapping from names."""
    if settings is None:
        return {}
    if not isinstance(settings, Mapping) or not all(isinstance(key, str) for key in settings):
        raise MerlabError(f"{name} must be a dictionary from names to values, such as {example}, got {settings!r}")
    return dict(settings)
