"""Read and write JSON files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.storage import write_text

REMOVE_FILE = "remove it and run the command that wrote it again"


def json_text(content: object) -> str:
    """``content`` as indented JSON that every program reads, for UTF-8.

    A number that is not finite becomes null; a character that UTF-8 cannot encode, as in an unusual file name, becomes
    a JSON escape.
    """
    text = json.dumps(as_json(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def as_json(content: Any) -> Any:
    """``content`` with null for each number that is not finite, because JSON has none."""
    if isinstance(content, float) and not math.isfinite(content):
        return None
    if isinstance(content, dict):
        return {key: as_json(value) for key, value in content.items()}
    return [as_json(value) for value in content] if isinstance(content, list | tuple) else content


def write_json(path: Path, content: object) -> None:
    """Write ``content`` as JSON (see ``json_text``); the file appears whole or not at all."""
    write_text(path, json_text(content))


def read_json(path: Path, remedy: str = REMOVE_FILE) -> Any:
    """Read JSON; raises MerlabError if the file is missing, or if it is damaged, with the ``remedy``."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MerlabError(f"cannot read {path}: {error.strerror or error}; check its path and permissions") from error
    except (ValueError, RecursionError) as error:
        # A ValueError: a fault of the syntax, of the encoding, or an integer with too many digits.
        raise MerlabError(f"{path} is not valid JSON ({error}); {remedy}") from error


def read_json_object(path: Path, remedy: str = REMOVE_FILE) -> dict[str, Any]:
    """Read JSON that is an object; raises MerlabError if the file is missing or damaged, or holds anything else."""
    content = read_json(path, remedy)
    if not isinstance(content, dict):
        raise MerlabError(f"{path} holds {str(content)[:40]!r}, not an object with names and values; {remedy}")
    return content
