"""Numbers in documents come from stored runs and from published.csv: a command fills blocks of Markdown.

A block is two lines of their own, ``<!-- KIND: NAME -->`` and ``<!-- end -->``; the lines between them are replaced.
KIND is one of ``merlab.reports.blocks.BLOCKS``.
"""

from __future__ import annotations

import re
from pathlib import Path

from merlab.errors import MerlabError
from merlab.given import require_file
from merlab.reports.blocks import BLOCKS
from merlab.storage import keep_text

START = re.compile(rf"<!-- *(?P<kind>{'|'.join(BLOCKS)}): *(?P<name>.*?) *-->")
END = "<!-- end -->"


def fill(document: Path, results: Path, check: bool) -> bool:
    """Put the tables of stored runs and of published results into a document; ``check`` writes nothing.

    Returns whether the document is up to date afterwards: False only with ``check``, when a block would change. Raises
    MerlabError for a block that is not closed or not begun, or that requests a result that does not exist.
    """
    require_file(document, "choose a Markdown file")
    try:
        present = document.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MerlabError(f"cannot read {document}: {error}; choose a Markdown file") from error
    return keep_text(document, _filled(present, document, results), check)


def _filled(text: str, document: Path, results: Path) -> str:
    lines: list[str] = []
    opened: int | None = None
    for position, line in enumerate(text.splitlines(keepends=True), start=1):
        start = START.fullmatch(line.strip())
        if start and opened is None:
            opened = position
            lines += [line, BLOCKS[start["kind"]](start["name"], results, f"{document} line {position}")]
        elif start:
            break
        elif line.strip() == END:
            if opened is None:
                raise MerlabError(
                    f"{document} line {position}: {END} ends no block; begin it with a line <!-- KIND: NAME -->, where "
                    f"KIND is one of {', '.join(BLOCKS)}"
                )
            opened = None
            lines.append(line)
        elif opened is None:
            lines.append(line)
    if opened is not None:
        raise MerlabError(f"{document} line {opened}: the block is not closed; end it with a line {END}")
    return "".join(lines)
