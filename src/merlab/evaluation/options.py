"""Options of a study as Python gives them: each becomes its plain type, or is refused by its name."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from merlab.errors import MerlabError
from merlab.vocabulary import PROTOCOLS

# What the random numbers of numpy and scikit-learn can start from.
LARGEST_SEED = 2**32 - 1


def whole_number(value: object, least: int, name: str, otherwise: str = "") -> int:
    """A whole number of any type, such as one of numpy; raises MerlabError for anything else and below ``least``."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or number < least:
        raise MerlabError(f"{name} must be a whole number from {least} up{otherwise}, got {value!r}")
    return number


def as_seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """Seeds 0 to N - 1 from a number N, or the seeds themselves; raises MerlabError for others than 0, 1, 2, ..."""
    if not isinstance(seeds, Iterable) or isinstance(seeds, bytes):
        return tuple(range(whole_number(seeds, 1, "seeds")))
    try:
        chosen = tuple(map(operator.index, seeds))
    except TypeError:
        chosen = ()
    if not chosen or len(set(chosen)) < len(chosen) or min(chosen) < 0 or max(chosen) > LARGEST_SEED:
        raise MerlabError(f"seeds must be a number, or different whole numbers from 0 to {LARGEST_SEED}, got {seeds!r}")
    return chosen


def as_protocol(protocol: object) -> str:
    """The name of a protocol; raises MerlabError with all names for anything else."""
    if not isinstance(protocol, str) or protocol not in PROTOCOLS:
        raise MerlabError(f"unknown protocol {protocol!r}; protocols are {', '.join(PROTOCOLS)}")
    return protocol


def as_names(names: Sequence[str] | None, name: str) -> tuple[str, ...] | None:
    """Several names from a list, or from one text, which is one name; raises MerlabError for anything else."""
    if names is None:
        return None
    given = (names,) if isinstance(names, str) else tuple(names) if isinstance(names, Iterable) else ()
    if not given or not all(isinstance(each, str) for each in given):
        raise MerlabError(f"{name} must be a list of one or more names, got {names!r}")
    return given


def as_settings(settings: Mapping[str, Any] | None, name: str, example: str) -> dict[str, Any]:
    """Settings by name; raises MerlabError for anything but a mapping from names."""
    if settings is None:
        return {}
    if not isinstance(settings, Mapping) or not all(isinstance(key, str) for key in settings):
        raise MerlabError(f"{name} must be a dictionary from names to values, such as {example}, got {settings!r}")
    return dict(settings)
