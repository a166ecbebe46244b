"""The table of attacks in the documentation: each attack, and the answer that is expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "howto" / "serve.md"
HEADING = "| attack | status or state | message |"


def rows() -> dict[str, tuple[str, str]]:
    """Attack -> (status or state, message), from the documentation."""
    lines = DOCUMENT.read_text(encoding="utf-8").split(HEADING)[1].splitlines()[2:]
    table = [line for line in lines if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]
    return {attack: (status, message) for attack, status, message in cells}


def assert_as_documented(attack: str, found: httpx.Response | dict[str, Any]) -> None:
    """The answer, or the job, is as the documentation states for this attack."""
    if isinstance(found, httpx.Response):
        answer = (str(found.status_code), found.json()["error"])
    else:
        answer = (found["state"], found["error"])
    assert answer == rows().get(attack)
