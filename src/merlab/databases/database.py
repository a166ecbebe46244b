"""What every database offers: an examination of a folder, and the clips that it yields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from merlab.clips import Clip, ClipTable, Finding, Severity, Source
from merlab.errors import MerlabError
from merlab.progress import Progress, silent


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


def load_clips(database: Database, root: Path, *, allow_unusable: bool = False) -> ClipTable:
    """Examine ``root`` for use: its usable clips, with the findings and the source in the table.

    Raises MerlabError where clips are unusable, unless ``allow_unusable``, which stamps the table INCOMPLETE.
    """
    examination = database.examine(root, False, silent)
    unusable = examination.of("unusable")
    if unusable and not allow_unusable:
        first = unusable[0]
        raise MerlabError(
            f"{len(unusable)} fault(s) make clips of {root} unusable, the first: {first.where}: "
            f"expected {first.expected}, found {first.found}; "
            f"`merlab doctor {database.name} {root}` lists them all with their remedies, "
            "--allow-unusable leaves these clips out and marks the result as incomplete"
        )
    if not examination.clips:
        raise MerlabError(f"{root} yields no usable clip; `merlab doctor {database.name} {root}` says why")
    incomplete = [f"INCOMPLETE: {len(unusable)} faults in {database.name}"] if unusable else []
    return replace(
        examination.clips,
        stamps=(*examination.clips.stamps, *incomplete),
        findings=examination.findings,
        sources=(Source(database.name, root, examination.facts),),
    )
