"""Warnings of libraries that no user needs, left out for a moment; threads of a program take turns with it."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# The filters of warnings belong to all threads. Of two that change them at once, the last to leave would restore the
# change of the other, so that warnings stay off.
ONE_CHANGES = threading.RLock()


@contextmanager
def without_warnings(message: str = "", category: type[Warning] = Warning, module: str = "") -> Iterator[None]:
    """Leave out warnings inside: of this category, whose text and module begin with these regular expressions.

    Other threads lose such warnings meanwhile too, so let it match no more than what is meant.
    """
    with ONE_CHANGES, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message, category, module)
        yield
