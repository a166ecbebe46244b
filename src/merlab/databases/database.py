"""What every database offers: an examination of a folder, and the clips that it yields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from merlab.alignment_record import recorded_stamps
from merlab.clips import Clip, ClipTable, Finding, Severity, Source
from merlab.clips.whole_heads import ALIGN, mark_whole_heads, prepare_remedy, size_of_frames, with_proportions
from merlab.databases.equal_frames import equal_frames
from merlab.databases.long_video import LongVideos
from merlab.errors import MerlabError, naming_mistakes
from merlab.given import require_instance
from merlab.progress import Progress, silent
from merlab.spelling import as_typed, counted

Answer = TypeVar("Answer")

# Characters of a value in a message.
LONGEST_SHOWN = 100
SHOWN = {True: "aligned faces", False: "whole heads", None: "not known"}


@dataclass(frozen=True)
class Examination:
    """What a folder holds: the usable clips, every finding, and facts for the head of a report (table read, layout).

    ``tables`` are the files that say what the clips are, beside the frames. Raises MerlabError for a field of another
    kind.
    """

    clips: ClipTable
    findings: tuple[Finding, ...]
    facts: dict[str, str] = field(default_factory=dict)
    tables: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        require_instance(self.clips, ClipTable, "clips of an Examination", "merlab.ClipTable(clips) makes one")
        if not isinstance(self.findings, Iterable) or not all(isinstance(each, Finding) for each in self.findings):
            raise MerlabError(f"findings of an Examination must be Finding objects, got {self.findings!r}")
        if not isinstance(self.facts, Mapping):
            raise MerlabError(f"facts of an Examination must be a dictionary, got {self.facts!r}")
        object.__setattr__(self, "findings", tuple(self.findings))
        object.__setattr__(self, "facts", {str(name): str(fact) for name, fact in self.facts.items()})

    def of(self, severity: Severity) -> list[Finding]:
        """The findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]


@dataclass(frozen=True)
class Database:
    """A database that merlab reads.

    ``examine(root, deep, progress)`` looks at a folder: the tables and every clip's frame files; with ``deep`` it
    also decodes each frame of each clip. It raises MerlabError only when there is nothing to examine (no such
    folder, no coding table); every smaller fault is a Finding. Its clips state whether their frames are aligned
    faces, as far as this is known.

    Of a database that comes as whole heads, ``examine_heads`` looks at those alone, where ``examine`` prefers cropped
    faces; ``cropped(root, clip)`` is the folder, below a root, in which its reader looks for the clip's cropped faces.

    ``with_table(path)`` is the same database with this file as its coding table; None if it has no coding table.
    ``options`` are the options that were used to choose it, as on the command line. ``examine_table(root)`` looks at
    its coding table alone, where no frames are present. ``videos(root)`` gives its long videos with all movements.
    """

    name: str
    title: str
    access: str
    examine: Callable[[Path, bool, Progress], Examination]
    examine_heads: Callable[[Path, bool, Progress], Examination] | None = None
    cropped: Callable[[Path, Clip], Path] | None = None
    with_table: Callable[[Path], Database] | None = None
    options: tuple[str, ...] = ()
    examine_table: Callable[[Path], Examination] | None = None
    videos: Callable[[Path], LongVideos] | None = None

    def ask(self, function: str, kind: type[Answer], *given: object) -> Answer:
        """What one of its functions returns; raises MerlabError where one of your own fails or returns another kind."""
        called = f"database {self.name}: {function}"
        with naming_mistakes(called, own=self.name not in BUILT_IN):
            answer = getattr(self, function)(*given)
        if not isinstance(answer, kind):
            shown = repr(answer) if len(repr(answer)) <= LONGEST_SHOWN else f"a {type(answer).__name__}"
            raise MerlabError(f"{called} returned {shown}, which is no {kind.__name__}")
        return answer

    def examined(self, function: str, root: Path, deep: bool, progress: Progress) -> Examination:
        """What ``examine`` or ``examine_heads`` returns, also with the stamps of frames behind links.

        Raises MerlabError as they do, and for a damaged record beside aligned frames.
        """
        examination = self.ask(function, Examination, root, deep, progress)
        clips = examination.clips
        stamps = dict.fromkeys((*clips.stamps, *recorded_stamps(clips)))
        return replace(examination, clips=replace(clips, stamps=tuple(stamps)))

    def doctor_command(self, root: Path) -> str:
        """The command that examines a copy of this database."""
        return as_typed("merlab", "doctor", self.name, str(root), *self.options)

    def heads_remedy(self, root: Path) -> str:
        """What to do about whole heads in a copy of this database, with the command to type."""
        return prepare_remedy(self.name, root, self.options) if self.examine_heads and self.cropped else ALIGN


