"""How long work reports how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called after each step of long work, so that a command or a notebook can show it."""

    def __call__(self, done: float, total: int, what: str, /) -> None:
        """Report ``done`` of ``total`` steps; ``what`` says in a few words what is being done."""


def silent(done: float, total: int, what: str, /) -> None:
    """Show nothing."""
