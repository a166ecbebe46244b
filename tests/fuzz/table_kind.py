"""What all kinds of tables share: how they are damaged in every format, and which names of columns may be lost."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tests.fuzz.damage import Grid
from tests.fuzz.grids import TableInput, Texts
from tests.fuzz.kind import Kind, Reading, require

# No release of a database has its coding table as Parquet.
CODING_FORMATS = ("csv", "csv-mark", "csv-utf16", "csv-gbk", "csv-semicolon", "tsv", "xlsx", "xls", "ods")
FORMATS = (*CODING_FORMATS, "parquet")


def folded(name: str) -> str:
    """A column name without blanks and case."""
    return "".join(name.split()).replace("_", "").lower()


def one_letter_differs(one: str, other: str) -> bool:
    """Whether a word becomes the other one when a single letter is changed, left out or added."""
    cuts = [{word[:place] + "?" + word[place + 1 :] for place in range(len(word))} for word in (one, other)]
    gone = [{word[:place] + word[place + 1 :] for place in range(len(word))} for word in (one, other)]
    return one != other and (bool(cuts[0] & cuts[1]) or one in gone[1] or other in gone[0])


class TableKind(Kind):
    """A table with one header line.

    Silent: without a word, another value of a file in which no other cells can be read, and a column that is not read
    any more although its name differs by one letter; besides, what ``compare`` finds.
    """

    grid: ClassVar[Grid]
    formats: ClassVar[tuple[str, ...]] = FORMATS

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table = TableInput(self.grid, self.formats)
        self.path = folder / "table.csv"
        self.path.write_bytes(self.table.encoded("csv", self.grid))
        self.sound = self.read()
        self.seen: Texts | None = None

    def damage(self, random: np.random.Generator) -> str:
        """A damaged table in any format."""
        done, name, content, self.seen = self.table.damaged(random)
        self.path = self.folder / f"table{self.table.suffix(name)}"
        self.path.write_bytes(content)
        return done

    def judge(self, reading: Reading) -> str:
        """See the class."""
        if set(reading.said) - set(self.sound.said):
            return "said"
        if reading.value == self.sound.value:
            return "same"
        require(bool(self.seen), f"{str(reading.value)[:300]} of a file without other cells")
        assert self.seen
        header = list(map(folded, self.seen[0]))
        lost = [name for name in map(folded, filter(None, self.grid[0])) if name not in header]
        near = [name for name in header if any(one_letter_differs(name, each) for each in lost)]
        require(not near, f"the column {near} is not read, which may be {lost}")
        self.compare(reading.value, header, self.seen[1:])
        return "plausible"

    @abstractmethod
    def compare(self, value: Any, header: list[str], lines: Texts) -> None:
        """Raises SilentChangeError unless the value is that of these lines; names of columns are folded."""
