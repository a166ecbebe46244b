"""The view of a result in a notebook: a heading, its stamps, a table of events, warnings, a link."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    import pandas as pd

# Longer tables show their first and last rows.
MOST_ROWS = 20


def result_html(heading: str, stamps: Sequence[str], events: pd.DataFrame, warnings: Sequence[str], file: Path) -> str:
    """HTML of a result, all text escaped; the link to ``file`` is relative to the working directory."""
    marks = "".join(f" <strong>[{escape(stamp)}]</strong>" for stamp in stamps)
    table = events.to_html(index=False, escape=True, border=0, max_rows=MOST_ROWS) if len(events) else ""
    limits = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    return (
        f"<div><h4>{escape(heading)}{marks}</h4>{table}"
        + (f"<p>Warnings</p><ul>{limits}</ul>" if limits else "")
        + f'<p><a href="{escape(_link(file))}">{escape(str(file))}</a></p></div>'
    )


def _link(file: Path) -> str:
    try:
        return quote(Path(os.path.relpath(file)).as_posix(), errors="replace")
    except ValueError:  # the file is on another drive of Windows
        return file.resolve().as_uri()
