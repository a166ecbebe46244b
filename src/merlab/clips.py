"""The data model: a clip, and a validated table of clips with the findings of its reader."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from html import escape
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from merlab.frames import IMAGE_SUFFIXES, ClipError, Frames, open_frames
from merlab.spelling import folded, person
from merlab.vocabulary import OBJECTIVE_CLASSES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Clip:
    """One annotated movement.

    Attributes:
        database: registry name of the database that the clip belongs to, e.g. ``casme2``.
        subject: subject id inside the database, e.g. ``sub01``; unique only together with the database.
        name: clip name, e.g. ``EP02_01f``; unique only together with database and subject.
        fps: frames per second, a finite float above zero (never rounded: 29.97 stays 29.97).
        onset, apex, offset: frame numbers as in the file names, 1-based; None when unknown.
        action_units: the annotators' own string, e.g. ``4+L10``; empty when unknown.
        emotion: the annotators' label, which is kept in lower case without outer blanks; a label scheme turns it into a
            class.
        source: folder of images, a video file, or (``ststnet-flow``) one optical-flow image.
        apex_source: where the apex comes from: ``annotated``, ``corrected``, or the rule that filled it;
            ``unannotated`` if there is none, so that the recipe of the input chooses one.
        note: what the reader changed in this row and why; empty if it changed nothing.
        aligned: True for frames of aligned faces (or flow between them), False for whole heads; None if the source does
            not state it, so that the proportions of the frames decide.
        objective_class: ``I`` to ``VII`` (Davison et al. 2018); empty when unknown.

    """

    database: str
    subject: str
    name: str
    fps: float
    onset: int | None
    apex: int | None
    offset: int | None
    action_units: str
    emotion: str
    source: Path
    apex_source: str = "annotated"
    note: str = ""
    aligned: bool | None = None
    objective_class: str = ""

    def __post_init__(self) -> None:
        for column in self.__dataclass_fields__:
            object.__setattr__(self, column, _plain(column, getattr(self, column)))
        broken = list(self._broken_rules())
        if broken:
            raise ClipError(f"{self.subject} {self.name} ({self.database}): " + "; ".join(broken))

    @property
    def key(self) -> str:
        """``database/subject/name``: unique in every table."""
        return f"{self.database}/{self.subject}/{self.name}"

    @property
    def group(self) -> str:
        """``database/subject``: no split may divide the clips of one group."""
        return f"{self.database}/{self.subject}"

    @property
    def holds_flow(self) -> bool:
        """Whether the source is one stored optical-flow image, so that the clip has no frames to read."""
        return self.source.suffix.lower() in IMAGE_SUFFIXES

    def _broken_rules(self) -> Iterator[str]:
        for column in ("database", "subject", "name"):
            value = getattr(self, column)
            if not isinstance(value, str) or not value.strip():
                yield f"{column} must be a non-empty text, got {value!r}"
            elif "/" in value or "\\" in value or value in {".", ".."}:
                yield f"{column} must not contain a path separator, got {value!r}"
            elif value != value.strip():
                yield f"{column} must not begin or end with a blank, got {value!r}"
        for column in TEXTS:
            if not isinstance(getattr(self, column), str):
                yield f"{column} must be a text, empty if unknown, got {getattr(self, column)!r}"
        if not isinstance(self.source, Path):
            yield f"source must be a path, got {self.source!r}"
        if (
            not isinstance(self.fps, (int, float))
            or isinstance(self.fps, bool)
            or not math.isfinite(self.fps)
            or self.fps <= 0
        ):
            yield f"fps must be a finite number above zero, got {self.fps!r}"
        if not (self.aligned is None or isinstance(self.aligned, bool)):
            yield f"aligned must be True, False or None, got {self.aligned!r}"
        if self.objective_class not in ("", *OBJECTIVE_CLASSES):
            known_classes = ", ".join(OBJECTIVE_CLASSES)
            yield f"objective_class must be one of {known_classes} or empty, got {self.objective_class!r}"
        yield from self._broken_moments()

    def _broken_moments(self) -> Iterator[str]:
        numbers = {column: getattr(self, column) for column in MOMENTS}
        known = [(column, number) for column, number in numbers.items() if number is not None]
        wrong = [(column, number) for column, number in known if type(number) is not int or number < 1]
        for column, number in wrong:
            yield f"{column} must be a frame number (1 or higher) or None, got {number!r}"
        for (first, earlier), (second, later) in zip(known, known[1:], strict=False) if not wrong else ():
            if earlier > later:
                yield f"{first} {earlier} is after {second} {later}"


TEXTS = ("action_units", "emotion", "apex_source", "note")


def _plain(column: str, value: Any) -> Any:
    """A value in the type of its field, where that changes nothing: numbers of numpy, paths as text, case of labels."""
    if column == "source":
        return Path(value) if isinstance(value, str | PathLike) else value
    if isinstance(value, str):
        return str(value).strip().lower() if column == "emotion" else str(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


Severity = Literal["unusable", "differs", "handled"]


@dataclass(frozen=True)
class Finding:
    """One difference between the expected content of a database and the content of a folder.

    Severity ``unusable``: the clip cannot be used as it is; ``differs``: the clip can be used, but check it;
    ``handled``: a known quirk of the release, with what merlab does about it.
    """

    severity: Severity
    where: str
    expected: str
    found: str
    remedy: str


@dataclass(frozen=True)
class Source:
    """The origin of the clips of a table: the name of the database, its folder, and facts for the top of a report.

    ``options`` are the options with which it was read, as on the command line, such as ``("--table", "labels.csv")``.
    """

    name: str
    root: Path
    facts: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


PEOPLE = "read as different people; if it is one person, give one name, or folds will share this person"
CLIPS = "read as different clips; if it is one clip, keep one of the rows, or it will count several times"


def one_under_two_names(clips: Iterable[Clip]) -> Iterator[Finding]:
    """A finding for each person of a database, and each clip of a subject, that may have several names."""
    names = defaultdict(set)
    for clip in clips:
        names["one name per person", PEOPLE, clip.database, person(clip.subject)].add(clip.subject)
        names["one name per clip", CLIPS, clip.group, folded(clip.name)].add(clip.name)
    for (expected, remedy, where, _), of_one in sorted(names.items()):
        if len(of_one) > 1:
            yield Finding("differs", where, expected, " and ".join(sorted(of_one)), remedy)


COLUMNS = tuple(column.name for column in fields(Clip))
MOMENTS = ("onset", "apex", "offset")
ROWS_SHOWN = 10


@dataclass(frozen=True, repr=False)
class ClipTable:
    """A validated table of clips: every row follows the rules of Clip, and every key occurs once.

    ``stamps`` are labels (such as ``SYNTHETIC``) that every result made from the table carries. ``findings`` are the
    differences that the database reader found. ``sources`` are the databases that were read.
    """

    clips: tuple[Clip, ...]
    stamps: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        if not (isinstance(self.clips, Iterable) and all(isinstance(clip, Clip) for clip in self.clips)):
            raise ClipError(f"clips must be Clip objects, got {self.clips!r}; ClipTable.from_rows takes dictionaries")
        twice = [key for key, count in Counter(clip.key for clip in self.clips).items() if count > 1]
        if twice:
            raise ClipError(f"every clip key must occur once; these occur more than once: {', '.join(sorted(twice))}")

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]], stamps: Sequence[str] = ()) -> ClipTable:
        """Build a table from mappings of Clip's fields; raises ClipError with every faulty row and the broken rule.

        A person or a clip that may have several names gives a finding.
        """
        clips, faults = [], []
        if isinstance(rows, str) or not isinstance(rows, Iterable):
            raise ClipError(f"rows must be dictionaries with the fields of a Clip, got {rows!r}")
        for number, row in enumerate(rows, start=1):
            try:
                clips.append(Clip(**row))
            except (ClipError, TypeError) as error:
                faults.append(f"row {number}: {error}")
        if faults:
            raise ClipError("\n".join(faults))
        return cls(tuple(clips), tuple(stamps), tuple(one_under_two_names(clips)))

    @classmethod
    def joined(cls, tables: Iterable[ClipTable]) -> ClipTable:
        """One table with the clips, findings and sources of all tables; every stamp occurs once."""
        tables = list(tables) if isinstance(tables, Iterable) else [tables]
        if not all(isinstance(table, cls) for table in tables):
            raise ClipError(f"tables must be ClipTable objects, got {tables!r}")
        return cls(
            tuple(clip for table in tables for clip in table),
            tuple(dict.fromkeys(stamp for table in tables for stamp in table.stamps)),
            tuple(finding for table in tables for finding in table.findings),
            tuple(source for table in tables for source in table.sources),
        )

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[Clip]:
        return iter(self.clips)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The clips as a DataFrame with the columns of Clip; unknown frame numbers are ``<NA>``."""
        import pandas as pd

        table = pd.DataFrame(
            [[getattr(clip, column) for column in COLUMNS] for clip in self.clips], columns=list(COLUMNS)
        )
        return table.astype({"fps": float, "onset": "Int64", "apex": "Int64", "offset": "Int64", "aligned": "boolean"})

    @property
    def groups(self) -> list[str]:
        """``database/subject`` of each clip, in the order of the table."""
        return [clip.group for clip in self.clips]

    def take(self, positions: Iterable[int]) -> ClipTable:
        """A table of the clips at these positions, in this order; stamps, findings and sources stay the same."""
        return replace(self, clips=tuple(self.clips[position] for position in positions))

    def frames(self, clip: Clip) -> Frames:
        """The frames of one clip; each frame is decoded only when it is read."""
        if not isinstance(clip, Clip):
            raise ClipError(f"clip must be a Clip, such as table[0], got {clip!r}")
        return open_frames(clip.source)

    def __getitem__(self, which: int | str) -> Clip:
        """The clip at a position, with a key ``database/subject/name``, or with a name that occurs only once.

        Raises IndexError for a position outside the table, and ClipError for a text that does not identify one clip.
        """
        if isinstance(which, Integral):
            return self.clips[int(which)]
        if not isinstance(which, str):
            raise ClipError(f"a clip is chosen by its position, its key or its name, got {which!r}")
        found = [clip for clip in self.clips if which == clip.key] or [
            clip for clip in self.clips if which == clip.name
        ]
        if len(found) != 1:
            fault = f"{len(found)} clips have the name {which!r}" if found else f"no clip has the name {which!r}"
            raise ClipError(f"{fault}; give its key, such as {self.clips[0].key if self.clips else 'casme2/sub01/EP1'}")
        return found[0]

    def plot(self, clip: Clip | int | str) -> Figure:
        """Onset, apex and offset of a clip, and the optical flow from onset to apex, as a matplotlib figure.

        ``clip`` is a clip, or its position, key or name (see ``__getitem__``). Raises ClipError if a frame is absent or
        damaged.
        """
        from merlab.key_frames import key_frames_figure, stored_flow_figure

        clip = clip if isinstance(clip, Clip) else self[clip]
        units = f", AU {clip.action_units}" if clip.action_units else ""
        title = f"{clip.key}: {clip.emotion or 'unlabeled'}{units}" + "".join(f" [{stamp}]" for stamp in self.stamps)
        if clip.holds_flow:
            return stored_flow_figure(clip.source, title)
        moments = {name: getattr(clip, name) for name in MOMENTS if getattr(clip, name) is not None}
        return key_frames_figure(self.frames(clip), moments, title)

    def __repr__(self) -> str:
        databases = ", ".join(dict.fromkeys(clip.database for clip in self.clips)) or "no database"
        stamps = "".join(f" [{stamp}]" for stamp in self.stamps)
        return (
            f"ClipTable: {len(self)} clips of {len(set(self.groups))} subjects ({databases}), "
            f"{len(self.findings)} findings{stamps}"
        )

    def _repr_html_(self) -> str:
        labels = Counter(clip.emotion or "unlabeled" for clip in self.clips)
        counts = ", ".join(f"{label} {count}" for label, count in labels.most_common())
        head = self.frame.head(ROWS_SHOWN).drop(columns=["source", "note"]).to_html(index=False, border=0)
        return f"<p>{escape(repr(self))}<br>{escape(counts)}</p>{head}"
