"""What a method of your own keeps outside of itself reaches the folds after it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def watched(method: str, code: Callable[[], str], stacklevel: int) -> Iterator[None]:
    """Warn if the work inside changes the ``code`` of a method, which has the state of its classes and modules."""
    before = code()
    yield
    if code() != before:
        warnings.warn(
            f"{method} changed a class attribute or a global variable while it was fitted: what it learns there "
            "reaches the next folds, whose test subjects it may have seen, and results depend on jobs; keep it in self",
            stacklevel=stacklevel,
        )
