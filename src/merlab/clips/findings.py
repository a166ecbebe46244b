"""What a reader found in a database, and where its clips come from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from merlab.clips.clip import Clip
from merlab.registry import look_up
from merlab.spelling import folded, person, readable, told_apart

Severity = Literal["unusable", "differs", "handled"]


@dataclass(frozen=True)
class Finding:
    """One difference between the expected content of a database and the content of a folder.

    Severity ``unusable``: the clip cannot be used as it is; ``differs``: the clip can be used, but check it;
    ``handled``: a known quirk of the release, with what merlab does about it. Raises MerlabError for any other.
    """

    severity: Severity
    where: str
    expected: str
    found: str
    remedy: str

    def __post_init__(self) -> None:
        look_up(self.severity, dict.fromkeys(get_args(Severity)), "severity")
        for column in ("where", "expected", "found", "remedy"):
            object.__setattr__(self, column, readable(getattr(self, column)))


@dataclass(frozen=True)
class Source:
    """The origin of the clips of a table: the name of the database, its folder, and facts for the top of a report.

    ``options`` are the options with which it was read, as on the command line, such as ``("--table", "labels.csv")``.
    ``tables`` are the files that say what the clips are.
    """

    name: str
    root: Path
    facts: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    tables: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", {key: readable(value) for key, value in self.facts.items()})
        object.__setattr__(self, "options", tuple(map(readable, self.options)))


PEOPLE = "read as different people; if it is one person, give one name, or folds will share this person"
DATABASES = "read as different databases; if it is one database, give one name, or its people will be different people"
CLIPS = "read as different clips; if it is one clip, keep one of the rows, or it will count several times"


def one_under_two_names(clips: Iterable[Clip]) -> Iterator[Finding]:
    """A finding for each database, person of a database, and clip of a subject that may have several names."""
    names = defaultdict(set)
    for clip in clips:
        names["one name per database", DATABASES, "databases", folded(clip.database)].add(clip.database)
        names["one name per person", PEOPLE, clip.database, person(clip.subject)].add(clip.subject)
        names["one name per clip", CLIPS, clip.group, folded(clip.name)].add(clip.name)
    for (expected, remedy, where, _), of_one in sorted(names.items()):
        if len(of_one) > 1:
            yield Finding("differs", where, expected, told_apart(of_one), remedy)
