"""Libraries that only the end of recognition needs, imported while frames are read."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from threading import Thread


def import_early(*names: str) -> Thread:
    """Import modules in a thread, for a process that leaves a core free; returns the thread.

    A module that cannot be imported is left out: the statement that needs it then raises the error.
    """
    thread = Thread(target=_import, args=names)
    thread.start()
    return thread


def _import(*names: str) -> None:
    for name in names:
        with suppress(Exception):
            import_module(name)
