"""How a long task reports its progress."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A function that is called after each step of a long task, so that a command or a notebook can show progress."""

    def __call__(self, done: float, total: int, what: str, /) -> None:
        """Report that ``done`` of ``total`` steps are finished; ``what`` describes the work in a few words."""


def silent(done: float, total: int, what: str, /) -> None:
    """Report no progress."""
