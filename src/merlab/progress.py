"""How a long task reports its progress, and how the progress is shown."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from merlab.errors import MerlabError
from merlab.loading import without_drawing
from merlab.spelling import readable

# The time between two lines of progress if there is no terminal, as in a log.
SECONDS_BETWEEN_LINES = 10.0
# With less of a stage finished, or in less time, the time left is not estimated.
LEAST_SHARE, LEAST_SECONDS = 0.005, 3.0


class Progress(Protocol):
    """A function that is called after each step of a long task, so that a command or a notebook can show progress."""

    def __call__(self, done: float, total: int, what: str, /) -> None:
        """Report that ``done`` of ``total`` steps are finished; ``what`` describes the work in a few words.

        A ``total`` of 0 means that the number of steps is not known.
        """


def silent(done: float, total: int, what: str, /) -> None:
    """Report no progress."""


@contextmanager
def shown_progress(progress: Progress | bool = True) -> Iterator[Progress]:
    """The progress function to call: ``progress`` itself, a progress bar for True, or ``silent`` for False.

    The bar is on standard error. If standard error is not a terminal, lines of text are printed from time to time.
    Raises MerlabError for anything else, and for a function that cannot be called so.
    """
    if not (isinstance(progress, bool) or callable(progress)):
        raise MerlabError(f"progress must be True, False or a function, got {progress!r}")
    if not isinstance(progress, bool):
        _require_three_arguments(progress)
        yield progress
    elif not progress or sys.stderr is None:
        # A program without a console, as of pythonw, has no standard error.
        yield silent
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield LineProgress()


def _require_three_arguments(progress: Progress) -> None:
    try:
        inspect.signature(progress).bind(0, 0, "")
    except TypeError as error:
        raise MerlabError(
            f"progress must be a function of done, total and what, called as progress(3, 10, 'training'), got "
            f"{progress!r} ({error})"
        ) from error
    except ValueError:
        # A function of a library in C does not tell.
        return


@contextmanager
def _bar() -> Iterator[Progress]:
    with without_drawing("rich.progress"):
        from rich import progress as rich_progress
        from rich.console import Console
        from rich.markup import escape

    text = rich_progress.TextColumn
    columns = (
        rich_progress.SpinnerColumn(),
        rich_progress.BarColumn(),
        text("{task.fields[count]}"),
        rich_progress.TimeElapsedColumn(),
        text("{task.fields[left]}"),
        text("{task.description}"),
    )
    with rich_progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None, count="", left="")
        remaining = TimeLeft()

        def show(done: float, total: int, what: str, /) -> None:
            """Move the bar."""
            left = remaining(done, total)
            bar.update(
                task,
                completed=done,
                total=total or None,
                description=escape(one_line(what)),
                count=f"{done:.0f}/{total}" if total else "",
                left=f"{left} left" if left else "",
            )

        yield show


class LineProgress:
    """Progress as lines of text on standard error: the first immediately, then one every SECONDS_BETWEEN_LINES."""

    def __init__(self) -> None:
        self._next = 0.0
        self._remaining = TimeLeft()

    def __call__(self, done: float, total: int, what: str, /) -> None:
        """Print a line, unless the last line is recent."""
        left = self._remaining(done, total)
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + SECONDS_BETWEEN_LINES
            count = f"{done:.0f}/{total} " if total else ""
            print(  # noqa: T201
                f"{count}{one_line(what)}{f', {left} left' if left else ''}", file=sys.stderr, flush=True
            )


class TimeLeft:
    """Estimates how long a stage still takes, from its mean speed; a change of the total begins a new stage.

    The time until its first progress is not counted, because processes start and libraries load then.
    """

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or time.monotonic
        self._total = -1
        self._first = 0.0
        self._begun: float | None = None

    def __call__(self, done: float, total: int) -> str:
        """``about 2 min``, or an empty text while nothing can be said."""
        if total != self._total or done < self._first:
            self._total, self._begun, self._first = total, None, done
        elif self._begun is None and done > self._first:
            self._begun, self._first = self._clock(), done
        if self._begun is None or not total or done >= total:
            return ""
        finished, seconds = done - self._first, self._clock() - self._begun
        if seconds < LEAST_SECONDS or finished < LEAST_SHARE * total:
            return ""
        return f"about {duration(seconds / finished * (total - done))}"


def duration(seconds: float) -> str:
    """``45 s``, ``3 min`` or ``2.5 h``."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def one_line(text: str) -> str:
    """A text, such as a file name, as one line that any terminal can show."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in readable(text))
