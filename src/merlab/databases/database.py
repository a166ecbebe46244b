"""What every database offers: an examination of a folder, and the clips that it yields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from merlab.clips import Clip, ClipTable
from merlab.errors import MerlabError
from merlab.progress import Progress, silent

Severity = Literal["unusable", "differs", "handled"]


@dataclass(frozen=True)
class Finding:
    """One difference between what a database should hold and what a folder holds.

    Severity ``unusable``: the clip cannot be used as it is; ``differs``: usable, but look at it; ``handled``: a known
    quirk of the release, with what merlab does about it.
    """

    severity: Severity
    where: str
    expected: str
    found: str
    remedy: str


@dataclass(frozen=True)
class Examination:
    """What a folder holds: the usable clips, every finding, and facts for the head of a report (table read, layout).

    ``tables`` are the files that say what the clips are, beside the frames.
    """

    clips: ClipTable
    findings: tuple[Finding, ...]
    facts: dict[str, str] = field(default_factory=dict)
    tables: tuple[Path, ...] = ()

    def of(self, severity: Severity) -> list[Finding]:
        """The findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]


@dataclass(frozen=True)
class Database:
    """A database that merlab reads.

    ``examine(root, deep, progress)`` looks at a folder: the tables and every clip's frame files; with ``deep`` it
    also decodes each frame of each clip. It raises MerlabError only when there is nothing to examine (no such
    folder, no coding table); every smaller fault is a Finding.

    Of a database that comes as whole heads, ``examine_heads`` looks at those alone, where ``examine`` prefers cropped
    faces; ``cropped(root, clip)`` is the folder, below a root, in which its reader looks for the clip's cropped faces.
    """

    name: str
    title: str
    access: str
    examine: Callable[[Path, bool, Progress], Examination]
    examine_heads: Callable[[Path, bool, Progress], Examination] | None = None
    cropped: Callable[[Path, Clip], Path] | None = None


def load_clips(database: Database, root: Path, *, allow_unusable: bool = False) -> Examination:
    """Examine ``root`` for use: like ``examine``, but unusable clips raise MerlabError unless they are allowed."""
    examination = database.examine(root, False, silent)
    unusable = examination.of("unusable")
    if unusable and not allow_unusable:
        first = unusable[0]
        raise MerlabError(
            f"{len(unusable)} fault(s) make clips of {root} unusable, the first: {first.where}: "
            f"expected {first.expected}, found {first.found}; "
            f"`merlab doctor {database.name} {root}` lists them all with their remedies, "
            "--allow-unusable goes on without these clips and stamps the result"
        )
    if not examination.clips:
        raise MerlabError(f"{root} yields no usable clip; `merlab doctor {database.name} {root}` says why")
    return examination
