"""The lines of a text that is not a table of cells."""

from __future__ import annotations

from pathlib import Path

from merlab.errors import MerlabError, cannot_read


def numbered_lines(path: Path, remedy: str) -> list[tuple[int, str]]:
    """The lines of a text in UTF-8 that are not blank, each with its number from 1.

    Raises MerlabError with the ``remedy`` for a file that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise MerlabError(cannot_read(path, error, remedy)) from error
    except UnicodeDecodeError as error:
        raise MerlabError(f"{path} cannot be read: {error}; {remedy}") from error
    # Not splitlines, which also divides a line at a separator inside of a text.
    return [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
