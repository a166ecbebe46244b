"""The exception for a mistake of the user, the one for work that was stopped, and the place of any other."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

# The file that cloudpickle states for the code it sends.
SENT_BY_VALUE = "<dynamic-code>"


class MerlabError(Exception):
    """A problem that the user can solve: the message states what is wrong, where, and the remedy.

    Commands print the message and exit with status 1, without a traceback. Any other exception is a bug of merlab and
    keeps its traceback.
    """


class Stopped(KeyboardInterrupt):
    """The user stopped the work, by Ctrl-C or a signal; the message says what is kept."""


@contextmanager
def keeping(kept: str) -> Iterator[None]:
    """Raise Stopped with the message ``kept`` if the work inside is stopped without a message of its own."""
    try:
        yield
    except Stopped:
        raise
    except KeyboardInterrupt as stop:
        raise Stopped(kept) from stop


def place_of(error: BaseException) -> str:
    """The file and the line where an error was raised, also in code that was sent to this process by value."""
    frame, line = list(traceback.walk_tb(error.__traceback__))[-1]
    path = frame.f_code.co_filename
    if path == SENT_BY_VALUE:
        path = frame.f_globals.get("__file__", "your code")
    return f"{path}, line {line}"
