"""The exception for a mistake of the user."""

from __future__ import annotations


class MerlabError(Exception):
    """A problem that the user can solve: the message states what is wrong, where, and the remedy.

    Commands print the message and exit with status 1, without a traceback. Any other exception is a bug of merlab and
    keeps its traceback.
    """
