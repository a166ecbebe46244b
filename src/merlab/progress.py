"""How a long task reports its progress, and how the progress is shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

# The time between two lines of progress if there is no terminal, as in a log.
SECONDS_BETWEEN_LINES = 10.0


class Progress(Protocol):
    """A function that is called after each step of a long task, so that a command or a notebook can show progress."""

    def __call__(self, done: float, total: int, what: str, /) -> None:
        """Report that ``done`` of ``total`` steps are finished; ``what`` describes the work in a few words."""


def silent(done: float, total: int, what: str, /) -> None:
    """Report no progress."""


@contextmanager
def shown_progress(progress: Progress | bool = True) -> Iterator[Progress]:
    """The progress function to call: ``progress`` itself, a progress bar for True, or ``silent`` for False.

    The bar is on standard error. If standard error is not a terminal, lines of text are printed from time to time.
    """
    if not isinstance(progress, bool):
        yield progress
    elif not progress:
        yield silent
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield LineProgress()


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich import progress as rich_progress
    from rich.console import Console
    from rich.markup import escape

    columns = (
        rich_progress.SpinnerColumn(),
        rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TimeElapsedColumn(),
        rich_progress.TextColumn("left:"),
        rich_progress.TimeRemainingColumn(),
        rich_progress.TextColumn("{task.description}"),
    )
    with rich_progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(done: float, total: int, what: str, /) -> None:
            bar.update(task, completed=done, total=total, description=escape(what))

        yield show


class LineProgress:
    """Progress as lines of text on standard error: the first immediately, then one every SECONDS_BETWEEN_LINES."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, done: float, total: int, what: str, /) -> None:
        """Print a line, unless the last line is recent."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + SECONDS_BETWEEN_LINES
            print(f"{done:.0f}/{total} {what}", file=sys.stderr, flush=True)  # noqa: T201
