"""The exception for a mistake of the user, and the one for work that was stopped."""

from __future__ import annotations


class MerlabError(Exception):
    """A problem that the user can solve: the message states what is wrong, where, and the remedy.

    Commands print the message and exit with status 1, without a traceback. Any other exception is a bug of merlab and
    keeps its traceback.
    """


class Stopped(KeyboardInterrupt):
    """The user stopped the work, by Ctrl-C or a signal; the message says what is kept."""

    @classmethod
    def keeping(cls, kept: str, stop: KeyboardInterrupt) -> Stopped:
        """With the message ``kept``; ``stop`` itself where it already has one, which is more exact."""
        return stop if isinstance(stop, Stopped) else cls(kept)
