"""Databases of the field that merlab does not read, by all names that users give them, and what to do instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from merlab.errors import MerlabError

CUTOFF = 0.8


@dataclass(frozen=True)
class Unread:
    """A database without a reader. ``spellings`` are in lower case, without blanks, hyphens and underscores."""

    title: str
    spellings: tuple[str, ...]
    instead: str = (
        "list its clips in a table file, with columns subject, clip, frames, and onset, apex, offset, fps, label as "
        'far as known; `merlab doctor table FILE` checks it, and merlab.load("table", FILE) reads it'
    )


UNREAD = (
    Unread("MEVIEW", ("meview",)),
    Unread(
        "SMIC-E (the long videos of SMIC) as a database of its own",
        ("smice", "smicehs", "smichse", "smiclong"),
        "the database smic reads the coded movements of SMIC_HS_E, with its annotation table: "
        "`merlab doctor smic FOLDER`, and `merlab long-videos smic FOLDER OUT` lists its long videos",
    ),
    Unread(
        "MEGC2019 as a database of its own",
        ("megc2019", "megc", "megc2019cde"),
        "it is the union of casme2, smic and samm: give each with its own --database and --root, and --scheme megc2019",
    ),
)
# Other names of databases that merlab reads.
ALIASES = {
    "casmeii": "casme2",
    **dict.fromkeys(("cas(me)^2", "cas(me)2", "cas(me)²", "casme^2", "casme²", "casmesq"), "casme-squared"),
    **dict.fromkeys(("cas(me)^3", "cas(me)3", "cas(me)³", "casme^3", "casme³", "casmeiii", "casmecubed"), "casme3"),
    **dict.fromkeys(("sammlv", "sammlong", "sammlongvideos"), "samm-long"),
    **dict.fromkeys(("casmei", "casme1"), "casme"),
    **dict.fromkeys(("smichs", "smicvis", "smicnir"), "smic"),
}


def _spelled(name: str) -> str:
    """A name in lower case, without blanks, hyphens and underscores."""
    return re.sub(r"[\s_-]", "", name.lower())


def known_name(name: str) -> str:
    """What all names of one database share: the name that merlab gives it, or the name without its spelling."""
    return ALIASES.get(_spelled(name), _spelled(name))


def refuse_unread(name: str, known: Sequence[str]) -> None:
    """Raises MerlabError for a name that means a database without a reader, or that is another name of a known one."""
    spelled = _spelled(name)
    readable = {_spelled(each): each for each in known} | ALIASES
    if spelled in readable:
        raise MerlabError(
            f"unknown database {name!r}; did you mean {readable[spelled]}? databases are {', '.join(known)}"
        )
    by_spelling = {spelling: unread for unread in UNREAD for spelling in unread.spellings}
    close = get_close_matches(spelled, [*by_spelling, *readable], n=1, cutoff=CUTOFF)
    if close and close[0] in by_spelling:
        unread = by_spelling[close[0]]
        raise MerlabError(f"unknown database {name!r}: merlab does not read {unread.title}; {unread.instead}")
