"""A validated table of clips, with the findings of its reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

from merlab.clips.clip import COLUMNS, MOMENTS, Clip, clip_of_row
from merlab.clips.findings import Finding, Source, one_under_two_names
from merlab.errors import MerlabError
from merlab.frames import ClipError, Frames, open_frames
from merlab.given import as_whole, is_whole, naming_fields
from merlab.spelling import counted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Item = TypeVar("Item")
ROWS_SHOWN = 10
OF_A_MASK = " (those of a mask: numpy.flatnonzero(mask))"
HINTS: Mapping[type, str] = {Clip: "; ClipTable.from_rows takes dictionaries", str: "; give one as [text]"}


@naming_fields()
@dataclass(frozen=True, repr=False)
class ClipTable:
    """A validated table of clips: every row follows the rules of Clip, and every key occurs once.

    ``clips`` are its rows. ``stamps`` are labels (such as ``SYNTHETIC``) that every result made from the table carries.
    ``findings`` are the differences that the database reader found. ``sources`` are the databases that were read.
    """

    clips: tuple[Clip, ...]
    stamps: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        for name, kind in (("clips", Clip), ("stamps", str), ("findings", Finding), ("sources", Source)):
            object.__setattr__(self, name, _all_of(kind, getattr(self, name), name))
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
        if hasattr(rows, "to_dict"):
            raise ClipError('rows must be dictionaries, one for each clip; for a DataFrame: table.to_dict("records")')
        for number, row in enumerate(rows, start=1):
            try:
                clips.append(clip_of_row(row))
            except MerlabError as error:
                faults.append(f"row {number}: {error}")
        if faults:
            raise ClipError("\n".join(faults))
        return cls(tuple(clips), _all_of(str, stamps, "stamps"), tuple(one_under_two_names(clips)))

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
        """A table of the clips at these positions, in this order; stamps, findings and sources stay the same.

        Raises MerlabError for anything but whole numbers from 0 to the number of clips - 1, each once.
        """
        given = list(positions) if isinstance(positions, Iterable) else [positions]
        chosen = [as_whole(each, "a position", 0, len(self) - 1, OF_A_MASK) for each in given]
        return replace(self, clips=tuple(self.clips[position] for position in chosen))

    def frames(self, clip: Clip) -> Frames:
        """The frames of one clip; each frame is decoded only when it is read."""
        if not isinstance(clip, Clip):
            raise ClipError(f"clip must be a Clip, such as table[0], got {clip!r}")
        return open_frames(clip.source)

    def __getitem__(self, which: int | str) -> Clip:
        """The clip at a position, with a key ``database/subject/name``, or with a name that occurs only once.

        Raises IndexError for a position outside the table, and ClipError for a text that does not identify one clip.
        """
        if is_whole(which):
            if not -len(self) <= which < len(self):
                raise IndexError(f"the table has {counted(len(self), 'clip')}, and none at position {which}")
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

        ``clip`` is a clip, its position, its key, or a name that occurs only once. Raises ClipError if a frame is
        absent or damaged.
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
            f"ClipTable: {counted(len(self), 'clip')} of {counted(len(set(self.groups)), 'subject')} ({databases}), "
            f"{counted(len(self.findings), 'finding')}{stamps}"
        )

    def _repr_html_(self) -> str:
        labels = Counter(clip.emotion or "unlabeled" for clip in self.clips)
        counts = ", ".join(f"{label} {count}" for label, count in labels.most_common())
        head = self.frame.head(ROWS_SHOWN).drop(columns=["source", "note"]).to_html(index=False, border=0)
        return f"<p>{escape(repr(self))}<br>{escape(counts)}</p>{head}"


def _all_of(kind: type[Item], given: object, name: str) -> tuple[Item, ...]:
    """Objects of one class; raises ClipError for anything else, also for one text in the place of several."""
    items = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (None,)
    if not all(isinstance(item, kind) for item in items):
        objects = "texts" if kind is str else f"{kind.__name__} objects"
        raise ClipError(f"{name} must be {objects}, got {given!r}{HINTS.get(kind, '')}")
    return items
