"""How commands print their results: tables for people, JSON for programs."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from merlab.storage import json_text

out_console = Console()
err_console = Console(stderr=True)
# Characters of a cell that is kept in one line: a number with its interval, a word.
SHORT_CELL = 12
# Wider than any table.
MOST_WIDTH = 10_000


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning without its line of code, which is of no use on the command line."""
    err_console.print(f"[yellow]warning:[/] {escape(str(message))}", soft_wrap=True)


def print_json(content: Any) -> None:
    """Print JSON on standard output."""
    sys.stdout.write(json_text(content))


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table on standard output; a name, a number or another short cell is never broken into two lines.

    Where these do not fit, the table is wider than the terminal: a number that was cut off would be a wrong number.
    """
    table = Table(title=escape(title), title_justify="left")
    for position, column in enumerate(columns):
        cells = [row[position] for row in rows]
        widest = max(map(len, [*cells, *column.split()]))
        is_name = position == 0 and not any(" " in cell for cell in cells)
        table.add_column(column, overflow="fold", no_wrap=is_name, min_width=widest if widest <= SHORT_CELL else None)
    for row in rows:
        table.add_row(*map(escape, row))
    least = Measurement.get(out_console, out_console.options.update(width=MOST_WIDTH), table).minimum
    out_console.print(table, width=max(least, out_console.width), crop=False)
