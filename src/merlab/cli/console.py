"""How commands print their results: tables for people, JSON for programs."""

from __future__ import annotations

import codecs
import json
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from merlab.json_files import json_text

if TYPE_CHECKING:
    import pandas as pd

# What a terminal would obey, but for what rich leaves out itself.
COMMANDS = re.compile(r"[\x00-\x06\x0e-\x1f\x7f-\x9f]")


class _PlainConsole(Console):
    """Shows names as they are: files and tables come from others, and a terminal would obey an escape in them."""

    def render_str(self, text: str, **options: Any) -> Text:
        """The text, in which an escape is written as its code."""
        return super().render_str(COMMANDS.sub(lambda found: repr(found[0])[1:-1], text), **options)


# Signs of numbers and tables for a file or terminal without them, such as those of Windows: a minus stays a minus.
PLAIN_SIGNS = {"−": "-", "–": "-", "±": "+-", "×": "x", "·": "|", "…": "...", "²": "^2"}


def in_plain_signs(error: UnicodeError) -> tuple[str | bytes, int]:
    """For ``codecs``: what is written for characters that an encoding lacks, their code where they are no such sign."""
    if isinstance(error, UnicodeEncodeError):
        # One at a time: a sign may follow a letter that is lacking too.
        error.end = error.start + 1
        if sign := PLAIN_SIGNS.get(error.object[error.start]):
            return sign, error.end
    return codecs.backslashreplace_errors(error)


# Without emoji: a label :joy: stays as it is.
out_console = _PlainConsole(emoji=False)
err_console = _PlainConsole(stderr=True, emoji=False)
# A number, with its deviation, and its interval.
INTERVAL = re.compile(r"([-+.\d]+(?: ± [.\d]+)?) (\[[-+.\d]+, [-+.\d]+\])")
# A word without letters.
NUMBER = re.compile(r"[\W\d]*\d\W*")
# Characters of a cell, a word or a number that is kept in one line.
SHORT_CELL = 12
# Characters of a long word that stay together also where words of SHORT_CELL do not fit.
LEAST_PART_OF_WORD = 6


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning without its line of code, which is of no use on the command line."""
    print_warning(str(message))


def print_warning(text: str) -> None:
    """Print a warning on standard error."""
    err_console.print(f"[yellow]warning:[/] {escape(text)}", soft_wrap=True)


def print_note(text: str, console: Console = out_console) -> None:
    """Print a note, which belongs to what was printed before it."""
    console.print(f"note: {escape(text)}", soft_wrap=True)


def print_json(content: Any) -> None:
    """Print JSON on standard output; in another encoding than UTF-8, in which programs read it, as ASCII."""
    text = json_text(content)
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    if codecs.lookup(encoding).name != "utf-8":
        text = "".join(each if each.isascii() else json.dumps(each)[1:-1] for each in text)
    print(text, end="")  # noqa: T201


def print_frame(title: str, table: pd.DataFrame) -> None:
    """Print a table of texts on standard output, as ``print_table`` does."""
    print_table(title, list(map(str, table.columns)), table.to_numpy().tolist())


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table on standard output; a name, a number or another short cell is never broken into two lines.

    Words stay whole where the table then fits the terminal, and intervals are below their values. Where short cells
    only fit without the spaces beside them, there are none. Where not even that is enough, the table is wider than the
    terminal: a number that was cut off would be a wrong number.
    """
    if _natural_width(columns, rows) > out_console.width:
        rows = [[_below(cell) for cell in row] for row in rows]
    texts = [list(column) for column in zip(columns, *rows, strict=True)]
    for spaces in (1, 0):
        room = out_console.width - (2 * spaces + 1) * len(columns) - 1
        widths = _widths(texts, room)
        if sum(widths) <= room:
            break
    table = Table(title=escape(title), title_justify="left", padding=(0, spaces))
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column, overflow="fold", min_width=width, max_width=width)
    for row in rows:
        table.add_row(*map(escape, row))
    out_console.print(table, crop=False)


def print_whole(table: Table, console: Console = out_console) -> None:
    """Print a table, wider than the terminal where its columns need it."""
    unlimited = console.options.update(width=sys.maxsize)
    needed = Measurement.get(console, unlimited, table).minimum
    if needed > console.width:
        table.width = needed
    console.print(table, crop=False)


def _widths(columns: list[list[str]], room: int) -> list[int]:
    """The characters of each column, its title first, in a table with so much room.

    Columns give way in proportion to the characters in them, so that they have about as many lines.
    """
    amounts = [sum(map(cell_len, column)) for column in columns]
    natural = [_widest_line(column) for column in columns]
    for part_of_word in range(SHORT_CELL, LEAST_PART_OF_WORD - 1, -1):
        widths = list(natural)
        least = [_least(column, position == 0, part_of_word) for position, column in enumerate(columns)]
        while sum(widths) > room and (wide := [at for at, width in enumerate(widths) if width > least[at]]):
            widths[max(wide, key=lambda at: widths[at] / amounts[at])] -= 1
        if sum(widths) <= room:
            break
    return widths


def _below(cell: str) -> str:
    """A cell of a number and its interval in two lines; any other as it is."""
    found = INTERVAL.fullmatch(cell)
    return "\n".join(found.groups()) if found else cell


def _natural_width(columns: list[str], rows: list[list[str]]) -> int:
    return sum(_widest_line(list(column)) + 3 for column in zip(columns, *rows, strict=True)) + 1


def _widest_line(texts: list[str]) -> int:
    return max((cell_len(line) for text in texts for line in text.split("\n")), default=0)


def _least(column: list[str], is_first: bool, part_of_word: int) -> int:
    """The characters that a column needs: those of a name or of short cells, else of numbers and parts of words."""
    title, *cells = column
    widest = _widest_line([*cells, *title.split()])
    if widest <= SHORT_CELL or (is_first and not any(" " in cell for cell in cells)):
        return widest
    words = (word for text in column for word in text.split())
    return max(
        (min(cell_len(word), SHORT_CELL if NUMBER.fullmatch(word) else part_of_word) for word in words), default=0
    )
