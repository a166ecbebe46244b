"""What commands print with: a bar on standard error, tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.table import Table

from merlab.progress import Progress

out_console = Console()
err_console = Console(stderr=True)
# Between two lines of progress where there is no terminal, such as in a log.
SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on standard error, or a line now and then where that is not a terminal; yields the function to call."""
    if not err_console.is_terminal:
        yield LineProgress()
        return
    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Bar(*columns, console=err_console, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(done: float, total: int, what: str, /) -> None:
            bar.update(task, completed=done, total=total, description=escape(what))

        yield show


class LineProgress:
    """Progress as lines of text: one at once, then one every SECONDS_BETWEEN_LINES."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, done: float, total: int, what: str, /) -> None:
        """Print a line unless the last one is recent."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + SECONDS_BETWEEN_LINES
            print(f"{done:.0f}/{total} {what}", file=sys.stderr, flush=True)  # noqa: T201


def print_json(content: Any) -> None:
    """JSON alone on standard output."""
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table for people."""
    table = Table(title=escape(title), title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    out_console.print(table)
