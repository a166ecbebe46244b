"""The description of a database that is read from its coding table and its folders of frames."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from merlab.frames import IMAGE_SUFFIXES, frame_number, looks_like_video

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
CLIPS_EXAMINED = 5
TABLE_SUFFIXES = (".xlsx", ".xls", ".ods", ".csv", ".tsv")
ANY_SUFFIX = f"({', '.join(TABLE_SUFFIXES)})"


@dataclass(frozen=True)
class Quirk:
    """One clip of a release with an unexpected property.

    Attributes:
        clip: ``sub04 EP12_01f``; or ``row 42``, its line in the sheet, if only the line is publicly known.
        kind: the kind of the quirk. ``frame range``: the folder of the clip may lack the frames of the table.
            ``wrong frame``: a number in the table is a mistake, independent of the folder.
        handling: what merlab does and why.
        frames: onset, apex and offset that replace those of the table; None keeps the number of the table. A ``frame
            range`` is replaced only if the folder lacks the frames of the table and has these frames.
        coded: the numbers by which a ``wrong frame`` is recognized; None matches any number. So a table that was
            already corrected is not changed.

    """

    clip: str
    kind: QuirkKind
    handling: str
    frames: Frames | None = None
    coded: Frames | None = None


QuirksOfClip = Mapping[QuirkKind, Quirk]


@dataclass(frozen=True)
class TableFormat:
    """The format of a coding table: its file names, its columns, and the counts that its authors published.

    Attributes:
        files: pattern of the file name without its suffix; upper and lower case are equal.
        looked_for: the same for messages, ``*coding* (.xlsx, .csv), such as CASME2-coding-20140508.xlsx``.
        columns: heading of each role; columns of OPTIONAL_ROLES may be absent.
        subject: gives the subject id from a cell or a folder name; None if the text is not a subject.
        subject_example, clip_example: examples of correct cells, for messages.
        emotions: version of the table -> published counts of the emotions (lower case); the newest version is last.
        clips_per_subject: published number of rows of each subject; empty if not published.
        objective_classes: version of the table -> published counts of the objective classes; a version whose counts
            are not known is absent.
        objective_files: pattern of the name of a table of objective classes that belongs to the oldest version; empty
            if there is none.
        aliases: other spelling of an emotion -> the spelling that merlab uses.
        names_repeat: whether several clips of a subject may have the same name; they then differ in their onsets.
        usual_clip: pattern of a normal clip name; other names give a finding.
        clip: gives the clip name from a cell or a folder name.

    """

    files: str
    looked_for: str
    columns: Mapping[Role, str]
    subject: Callable[[str], str | None]
    subject_example: str
    clip_example: str
    emotions: Mapping[str, Mapping[str, int]]
    clips_per_subject: Mapping[str, int] = field(default_factory=dict)
    objective_classes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    objective_files: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    names_repeat: bool = False
    usual_clip: str = ".*"
    clip: Callable[[str], str] = str

    def may_be(self, path: Path) -> bool:
        """Whether a file may be the coding table by its name; hidden files and lock files of Excel are not."""
        return re.fullmatch(self.files, path.stem, re.IGNORECASE) is not None and is_table_file(path)


def is_table_file(path: Path) -> bool:
    """Whether a file is a table by its suffix; hidden files and lock files of Excel are not."""
    return path.name[0] not in "~." and path.suffix.lower() in TABLE_SUFFIXES


def entries(folder: Path) -> list[Path]:
    """What a folder holds, sorted; nothing if it cannot be listed, so that one folder does not end an examination."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def clips_below(subject: Path) -> Iterator[Path]:
    """The clips of a subject's folder: all folders and videos directly in it."""
    for path in entries(subject):
        if not path.name.startswith(".") and (path.is_dir() or looks_like_video(path)):
            yield path


@dataclass(frozen=True)
class Kind:
    """One kind of frames that a release offers: a title for reports, and a function that recognizes it.

    ``matches(clips)`` gets the frames of a few clips, as mappings frame number -> file name, and decides whether they
    are of this kind. The list is empty if the clips are videos.
    """

    title: str
    matches: Callable[[list[dict[int, str]]], bool]

    @property
    def cropped(self) -> bool:
        """Whether the frames are registered faces and not whole heads."""
        return self.matches is cropped_faces


@dataclass(frozen=True)
class LayoutFormat:
    """The format of the folders of frames.

    Attributes:
        subject_folder: pattern of the name of a subject's folder.
        looked_for: the same for messages.
        kinds: the kinds of frames, in the order of preference. A layout is recognized by its frames and not by its
            name: it has the first kind that matches.
        clips_of: gives the folders and videos of the clips in a subject's folder.

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
    """A database as its authors distribute it.

    ``apex`` states what happens to a clip without an apex in the table: ``midpoint`` fills in the midpoint of onset and
    offset; ``unannotated`` leaves the choice to the recipe of the input.
    """

    name: str
    title: str
    fps: float
    table: TableFormat
    layout: LayoutFormat
    quirks: tuple[Quirk, ...] = ()
    apex: Literal["midpoint", "unannotated"] = "midpoint"

    def quirks_of(self, subject: str, clip: str, row: int | None = None) -> QuirksOfClip:
        """The documented quirks of a clip by their kind; ``row`` is the line of the clip in the sheet."""
        by_clip: dict[str, dict[QuirkKind, Quirk]] = defaultdict(dict)
        for quirk in self.quirks:
            by_clip[quirk.clip][quirk.kind] = quirk
        return {**by_clip[f"row {row}"], **by_clip[f"{subject} {clip}"]}


def numbered_subject(text: str, *, prefix: str, digits: int) -> str | None:
    """``sub01`` from '01', '1', '1.0' or 'sub01', for the prefix ``sub`` and 2 digits; None from any other text."""
    match = re.fullmatch(rf"(?:{prefix})?\s*(\d{{1,{digits}}})(?:\.0)?", text.strip(), re.IGNORECASE)
    return f"{prefix}{int(match.group(1)):0{digits}d}" if match else None


def frame_names(folder: Path) -> dict[int, str]:
    """Frame number -> file name, for the images in a folder."""
    numbered = ((frame_number(path), path) for path in entries(folder) if is_image(path))
    return {number: path.name for number, path in numbered if number is not None}


def is_image(path: Path) -> bool:
    """Whether a file is an image by its suffix; hidden files, as macOS adds them to archives, are not."""
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def any_frames(clips: list[dict[int, str]]) -> bool:
    """Matches any frames: for the last kind of a layout."""
    return True


def cropped_faces(clips: list[dict[int, str]]) -> bool:
    """Whether file names start with ``reg_``, as registered faces in the releases of CASME and CASME II do."""
    return any(name.startswith("reg_") for names in clips for name in names.values())
