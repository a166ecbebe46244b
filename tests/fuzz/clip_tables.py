"""Tables that say what the clips are: coding tables of databases, and tables of one's own clips."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from merlab.clips import Finding
from merlab.databases.casme2 import RELEASE
from merlab.databases.coded.coding_table import read_coding_table
from merlab.databases.table import TABLE
from merlab.progress import silent
from tests.databases.casme2_release import COLUMNS_2019, published_rows
from tests.databases.release import image_bytes, write_images
from tests.fuzz.damage import Grid
from tests.fuzz.grids import Texts
from tests.fuzz.kind import Reading, require
from tests.fuzz.table_kind import CODING_FORMATS, TableKind


class _ClipTableKind(TableKind):
    """A table whose rows become clips.

    Silent too: without a finding, a row that is not used, and a clip with other values than the cells of its row.
    """

    def compare(self, value: Any, header: list[str], lines: Texts) -> None:
        """Every row is a clip with the values of its cells."""
        rows = {self.clip(dict(zip(header, line, strict=False))) for line in lines}
        require(len(rows) == len(lines) == len(value), "rows are lost")
        require(set(value) == rows, f"{set(value) - rows} is in no row")

    @abstractmethod
    def clip(self, cells: dict[str, str]) -> Any:
        """The values of a clip from the cells of its row."""


def _said(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    return tuple(f"{finding.where}: {finding.expected}, {finding.found}" for finding in findings)


def _number(text: str) -> int | str | None:
    """A frame number, None for an empty cell, or the text of a cell that is not a number, which no clip has."""
    try:
        return int(float(text)) if text not in {"", "/"} else None
    except (ValueError, OverflowError):
        return text


class CodingTable(_ClipTableKind):
    """The coding table of CASME II, with the published counts."""

    name = "coding table"
    formats = CODING_FORMATS
    grid: ClassVar[Grid] = [
        list(COLUMNS_2019),
        *[[row.get(column) if column else None for column in COLUMNS_2019] for row in published_rows("2019")],
    ]

    def read(self) -> Reading:
        """The rows."""
        table = read_coding_table(self.path, RELEASE)
        rows = [
            (row.subject, row.clip, row.onset, row.apex, row.offset, row.action_units, row.emotion)
            for row in table.rows
        ]
        return Reading(tuple(rows), _said(table.findings))

    def clip(self, cells: dict[str, str]) -> Any:
        """See the base."""
        frames = [_number(cells[name]) for name in ("onsetframe", "apexframe", "offsetframe")]
        subject = int(float(cells["subject"].lower().replace("sub", "")))
        emotion = cells["estimatedemotion"].lower()
        return (f"sub{subject:02d}", cells["filename"], *frames, cells.get("actionunits", ""), emotion)


class OwnClips(_ClipTableKind):
    """A table of one's own clips, ``--database table``."""

    name = "table of clips"
    grid: ClassVar[Grid] = [
        ["database", "subject", "clip", "frames", "onset", "apex", "offset", "fps", "label", "action_units"],
        *[
            ["lab", f"p{subject:02d}", f"c{clip}", f"f/p{subject:02d}-c{clip}", 2 + clip, 5, 8, 200, label, "4+L10"]
            for subject in range(1, 6)
            for clip, label in enumerate(("happiness", "disgust", "surprise"))
        ],
    ]

    def __init__(self, folder: Path) -> None:
        for line in self.grid[1:]:
            write_images(folder / line[3], [f"img{number}.png" for number in range(1, 11)], image_bytes(suffix=".png"))
        super().__init__(folder)

    def read(self) -> Reading:
        """The clips; columns that are not read are among the facts of an examination."""
        found = TABLE.examine(self.path, False, silent)
        clips = [
            (clip.database, clip.subject, clip.name, str(clip.source), clip.onset, clip.apex, clip.offset, clip.fps,
             clip.emotion, clip.action_units)
            for clip in found.clips
        ]  # fmt: skip
        unread = found.facts.get("columns not read")
        return Reading(tuple(clips), (*_said(found.findings), *([f"not read: {unread}"] if unread else [])))

    def clip(self, cells: dict[str, str]) -> Any:
        """See the base; without a database, the file gives its name."""
        get = {name: "" if text.lower() in {"na", "n/a", "nan"} else text for name, text in cells.items()}.get
        database = get("database") or "table"
        source = str(self.folder / cells["frames"].replace("\\", "/"))
        numbers = [
            _number("" if get(name, "").lower() == "none" else get(name, "")) for name in ("onset", "apex", "offset")
        ]
        fps = float(get("fps", "nan"))
        return (
            database,
            cells["subject"],
            cells["clip"],
            source,
            *numbers,
            fps,
            get("label", "").lower(),
            get("actionunits", ""),
        )
