"""Errors in code of the user are reported with the file and the line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from merlab.errors import MerlabError, place_of


@contextmanager
def naming_mistakes(name: str, step: str) -> Iterator[None]:
    """Turn any exception inside into a MerlabError that names the method, the step, the error and the line."""
    try:
        yield
    except MerlabError:
        raise
    except (Exception, SystemExit) as error:
        raise MerlabError(
            f"method {name}: {step} raised {type(error).__name__}: {error} ({place_of(error)})"
        ) from error
