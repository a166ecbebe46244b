"""Numbers that a spreadsheet shows with leading zeros, or with letters before them, as a name: 7 as 007 or as sub007.

So the user names the folders, and so the program writes the table as a text.
"""

from __future__ import annotations

import re
from typing import TypeGuard

# As in 000 and "sub"000; what follows a semicolon is for negative numbers.
NAME_FORMAT = re.compile(r'(?:"([^\W\d_]+)")?(0{2,})(?:;.*)?', re.DOTALL)
NAME = re.compile(r"([^\W\d_]*)(\d+)")


def in_format(value: object, number_format: str) -> object:
    """``007`` for 7 in the number format ``000`` of Excel; other values, and values in other formats, as they are."""
    match = NAME_FORMAT.fullmatch(number_format)
    if match is None or not _may_be_name(value):
        return value
    letters, zeros = match.groups(default="")
    return f"{letters}{int(value):0{len(zeros)}d}"


def as_shown(value: float, shown: str) -> str | float:
    """What a cell shows where this is its value, perhaps behind zeros or letters: ``007``; else the value."""
    match = NAME.fullmatch(shown.strip())
    return match[0] if match and int(match[2]) == value else value


def _may_be_name(value: object) -> TypeGuard[float]:
    """Whether a value is a whole number from 0 up, and not a truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and float(value).is_integer()
