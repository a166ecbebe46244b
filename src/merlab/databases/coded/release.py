"""What must be known of a database to read it from its coding table and its folders of frames."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from merlab.frames import IMAGE_SUFFIXES, VIDEO_SUFFIXES, frame_number

Role = Literal[
    "subject", "clip", "onset", "apex", "second apex", "offset", "second onset", "duration", "action units",
    "emotion", "objective class",
]  # fmt: skip
OPTIONAL_ROLES: frozenset[Role] = frozenset(
    {"second apex", "second onset", "duration", "action units", "objective class"}
)

QuirkKind = Literal[
    "no apex", "apex is onset", "apex is offset", "frame range", "wrong frame", "odd name", "no row", "no folder"
]  # fmt: skip
Frames = tuple[int | None, int | None, int | None]
CLIPS_LOOKED_AT = 5


@dataclass(frozen=True)
class Quirk:
    """One clip of a release that is not what a reader would expect.

    Attributes:
        clip: ``sub04 EP12_01f``; or ``row 42``, its line in the sheet, where only the line is publicly known.
        kind: what is odd. ``frame range``: the clip's folder may lack the table's frames. ``wrong frame``: a number in
            the table is a mistake, whatever the folder holds.
        handling: what merlab does and why.
        frames: onset, apex and offset that replace the table's, None where the table's stays. A ``frame range`` is
            replaced when the folder lacks the table's frames and holds these.
        coded: the numbers by which a ``wrong frame`` is recognized, None where any will do; a table that was mended
            already is left alone.

    """

    clip: str
    kind: QuirkKind
    handling: str
    frames: Frames | None = None
    coded: Frames | None = None


QuirksOfClip = Mapping[QuirkKind, Quirk]


@dataclass(frozen=True)
class TableFormat:
    """A coding table: which files may be it, its columns, and the counts that its authors published.

    Attributes:
        files: pattern of the whole file name, matched without regard to case.
        looked_for: the same for people, ``*coding*.xlsx, such as CASME2-coding-20140508.xlsx``.
        columns: heading of each role; those of OPTIONAL_ROLES may be absent.
        subject: subject id out of a cell or a folder's name, None where it is none.
        subject_example, clip_example: what a cell should look like.
        emotions: published counts of the emotions (lower case), a version of the table each, the newest last.
        clips_per_subject: published rows of each subject; empty where they were not published.
        objective_classes: published counts of the objective classes; empty where there are none.
        aliases: other spellings of an emotion -> the one that merlab uses.
        names_repeat: whether a subject's clip name may stand for several clips, told apart by their onsets.
        usual_clip: pattern of an ordinary clip name; what differs is pointed out.
        clip: clip name out of a cell or a folder's name.

    """

    files: str
    looked_for: str
    columns: Mapping[Role, str]
    subject: Callable[[str], str | None]
    subject_example: str
    clip_example: str
    emotions: Mapping[str, Mapping[str, int]]
    clips_per_subject: Mapping[str, int] = field(default_factory=dict)
    objective_classes: Mapping[str, int] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    names_repeat: bool = False
    usual_clip: str = ".*"
    clip: Callable[[str], str] = str


def clips_below(subject: Path) -> Iterator[Path]:
    """The folders and videos directly in a subject's folder, one a clip."""
    for path in sorted(subject.iterdir()):
        if not path.name.startswith(".") and (path.is_dir() or path.suffix.lower() in VIDEO_SUFFIXES):
            yield path


@dataclass(frozen=True)
class Kind:
    """One of the forms in which a release's frames come: a name for reports, and how it is told from the others.

    ``holds(files)`` looks at the frames of a few clips, a mapping frame number -> file name each; where the clips are
    videos there are none.
    """

    title: str
    holds: Callable[[list[dict[int, str]]], bool]

    @property
    def cropped(self) -> bool:
        """Whether the frames are registered faces, not whole heads."""
        return self.holds is cropped_faces


@dataclass(frozen=True)
class LayoutFormat:
    """The folders of frames: pattern of a subject's folder, and the kinds of frames, the preferred one first.

    A layout is told by its frames, not by its name: it is of the first kind whose ``holds`` says so.
    ``clips_of(subject folder)`` gives the clips' folders and videos.
    """

    subject_folder: str
    looked_for: str
    kinds: tuple[Kind, ...]
    clips_of: Callable[[Path], Iterator[Path]] = clips_below

    def is_subject(self, name: str) -> bool:
        """Whether a folder of this name holds a subject."""
        return re.fullmatch(self.subject_folder, name, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Release:
    """A database as its authors hand it out.

    ``apex`` says what becomes of a clip whose table has no apex: ``midpoint`` of onset and offset, or ``unannotated``,
    which leaves the choice to the input's recipe.
    """

    name: str
    title: str
    fps: float
    table: TableFormat
    layout: LayoutFormat
    quirks: tuple[Quirk, ...] = ()
    apex: Literal["midpoint", "unannotated"] = "midpoint"

    def quirks_of(self, subject: str, clip: str, row: int | None = None) -> QuirksOfClip:
        """The documented quirks of a clip by kind; ``row`` is its line in the sheet."""
        by_clip: dict[str, dict[QuirkKind, Quirk]] = defaultdict(dict)
        for quirk in self.quirks:
            by_clip[quirk.clip][quirk.kind] = quirk
        return {**by_clip[f"row {row}"], **by_clip[f"{subject} {clip}"]}


def frame_names(folder: Path) -> dict[int, str]:
    """Frame number -> name of the images in a folder."""
    numbered = ((frame_number(path), path) for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    return {number: path.name for number, path in numbered if number is not None}


def any_frames(clips: list[dict[int, str]]) -> bool:
    """A kind that takes what is left."""
    return True


def cropped_faces(clips: list[dict[int, str]]) -> bool:
    """Whether frames bear the ``reg_`` of registered faces, as in the releases of CASME and CASME II."""
    return any(name.startswith("reg_") for names in clips for name in names.values())
