"""The exception for a mistake of the user, and the one for work that was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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
