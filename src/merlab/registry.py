"""Find an entry by its name in one of merlab's registries, or among the entries that installed packages add."""

from __future__ import annotations

import importlib.metadata
import sys
import types
import warnings
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from merlab.errors import MerlabError, mistake_in

if TYPE_CHECKING:
    import pandas as pd

Registered = TypeVar("Registered")


def look_up(name: str, registry: Mapping[Any, Registered], kind: str) -> Registered:
    """The entry with this name; raises MerlabError that suggests the closest name and lists all names.

    ``kind`` is the word for an entry in the singular, such as ``database``.
    """
    # From Python, a name may be anything, also what has no hash.
    if not isinstance(name, str) or name not in registry:
        in_lower_case = {known.lower(): known for known in reversed([*registry])}
        close = get_close_matches(str(name).lower(), in_lower_case, n=1)
        hint = f"did you mean {in_lower_case[close[0]]}? " if close else ""
        raise MerlabError(f"unknown {kind} {name!r}; {hint}{kind}s are {', '.join(registry)}")
    return registry[name]


class Extensions(Generic[Registered]):
    """Entries that installed packages add to a registry, by entry points of the group ``merlab.<kind>s``.

    The words of a kind are joined by ``_`` there: ``merlab.spotting_methods``.
    ``read(loaded, name)`` makes an entry from the object that an entry point loads; it raises MerlabError if this is
    not possible.
    """

    def __init__(self, kind: str, read: Callable[[object, str], Registered]) -> None:
        self.kind = kind
        self.read = read

    def find(self, name: str, registry: Mapping[str, Registered]) -> Registered:
        """The entry with this name, merlab's own first; raises MerlabError if there is none or it cannot be loaded."""
        if not isinstance(name, str):
            return look_up(name, registry, self.kind)
        if name in registry:
            # What is installed is not searched: that takes 3 ms, and some commands find hundreds of entries.
            return registry[name]
        points = self._points()
        if name in points:
            return self._load(points[name])
        return look_up(name, dict.fromkeys(self.names(registry)), self.kind)  # type: ignore[return-value]

    def names(self, registry: Mapping[str, Registered]) -> list[str]:
        """The names of all entries, merlab's own first, also of those that cannot be loaded."""
        return [*{**registry, **self._points()}]

    def all(self, registry: Mapping[str, Registered]) -> dict[str, Registered]:
        """All entries, merlab's own first. An entry that cannot be loaded is left out with a warning."""
        found = dict(registry)
        for name, point in self._points().items():
            try:
                found.setdefault(name, self._load(point))
            except MerlabError as error:
                warnings.warn(str(error), stacklevel=2)
        return found

    def _points(self) -> dict[str, importlib.metadata.EntryPoint]:
        group = f"merlab.{self.kind.replace(' ', '_')}s"
        return {point.name: point for point in importlib.metadata.entry_points(group=group)}

    def _load(self, point: importlib.metadata.EntryPoint) -> Registered:
        package = point.dist.name if point.dist else "an installed package"
        try:
            return self.read(point.load(), point.name)
        except (Exception, SystemExit) as error:
            fault = error if isinstance(error, MerlabError) else mistake_in(error)
            raise MerlabError(
                f"{self.kind} {point.name} of {package} cannot be loaded ({point.value}: {fault}); "
                f"update or uninstall {package}"
            ) from error


def instance_of(kind: type[Registered]) -> Callable[[object, str], Registered]:
    """A reader for Extensions of entries that are objects of this class."""

    def read(loaded: object, name: str) -> Registered:
        if not isinstance(loaded, kind):
            raise MerlabError(f"{name} is a {type(loaded).__name__}, not a {kind.__module__}.{kind.__qualname__}")
        return loaded

    return read


class ListedModule(types.ModuleType):
    """A module that can be called, and then gives a table of its entries: ``merlab.methods()``."""

    listing: Callable[[], pd.DataFrame]

    def __call__(self, *names: str) -> pd.DataFrame:
        """One row per entry, or per entry of these names, with the information that a user needs to choose."""
        table = self.listing()
        for name in names:
            look_up(name, dict.fromkeys(table.index), self.__name__.rpartition(".")[2].removesuffix("s"))
        return table.loc[list(names)] if names else table


def callable_as_listing(module: str) -> None:
    """Make the module with this name callable; its function ``listing`` gives the table."""
    sys.modules[module].__class__ = ListedModule
