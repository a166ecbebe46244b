"""Values as Python gives them: each is what its option takes, or is refused by the option's name."""

from __future__ import annotations

import math
import os
from numbers import Real
from pathlib import Path
from typing import TypeGuard

from merlab.errors import MerlabError


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number of any type, such as one of numpy; a truth value is not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def require_number(value: object, name: str, least: float, most: float = math.inf) -> None:
    """Raises MerlabError for anything but a number in this range, limits included; NaN is in none."""
    if not (is_number(value) and least <= value <= most):
        limits = f"{least:g} or more" if most == math.inf else f"between {least:g} and {most:g}"
        raise MerlabError(f"{name} must be {limits}, got {value!r}")


def require_yes_or_no(**values: object) -> None:
    """Raises MerlabError for the first value that is neither True nor False."""
    for name, value in values.items():
        if not isinstance(value, bool):
            raise MerlabError(f"{name} must be True or False, got {value!r}")


def require_instance(value: object, kind: type, name: str, otherwise: str) -> None:
    """Raises MerlabError for anything but an object of a class; ``otherwise`` says how to get one."""
    if not isinstance(value, kind):
        raise MerlabError(f"{name} must be a {kind.__name__} ({otherwise}), got {value!r}")


def as_path(value: object, name: str) -> Path:
    """A path from a Path or a text; raises MerlabError for anything else, and for an empty text."""
    if not isinstance(value, str | os.PathLike) or value == "":
        raise MerlabError(f"{name} must be a path, as text or pathlib.Path, got {value!r}")
    return Path(value)
