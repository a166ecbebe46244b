"""The table of attacks in the documentation: what was tried, and what must come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "howto" / "serve.md"
HEADING = "| attack | status or state | what is said |"


def rows() -> dict[str, tuple[str, str]]:
    """Attack -> (status or state, what is said), as the documentation has it."""
    lines = DOCUMENT.read_text(encoding="utf-8").split(HEADING)[1].splitlines()[2:]
    table = [line for line in lines if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]
    return {attack: (status, said) for attack, status, said in cells}


def assert_as_documented(attack: str, found: httpx.Response | dict[str, Any]) -> None:
    """An answer, or a job, is what the documentation says of this attack."""
    if isinstance(found, httpx.Response):
        told = (str(found.status_code), found.json()["error"])
    else:
        told = (found["state"], found["error"])
    assert told == rows().get(attack)
