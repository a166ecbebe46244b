"""How often Python searches objects that it has kept for long for those that nothing needs."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Of searches of younger objects, after which the old ones are searched; 10 by default.
SELDOM = 100


def search_old_objects_seldom() -> None:
    """Let this process search old objects for garbage seldom, and new ones, which become garbage, as often as before.

    While the libraries are loaded, every object is an old one soon: Python would search hundreds of thousands of them
    five times, which takes a fifth of the time.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, SELDOM)


@dataclass(frozen=True)
class Sparing:
    """A function that a new process calls; it searches old objects seldom before it loads what the function needs."""

    function: Callable[..., Any]

    def __call__(self, *arguments: object) -> Any:
        """What the function gives."""
        return self.function(*arguments)

    def __reduce__(self) -> tuple[object, ...]:
        return _after, (_Search(), self.function)


class _Search:
    """Calls ``search_old_objects_seldom`` in the process that reads it."""

    def __reduce__(self) -> tuple[object, ...]:
        return search_old_objects_seldom, ()


def _after(_search: None, function: Callable[..., Any]) -> Sparing:
    return Sparing(function)