# The databases that come with merlab, by name; ``merlab.databases`` fills it when it is imported.
BUILT_IN: dict[str, Database] = {}
# The fact that tells sets of synthetic faces apart: clips of two sets have the same names.
MADE_WITH = "made with"


def examine_copy(
    database: Database, root: Path, deep: bool, progress: Progress, *, aligned: bool | None = None
) -> Examination:
    """Examine a copy of a database, and whether its frames are aligned faces; whole heads give a finding.

    So do clips with the same frames, and with ``deep`` those with equal files.

    ``aligned`` replaces what the reader knows about the frames. Raises MerlabError as ``Database.examine`` does.
    """
    examination = database.examined("examine", root, deep, progress)
    read = examination.clips
    clips = with_proportions(read) if aligned is None else [replace(clip, aligned=aligned) for clip in read]
    heads = [clip for clip in clips if clip.aligned is False]
    faces = Counter(SHOWN[clip.aligned] for clip in clips)
    fact = ", ".join(f"{what} in {counted(count, 'clip')}" for what, count in faces.items()) or "no usable clip"
    of_clips = [*equal_frames(clips, contents=deep), *([_whole_heads(heads, clips, database, root)] if heads else ())]
    findings = (*examination.findings, *of_clips)
    severities = Counter(finding.severity.replace("differs", "different") for finding in findings)
    return replace(
        examination,
        clips=replace(examination.clips, clips=tuple(clips)),
        findings=findings,
        facts={
            **examination.facts,
            "faces": fact + ("" if aligned is None else ", as stated by the user"),
            "findings": ", ".join(f"{count} {severity}" for severity, count in sorted(severities.items())) or "none",
        },
    )


def examine_table(database: Database, root: Path) -> Examination:
    """Examine the coding table of a database alone; ``root`` is its folder or the table file.

    Raises MerlabError for a database without a coding table, and for a table that cannot be read.
    """
    if database.examine_table is None:
        raise MerlabError(f"{database.name} has no coding table to examine alone; leave --table-only out")
    return database.ask("examine_table", Examination, root)


def _whole_heads(heads: Sequence[Clip], clips: Sequence[Clip], database: Database, root: Path) -> Finding:
    first, size = heads[0], size_of_frames(heads[0])
    pixels = f", {size[0]}x{size[1]} pixels" if size else ""
    found = f"whole heads in {len(heads)} of {len(clips)} clips, the first {first.subject} {first.name}{pixels}"
    remedy = f"{database.heads_remedy(root)}; results on whole heads are marked"
    return Finding("differs", str(root), "frames of aligned faces, as inputs expect", found, remedy)


def load_clips(
    database: Database, root: Path, *, allow_unusable: bool = False, aligned: bool | None = None
) -> ClipTable:
    """Examine ``root`` for use: its usable clips, with the findings and the source in the table.

    Whole heads give the stamp WHOLE HEADS and a warning. Raises MerlabError where clips are unusable, unless
    ``allow_unusable``, which stamps the table INCOMPLETE.
    """
    examination = examine_copy(database, root, False, silent, aligned=aligned)
    incomplete = _incomplete(examination.of("unusable"), database, root, allowed=allow_unusable)
    if not examination.clips:
        raise MerlabError(f"{root} yields no usable clip; `{database.doctor_command(root)}` gives the reasons")
    options = (*database.options, *(() if aligned is None else ("--aligned",)))
    table = replace(
        examination.clips,
        stamps=(*examination.clips.stamps, *incomplete),
        findings=examination.findings,
        sources=(Source(database.name, root, examination.facts, options, examination.tables),),
    )
    return mark_whole_heads(table, database.heads_remedy(root))


def usable_videos(database: Database, root: Path, *, allow_unusable: bool) -> LongVideos:
    """The long videos of a database that has such; raises MerlabError as ``load_clips`` does."""
    read = database.ask("videos", LongVideos, root)
    unusable = [finding for finding in read.findings if finding.severity == "unusable"]
    incomplete = _incomplete(unusable, database, root, allowed=allow_unusable)
    return replace(read, stamps=(*read.stamps, *incomplete))


def _incomplete(unusable: Sequence[Finding], database: Database, root: Path, *, allowed: bool) -> list[str]:
    """The stamp of clips or videos without the unusable ones; raises MerlabError if this is not allowed."""
    if unusable and not allowed:
        first = unusable[0]
        raise MerlabError(
            f"clips of {root} are unusable because of {counted(len(unusable), 'fault')}, the first: {first.where}: "
            f"expected {first.expected}, found {first.found}; "
            f"`{database.doctor_command(root)}` lists them all with their remedies, "
            "--allow-unusable leaves these clips out and marks the result as incomplete"
        )
    return [f"INCOMPLETE: {counted(len(unusable), 'fault')} in {database.name}"] if unusable else []
