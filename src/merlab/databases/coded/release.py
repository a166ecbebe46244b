"""The description of a database that is read from its coding table and its folders of frames."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Literal

from merlab.clips import Clip
from merlab.databases.coded.folders import clips_below, source_name
from merlab.databases.coded.quirks import Quirk, QuirkKind, QuirksOfClip
from merlab.databases.coded.workbook import Records

Role = Literal[
    "subject", "clip", "folder", "onset", "apex", "second apex", "offset", "second onset", "second offset",
    "third onset", "third offset", "duration", "action units", "emotion", "objective class", "kind",
    "frames per second",
]  # fmt: skip
# Onset and offset of movements that a row has beside its own.
FURTHER_MOVEMENTS: tuple[tuple[Role, Role], ...] = (("second onset", "second offset"), ("third onset", "third offset"))
OPTIONAL_ROLES: frozenset[Role] = frozenset(
    ("second apex", "duration", "action units", "objective class", *chain(*FURTHER_MOVEMENTS))
)

CLIPS_EXAMINED = 5
TABLE_SUFFIXES = (".xlsx", ".xls", ".ods", ".csv", ".tsv")
ANY_SUFFIX = f"({', '.join(TABLE_SUFFIXES)})"
REGISTERED = "reg_"
# As Unicode names it (UAX 11).
FULL_WIDTH = "F"


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
        folder: gives the name of the folder of frames from the clip name, for a table without a column of folders.
        read: reads a table that has no line of column names; gives its cells under the headings of ``columns``.
        optional: roles that some versions of the table lack, beside OPTIONAL_ROLES.
        labels: the emotions of a table whose counts are not published.
        rows: version of the table -> published number of rows, where the counts of the emotions are not known.
        kinds: published number of rows of each kind (micro, macro); empty for a table of micro-expressions alone.
        videos: published number of videos with movements; 0 where it is not known.
        rates: the frame rates that its rows state; empty if they state none.
        sheets: names of the sheet of the table in the release; it is read where several sheets have the columns.
        flags: headings of further columns of 0 and 1, one per label; a clip may have several labels.
        unknown_frames: whether 0, -1 and an empty cell mean that a frame is unknown (see ``Moments``), and whether
            fractional numbers of frames occur.

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
    folder: Callable[[str], str] = str
    read: Callable[[Path], Records] | None = None
    optional: frozenset[Role] = frozenset()
    labels: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    videos: int = 0
    rates: tuple[float, ...] = ()
    sheets: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    unknown_frames: bool = False

    @property
    def versions(self) -> list[str]:
        """The published versions of the table, the newest last."""
        return list(self.emotions or self.rows) or ["release"]

    @property
    def known_emotions(self) -> list[str]:
        """All emotions that the published versions have."""
        counted = [emotion for published in self.emotions.values() for emotion in published]
        return list(dict.fromkeys([*counted, *self.labels]))

    def is_usual(self, clip: str) -> bool:
        """Whether a clip name is a normal one; letters and digits of full width, as in Japanese text, are in none."""
        wide = any(unicodedata.east_asian_width(sign) == FULL_WIDTH for sign in clip)
        return not wide and re.fullmatch(self.usual_clip, clip, re.ASCII) is not None

    def is_optional(self, role: Role) -> bool:
        """Whether a table may lack the column of this role."""
        return role in OPTIONAL_ROLES or role in self.optional

    def may_be(self, path: Path) -> bool:
        """Whether a file may be the coding table by its name; hidden files and lock files of Excel are not."""
        return re.fullmatch(self.files, path.stem, re.IGNORECASE) is not None and is_table_file(path)


def is_table_file(path: Path) -> bool:
    """Whether a file is a table by its suffix; hidden files and lock files of Excel are not."""
    return path.name[0] not in "~." and path.suffix.lower() in TABLE_SUFFIXES


def name_of_source(subject: str, source: Path) -> str:
    """The name of a long video whose folder alone identifies it."""
    return source_name(source)


def subject_and_clip(clip: Clip) -> Path:
    """``sub01/EP02_01f``; clips with a common folder of frames have a common folder of cropped faces."""
    return Path(clip.subject, source_name(clip.source))


def name_alone(clip: Clip) -> Path:
    """``006_1``, in a release whose folders of frames have no folder of their subject above them."""
    return Path(source_name(clip.source))


@dataclass(frozen=True)
class FrameKind:
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
        subject_of: gives the subject from the folder or video of a clip, where its parent is not the subject's folder.
        name_of: gives the name of a clip from its folder or video.
        video_name: gives the name of a long video, unique in its database, from its subject and its folder.
        emotion_of: gives the emotion that the folder of a clip states, where the folders are named by emotions.
        below: gives the path of a clip's folder of cropped faces, below the folder of all of them.
        package: pattern of the folders of another package of the release, which is not read, and how to read it.

    """

    subject_folder: str
    looked_for: str
    kinds: tuple[FrameKind, ...]
    clips_of: Callable[[Path], Iterator[Path]] = clips_below
    subject_of: Callable[[Path], str] | None = None
    name_of: Callable[[Path], str] = source_name
    emotion_of: Callable[[Path], str] | None = None
    video_name: Callable[[str, Path], str] = name_of_source
    below: Callable[[Clip], Path] = subject_and_clip
    package: tuple[str, str] | None = None

    def is_subject(self, name: str) -> bool:
        """Whether a folder of this name holds a subject."""
        return re.fullmatch(self.subject_folder, name, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Release:
    """A database as its authors distribute it.

    ``apex`` states what happens to a clip without an apex in the table: ``midpoint`` fills in the midpoint of onset and
    offset; ``unannotated`` leaves the choice to the recipe of the input.

    ``long``: the folders hold long videos, each with any number of movements. ``frames_dropped``: the camera dropped
    frames, so that a clip may lack some between its onset and offset. ``usual`` are kinds of oddities that this release
    has in many rows, and what merlab does about them. ``labels_of`` is a release whose coding table has the emotions of
    the same movements, for a table without emotions. ``whole_heads``: frames that do not begin with ``reg_`` show
    whole heads; otherwise their proportions decide.
    """

    name: str
    title: str
    fps: float
    table: TableFormat
    layout: LayoutFormat
    quirks: tuple[Quirk, ...] = ()
    apex: Literal["midpoint", "unannotated"] = "midpoint"
    long: bool = False
    frames_dropped: bool = False
    usual: Mapping[QuirkKind, str] = field(default_factory=dict)
    whole_heads: bool = True
    labels_of: Release | None = None

    def quirks_of(self, subject: str, clip: str, row: int | None = None, onset: int | None = None) -> QuirksOfClip:
        """The documented quirks of a clip by their kind; ``row`` is its line in the sheet, ``onset`` is as coded."""
        by_clip: dict[str, dict[QuirkKind, Quirk]] = defaultdict(dict)
        for quirk in self.quirks:
            by_clip[quirk.clip][quirk.kind] = quirk
        usual = {kind: Quirk("", kind, handling) for kind, handling in self.usual.items()}
        names = (f"row {row}", f"{subject} {clip}", f"{subject} {clip}@{onset}")
        return {**usual, **{kind: quirk for name in names for kind, quirk in by_clip[name].items()}}


# What people write before the number of a subject, in tables and in names of folders.
SUBJECT_WORDS = "subject|subj|sub|s|p"


def numbered_subject(text: str, *, prefix: str, digits: int, of_clip: str = "") -> str | None:
    """``sub01`` from '01', '1', '1.0', 'sub01', 'SUB 1', 'S1' or 'Subject 1', for the prefix ``sub`` and 2 digits.

    ``of_clip`` is a pattern of what follows it in the name of a clip, which is accepted as well. None for other texts.
    """
    number = rf"(?:(?:{SUBJECT_WORDS})[ _.-]*)?0*(\d{{1,{digits}}})(?:\.0|{of_clip})?"
    match = re.fullmatch(number, text.strip(), re.IGNORECASE)
    return f"{prefix}{int(match.group(1)):0{digits}d}" if match else None


def any_frames(clips: list[dict[int, str]]) -> bool:
    """Matches any frames: for the last kind of a layout."""
    return True


def cropped_faces(clips: list[dict[int, str]]) -> bool:
    """Whether file names start with ``reg_``, as registered faces in the releases of CASME and CASME II do."""
    return any(is_registered(name) for names in clips for name in names.values())


def is_registered(name: str) -> bool:
    """Whether the name of a file is that of a registered face; some disks have names in capital letters."""
    return name.lower().startswith(REGISTERED)
