"""Label schemes: the classes of an experiment, and the class of each label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from merlab.errors import MerlabError
from merlab.registry import Extensions, callable_as_listing
from merlab.schemes.own import OWN_NAME, own_scheme, read_scheme, scheme_of_mapping
from merlab.schemes.published import SCHEMES
from merlab.schemes.scheme import AS_LABELED, Scheme

if TYPE_CHECKING:
    import pandas as pd


def find_scheme(name: str) -> Scheme:
    """The scheme with this name; raises MerlabError with all names if there is none.

    A name is one of merlab's, or one that an installed package adds by the entry point group ``merlab.label_schemes``.
    """
    return EXTENSIONS.find(name, SCHEMES)


def as_scheme(given: str | Path | Mapping[str, Any] | Scheme) -> Scheme:
    """A scheme from its name, from a YAML file, from a mapping label -> class, or from itself.

    A mapping may also have the entries of a file (see ``own.stated_scheme``). Raises MerlabError for anything else.
    """
    if isinstance(given, Scheme):
        return given
    if isinstance(given, Mapping):
        return scheme_of_mapping(given)
    name = str(given) if isinstance(given, PathLike) else given
    if not isinstance(name, str):
        raise MerlabError(
            f"a scheme is the name of one, a YAML file, a Scheme or a dictionary from label to class, got {given!r}"
        )
    is_file = name.lower().endswith((".yaml", ".yml"))
    return read_scheme(Path(name)) if is_file else find_scheme(name)


def listing() -> pd.DataFrame:
    """One row per scheme: its name, classes, description, and its published number of clips by table version."""
    import pandas as pd

    rows = [
        {
            "name": scheme.name,
            "classes": list(scheme.classes),
            "title": scheme.description,
            "published": scheme.published_counts(),
        }
        for scheme in EXTENSIONS.all(SCHEMES).values()
    ]
    return pd.DataFrame(rows).set_index("name")


def _of_package(loaded: object, name: str) -> Scheme:
    """What an installed package adds: a Scheme, or a dictionary, of which one of this name is made."""
    if isinstance(loaded, Mapping):
        made = scheme_of_mapping(loaded)
        return replace(made, name=name) if made.name == OWN_NAME else made
    if not isinstance(loaded, Scheme):
        raise MerlabError(f"{name} is a {type(loaded).__name__}, not a merlab.Scheme or a dictionary of labels")
    return loaded


EXTENSIONS: Extensions[Scheme] = Extensions("label scheme", _of_package)
callable_as_listing(__name__)

__all__ = [
    "AS_LABELED",
    "SCHEMES",
    "Scheme",
    "as_scheme",
    "find_scheme",
    "listing",
    "own_scheme",
    "read_scheme",
]
