"""Errors in code of the user are reported with the file and the line."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from merlab.errors import MerlabError

# The file that cloudpickle states for the code it sends.
SENT_BY_VALUE = "<dynamic-code>"


@contextmanager
def naming_mistakes(name: str, step: str) -> Iterator[None]:
    """Turn any exception inside into a MerlabError that names the method, the step, the error and the line."""
    try:
        yield
    except MerlabError:
        raise
    except (Exception, SystemExit) as error:
        raise MerlabError(
            f"method {name}: {step} raised {type(error).__name__}: {error} ({place_of(error)})"
        ) from error


def place_of(error: BaseException) -> str:
    """The file and the line where an error was raised, also in code that was sent to this process by value."""
    frame, line = list(traceback.walk_tb(error.__traceback__))[-1]
    path = frame.f_code.co_filename
    if path == SENT_BY_VALUE:
        path = frame.f_globals.get("__file__", "your code")
    return f"{path}, line {line}"
