"""Helpers for trees of all releases: workbooks, tiny frames, faults, and findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from openpyxl import Workbook, load_workbook

from merlab.clips import Finding
from merlab.databases.database import Examination

# Many trees have the same table: the files of the workbooks that were written, by what is in them.
WRITTEN: dict[str, bytes] = {}


def write_table(
    path: Path,
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str | None],
    title: str | None = None,
    *,
    sheets: Sequence[str] = ("Sheet1", "Sheet2", "Sheet3"),
    notes: int = 0,
) -> Path:
    """A workbook with the table on its first sheet, below ``notes`` lines of notes; the other sheets are empty."""
    lines = [[f"note {number}"] for number in range(notes)] + [list(columns)]
    lines += [[None if column is None else cells.get(column) for column in columns] for cells in rows]
    content = repr((lines, title, sheets))
    if content not in WRITTEN:
        WRITTEN[content] = _workbook(lines, title, sheets)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(WRITTEN[content])
    return path


def _workbook(lines: Sequence[list[Any]], title: str | None, sheets: Sequence[str]) -> bytes:
    workbook, file = Workbook(), BytesIO()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = sheets[0]
    for line in lines:
        sheet.append(line)
    for name in sheets[1:]:
        workbook.create_sheet(name)
    workbook.properties.title = title
    workbook.save(file)
    return file.getvalue()


def image_bytes(width: int = 24, height: int = 30, suffix: str = ".jpg") -> bytes:
    """The bytes of a small image of random pixels."""
    image = np.random.default_rng(width * height).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.imencode(suffix, image)[1].tobytes()


def write_images(folder: Path, names: Iterable[str], content: bytes) -> Path:
    """A folder with files of these names and this content; the folder may already exist.

    All but the first are links to it, which take a tenth of the time. To change one, see ``replace_content``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first: Path | None = None
    for path in (folder / name for name in names):
        path.unlink(missing_ok=True)
        if first is None:
            path.write_bytes(content)
            first = path
        else:
            path.hardlink_to(first)
    return folder


def replace_content(path: Path, content: bytes) -> None:
    """Give this file alone another content, whatever links to it."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def label(rows: Sequence[dict[str, Any]], counts: Mapping[Any, int], column: str, each: object) -> None:
    """Fill empty cells of ``column`` to get these ``counts``; the first such row of each subject gets ``each``."""
    given = Counter(line[column] for line in rows)
    left = [emotion for emotion, count in counts.items() for _ in range(count - given[emotion])]
    waiting = [line for line in rows if not line[column]]
    first = {line["Subject"]: line for line in reversed(waiting)}
    for line in first.values():
        line[column] = left.pop(left.index(each))
    for line in waiting:
        line[column] = line[column] or left.pop()


def about(examination: Examination, where: str) -> list[Finding]:
    """All findings about one clip, subject or file."""
    return [finding for finding in examination.findings if where in finding.where]


def only(examination: Examination, where: str) -> Finding:
    """The only finding about a clip."""
    (finding,) = about(examination, where)
    return finding


def middle(clip: Path) -> Path:
    """The file of the clip's middle frame."""
    frames = sorted(clip.iterdir())
    return frames[len(frames) // 2]


def truncate(clip: Path) -> None:
    """Cut the clip's middle frame in half."""
    frame = middle(clip)
    replace_content(frame, frame.read_bytes()[: frame.stat().st_size // 2])


def empty(clip: Path) -> None:
    """Make the clip's middle frame an empty file."""
    replace_content(middle(clip), b"")


def take_away(clip: Path) -> None:
    """Remove the clip's middle frame."""
    middle(clip).unlink()


def rename(clip: Path) -> None:
    """Give the clip's folder a name that is not in the table."""
    clip.rename(clip.with_name("my " + clip.name))


def remove(clip: Path) -> None:
    """Remove the clip's folder."""
    for frame in clip.iterdir():
        frame.unlink()
    clip.rmdir()


FAULTS: dict[str, Callable[[Path], None]] = {
    "truncated frame": truncate,
    "0-byte frame": empty,
    "missing frame": take_away,
    "renamed folder": rename,
    "missing folder": remove,
}


def edit_table(path: Path, clip: str, column: str, value: str | int | None) -> None:
    """Change one cell of a workbook, in the row of ``clip`` and the column with this heading."""
    workbook = load_workbook(path)
    sheet = workbook.worksheets[0]
    heading = next(cell for line in sheet.iter_rows() for cell in line if cell.value == column)
    line = next(line for line in sheet.iter_rows() if clip in [cell.value for cell in line])
    line[heading.column - 1].value = value
    workbook.save(path)
