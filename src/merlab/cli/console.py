"""How commands print their results: tables for people, JSON for programs."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from merlab.storage import json_text

out_console = Console()
err_console = Console(stderr=True)


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
    """Print a table on standard output."""
    table = Table(title=escape(title), title_justify="left")
    for position, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=position == 0)
    for row in rows:
        table.add_row(*map(escape, row))
    out_console.print(table)
