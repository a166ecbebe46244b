"""Tables that say what the clips are: coding tables of databases, and tables of one's own clips."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from merlab.clips import Finding
from merlab.databases.casme2 import RELEASE
from merlab.databases.coded.coding_table import read_coding_table
from merlab.databases.table import TABLE
from merlab.progress import silent
from tests.databases.casme2_release import COLUMNS_2019, published_rows
from tests.databases.release import image_bytes, write_images
from tests.fuzz.damage import Grid
from tests.fuzz.grids import TableInput, Texts
from tests.fuzz.kind import Kind, Reading, SilentChangeError
from tests.fuzz.score_tables import folded, one_letter_differs, require


class _ClipTableKind(Kind):
    """A table whose rows become clips.

    Silent: without a finding, a row that is not used, a clip with other values than the cells of its row, a name of a
    column that is not known any more although it differs by one letter, and cells of a damaged spreadsheet.
    """

    grid: ClassVar[Grid]
    formats: ClassVar[tuple[str, ...]] = (
        "csv",
        "csv-mark",
        "csv-utf16",
        "csv-gbk",
        "csv-semicolon",
        "tsv",
        "xlsx",
        "xls",
        "ods",
    )

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table = TableInput(self.grid, self.formats)
        self.path = folder / "coding.csv"
        self.path.write_bytes(self.table.encoded("csv", self.grid))
        self.sound = self.read()
        self.seen: Texts | None = None

    def damage(self, random: np.random.Generator) -> str:
        """A damaged table in any format."""
        done, name, content, self.seen = self.table.damaged(random)
        self.path = self.folder / f"coding{self.table.suffix(name)}"
        self.path.write_bytes(content)
        return done

    def judge(self, reading: Reading) -> str:
        """See the class."""
        if set(reading.said) - set(self.sound.said):
            return "said"
        if reading.value == self.sound.value:
            return "same"
        if self.seen is None:
            raise SilentChangeError(f"{set(reading.value) ^ set(self.sound.value)} of a file that has other cells")
        header = list(map(folded, self.seen[0]))
        lost = [name for name in map(folded, filter(None, self.grid[0])) if name not in header]
        near = [name for name in header if any(one_letter_differs(name, each) for each in lost)]
        require(not near, f"the column {near} is not read, which may be {lost}")
        rows = {self.clip(dict(zip(header, line, strict=False))) for line in self.seen[1:]}
        require(len(rows) == len(self.seen) - 1 == len(reading.value), "rows are lost")
        require(set(reading.value) == rows, f"{set(reading.value) - rows} is in no row")
        return "plausible"

    def clip(self, cells: dict[str, str]) -> Any:
        """The values of a clip from the cells of its row."""
        raise NotImplementedError


def _said(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    return tuple(f"{finding.where}: {finding.expected}, {finding.found}" for finding in findings)


def _number(text: str) -> int | str | None:
    """A frame number; a text that is none, which no clip can have."""
    try:
        return int(float(text)) if text not in {"", "/"} else None
    except (ValueError, OverflowError):
        return text


class CodingTable(_ClipTableKind):
    """The coding table of CASME II, with the published counts."""

    name = "coding table"
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
    formats = (*_ClipTableKind.formats, "parquet")
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
        database = get("database") or "coding"
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
