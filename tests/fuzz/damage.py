"""Damage to bytes, to tables and to trees of settings; each function says what it did."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Random = np.random.Generator
Grid = list[list[Any]]
Node = tuple[Any, Any]

BYTES = (b",", b";", b"\t", b"\n", b"\r", b'"', b" ", b"\0", b"\xff", b"0", b"9", b"-", b".", b"\x80", b"e", b":", b"#")
ODD_VALUES: tuple[Any, ...] = (
    *(
        "",
        " ",
        "/",
        "-",
        "nan",
        "NaN",
        "inf",
        "-inf",
        "1e308",
        "1e999",
        "0",
        "-1",
        "1.5",
        "00",
        "None",
        "#REF!",
        "=1+1",
    ),
    *("9" * 30, "9" * 5000, "x" * 400, "a,b", 'a"b', "a\nb", "\u200b", "\uff11", "é", "高兴", "\ufffd", "../x", "True"),
    *(None, True, 0, -1, 1, 2.5, 1e308, 10**12, float("nan"), datetime.datetime(2020, 1, 2)),
)
ODD_TREES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, 1e308, -1e308, 10**12, 10**400, float("nan"), float("inf"), "", " ", "x", "0"),
    *("1", "1.0", "true", "no", "NaN", "9" * 400, [], {}, [1], [[]], {"x": 1}, {"": None}, datetime.date(2020, 1, 2)),
)


def damaged_bytes(content: bytes, random: Random) -> tuple[str, bytes]:
    """The content with one fault; never the same bytes, unless the content is empty."""
    kinds = (_flip, _overwrite, _special, _cut, _insert, _remove, _swap, _repeat, _zeros, _empty)
    odds = np.array([20, 10, 20, 12, 8, 8, 8, 6, 6, 2], float)
    kind = kinds[int(random.choice(len(kinds), p=odds / odds.sum()))]
    return kind.__name__[1:], kind(content, random)


def _place(content: bytes, random: Random) -> int:
    """A place in the content; every third one is near its beginning or end, where formats have their headers."""
    near = int(random.integers(3))
    if near == 0 and len(content) > 400:
        place = int(random.integers(200))
        return place if random.integers(2) else len(content) - 1 - place
    return int(random.integers(max(1, len(content))))


def _flip(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    return content[:place] + bytes([content[place] ^ 1 << int(random.integers(8))]) + content[place + 1 :]


def _overwrite(content: bytes, random: Random) -> bytes:
    place, noise = _place(content, random), random.bytes(int(random.integers(1, 32)))
    return content[:place] + noise + content[place + len(noise) :]


def _special(content: bytes, random: Random) -> bytes:
    place, byte = _place(content, random), BYTES[int(random.integers(len(BYTES)))]
    return content[:place] + byte + content[place + int(random.integers(2)) :]


def _cut(content: bytes, random: Random) -> bytes:
    return content[: _place(content, random)]


def _insert(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    return content[:place] + random.bytes(int(random.integers(1, 32))) + content[place:]


def _remove(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    return content[:place] + content[place + int(random.integers(1, 64)) :]


def _swap(content: bytes, random: Random) -> bytes:
    length = int(random.integers(1, max(2, min(512, len(content) // 3))))
    first, second = sorted(_place(content, random) for _ in range(2))
    second = max(second, first + length)
    parts = content[first : first + length], content[second : second + length]
    middle = content[first + length : second]
    return content[:first] + parts[1] + middle + parts[0] + content[second + length :]


def _repeat(content: bytes, random: Random) -> bytes:
    place, length = _place(content, random), int(random.integers(1, 512))
    return content[: place + length] + content[place:]


def _zeros(content: bytes, random: Random) -> bytes:
    place, length = _place(content, random), int(random.integers(1, 512))
    gone = content[place : place + length]
    return content[:place] + bytes(len(gone)) + content[place + length :]


def _empty(content: bytes, random: Random) -> bytes:
    return b""


def damaged_grid(grid: Grid, random: Random) -> tuple[str, Grid]:
    """A table, its first line with the column names, with one fault."""
    kinds: Sequence[Callable[[Grid, Random], None]] = (
        *(_odd_cell, _odd_cell, _odd_cell, _other_letter, _other_letter, _other_case, _padded, _as_fraction, _blank),
        *(_repeat_row, _drop_row, _empty_row, _swap_rows, _shift_right, _shift_left, _drop_column, _repeat_column),
        *(_swap_columns, _swap_names, _odd_name, _other_letter_of_name, _drop_rows),
    )
    kind = kinds[int(random.integers(len(kinds)))]
    changed = [list(line) for line in grid]
    kind(changed, random)
    return kind.__name__[1:], changed


def _cell(grid: Grid, random: Random) -> tuple[list[Any], int]:
    line = grid[int(random.integers(1, len(grid)))]
    return line, int(random.integers(len(line)))


def _odd_cell(grid: Grid, random: Random) -> None:
    line, column = _cell(grid, random)
    line[column] = ODD_VALUES[int(random.integers(len(ODD_VALUES)))]


def _blank(grid: Grid, random: Random) -> None:
    line, column = _cell(grid, random)
    line[column] = None


def _with_other_letter(text: str, random: Random) -> str:
    place = int(random.integers(len(text) + 1))
    letter = "abcXYZ019 _-"[int(random.integers(12))]
    return text[:place] + letter * int(random.integers(2)) + text[place + 1 :]


def _other_letter(grid: Grid, random: Random) -> None:
    line, column = _cell(grid, random)
    line[column] = _with_other_letter(str(line[column]), random)


def _other_case(grid: Grid, random: Random) -> None:
    line, column = _cell(grid, random)
    line[column] = str(line[column]).swapcase()


def _padded(grid: Grid, random: Random) -> None:
    line, column = _cell(grid, random)
    blank = (" ", "\u00a0", "\u3000", "\t")[int(random.integers(4))]
    line[column] = f"{line[column]}{blank}" if random.integers(2) else f"{blank}{line[column]}"


def _as_fraction(grid: Grid, random: Random) -> None:
    line, column = _cell(grid, random)
    line[column] = f"{line[column]}.0"


def _repeat_row(grid: Grid, random: Random) -> None:
    row = int(random.integers(1, len(grid)))
    grid.insert(int(random.integers(1, len(grid))), list(grid[row]))


def _drop_row(grid: Grid, random: Random) -> None:
    del grid[int(random.integers(1, len(grid)))]


def _drop_rows(grid: Grid, random: Random) -> None:
    del grid[int(random.integers(0, len(grid))) :]


def _empty_row(grid: Grid, random: Random) -> None:
    grid.insert(int(random.integers(len(grid))), [None] * len(grid[0]))


def _swap_rows(grid: Grid, random: Random) -> None:
    first, second = (int(random.integers(len(grid))) for _ in range(2))
    grid[first], grid[second] = grid[second], grid[first]


def _shift_right(grid: Grid, random: Random) -> None:
    line, column = _cell(grid, random)
    line.insert(column, None if random.integers(2) else line[column])


def _shift_left(grid: Grid, random: Random) -> None:
    line, column = _cell(grid, random)
    del line[column]


def _drop_column(grid: Grid, random: Random) -> None:
    column = int(random.integers(len(grid[0])))
    for line in grid:
        del line[column]


def _repeat_column(grid: Grid, random: Random) -> None:
    column = int(random.integers(len(grid[0])))
    for line in grid:
        line.append(line[column])


def _swap_columns(grid: Grid, random: Random) -> None:
    first, second = (int(random.integers(len(grid[0]))) for _ in range(2))
    for line in grid:
        line[first], line[second] = line[second], line[first]


def _swap_names(grid: Grid, random: Random) -> None:
    first, second = (int(random.integers(len(grid[0]))) for _ in range(2))
    grid[0][first], grid[0][second] = grid[0][second], grid[0][first]


def _odd_name(grid: Grid, random: Random) -> None:
    grid[0][int(random.integers(len(grid[0])))] = ODD_VALUES[int(random.integers(len(ODD_VALUES)))]


def _other_letter_of_name(grid: Grid, random: Random) -> None:
    column = int(random.integers(len(grid[0])))
    grid[0][column] = _with_other_letter(str(grid[0][column]), random)


def damaged_tree(tree: Any, random: Random) -> tuple[str, Any]:
    """Settings, as JSON or YAML give them, with one fault: a value, a key, a missing or a repeated entry."""
    changed = copy.deepcopy(tree)
    nodes = list(_nodes(changed))
    parent, key = nodes[int(random.integers(len(nodes)))]
    kind = int(random.integers(6))
    if kind < 3:
        parent[key] = ODD_TREES[int(random.integers(len(ODD_TREES)))]
        return f"{key} is {str(parent[key])[:20]!r}", changed
    if kind == 3:
        del parent[key]
        return f"{key} is gone", changed
    if kind == 4 and isinstance(parent, dict):
        renamed = _with_other_letter(str(key), random)
        parent[renamed] = parent.pop(key)
        return f"{key} is called {renamed}", changed
    for _ in range(int(random.choice([1, 3, 40, 3000]))):
        parent[key] = [parent[key]] if random.integers(2) else {"x": parent[key]}
    return f"{key} is nested", changed


def _nodes(tree: Any) -> Iterator[Node]:
    for key in tree if isinstance(tree, dict) else range(len(tree)):
        yield tree, key
        if isinstance(tree[key], (dict, list)):
            yield from _nodes(tree[key])
