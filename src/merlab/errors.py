"""The one exception that a user's mistake may raise."""

from __future__ import annotations


class MerlabError(Exception):
    """Something the user can mend: the message names what is wrong, where, and the remedy.

    Commands print the message and exit with status 1, without a traceback. Any other exception is merlab's own
    fault and keeps its traceback.
    """
