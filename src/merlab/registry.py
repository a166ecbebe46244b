"""Looking a name up in one of merlab's plain-dict registries."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from merlab.errors import MerlabError

Entry = TypeVar("Entry")


def look_up(name: str, registry: Mapping[str, Entry], kind: str) -> Entry:
    """The entry of this name; raises MerlabError that suggests the closest name and lists all of them.

    ``kind`` is what an entry is called, in the singular: ``database``.
    """
    if name not in registry:
        close = get_close_matches(name, registry, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise MerlabError(f"unknown {kind} {name!r}; {hint}{kind}s are {', '.join(registry)}")
    return registry[name]
