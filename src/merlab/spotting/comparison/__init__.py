"""Comparison methods for spotting: published ones, guesses, merlab's own, and yours, under one evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from merlab.errors import MerlabError
from merlab.fingerprint import fingerprint
from merlab.registry import Extensions
from merlab.spotting.comparison.guesses import GUESS_EVEN, GUESS_RANDOM
from merlab.spotting.comparison.hoof import HOOF
from merlab.spotting.comparison.lbp_chi2 import LBP_CHI2
from merlab.spotting.comparison.mdmd import MDMD
from merlab.spotting.comparison.mean_net import MEAN_NET
from merlab.spotting.comparison.own import OWN
from merlab.spotting.comparison.softnet import SOFTNET
from merlab.spotting.comparison.spotter import Spotter
from merlab.spotting.comparison.yours import YourSpotter, your_spotter

_ALL: tuple[Spotter, ...] = (LBP_CHI2, HOOF, MDMD, SOFTNET, MEAN_NET, OWN, GUESS_RANDOM, GUESS_EVEN)
SPOTTERS: Mapping[str, Spotter] = {each.name: each for each in _ALL}
EXTENSIONS: Extensions[Spotter] = Extensions("spotting method", your_spotter)


def find_spotter(name: str) -> Spotter:
    """The comparison method with this name; raises MerlabError with the closest name if there is none.

    A name is one of merlab's, or one that an installed package adds by the entry point group
    ``merlab.spotting_methods``.
    """
    return EXTENSIONS.find(name, SPOTTERS)


def all_spotters() -> dict[str, Spotter]:
    """Every comparison method by name: merlab's, then those of installed packages."""
    return EXTENSIONS.all(SPOTTERS)


def as_spotter(given: object) -> Spotter:
    """The method that a name, ``FILE.py:NAME``, one of SPOTTERS, or a function, object or class of your own is.

    Raises MerlabError for anything else, and for a method of your own with the name of one of merlab's.
    """
    spotter = _from_text(given) if isinstance(given, str) else given
    if not isinstance(spotter, Spotter):
        spotter = your_spotter(spotter)
    # The folders of Hoof and hoof are one on some systems.
    if isinstance(spotter, YourSpotter) and spotter.name.casefold() in SPOTTERS:
        raise MerlabError(f"{spotter} is your own, and one of merlab's has this name; give it another name")
    return spotter


def spotters_of(given: object) -> list[Spotter]:
    """One or several methods, as ``as_spotter``; raises MerlabError for none, and for two with one name."""
    several = given if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    spotters: dict[str, Spotter] = {}
    for each in map(as_spotter, several):
        if spotters.setdefault(each.name.casefold(), each) is not each:
            raise MerlabError(f"two spotting methods are called {each.name}; give each once, or another name to one")
    if not spotters:
        raise MerlabError(f"methods must be one or more spotting methods, got {given!r}")
    return list(spotters.values())


def code_of(spotter: Spotter) -> str:
    """The fingerprint of the code of a method that is not one of merlab's; empty for those."""
    if SPOTTERS.get(spotter.name) is spotter:
        return ""
    return spotter.code if isinstance(spotter, YourSpotter) else fingerprint(spotter)


def _from_text(text: str) -> Spotter:
    # It imports all methods of recognition.
    from merlab.methods.from_file import found_in_file, is_in_file

    if is_in_file(text):
        name, found = found_in_file(text)
        return your_spotter(found, None if isinstance(getattr(found, "name", None), str) else name, text)
    return find_spotter(text)
