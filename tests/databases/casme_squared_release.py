"""Trees with the layout and the sheets of CAS(ME)^2's release; the frames are tiny."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from tests.databases.release import image_bytes, write_images
from tests.helpers import SHARED

TABLE = "CAS(ME)^2code_final.xlsx"
INTERVALS = SHARED / "data" / "lgsnet_spotting" / "casme2_annotation_357.csv"
STIMULI = {101: "disgust1", 102: "disgust2", 401: "anger1", 402: "anger2", 507: "happy4"}
SUBJECTS = {"s15": 1, "s16": 2}
JPEG = image_bytes()

Row = tuple[Any, ...]


def row(subject: int | str = 1, video: str = "disgust1_1", frames: Sequence[Any] = (5, 7, 9), **other: Any) -> Row:
    """A row as in the sheet: subject, video, onset, apex, offset, action units, emotion, kind, self-report."""
    kind = f"{other.get('kind', 'micro')}-expression"
    return (subject, video, *frames, other.get("units", 4), other.get("emotion", "negative"), kind, "happyiness")


def write_workbook(path: Path, rows: Sequence[Row], *, rules: bool = True) -> Path:
    """The workbook: rows without column names, and the two sheets of naming rules."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "CASFEcode_final"
    for cells in rows:
        sheet.append(cells)
    if rules:
        first, second = workbook.create_sheet("naming rule1"), workbook.create_sheet("naming rule2")
        for folder, number in SUBJECTS.items():
            first.append([folder, int(folder[1:]), number])
        for code, stimulus in STIMULI.items():
            second.append([code, stimulus])
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook.save(path)
    return path


def write_video(root: Path, name: str = "s15/15_0101disgustingteeth", frames: int = 20) -> Path:
    """One long video of so many frames."""
    return write_frames(root, range(1, frames + 1), name)


def write_frames(root: Path, numbers: Iterable[int], name: str = "s15/15_0101disgustingteeth") -> Path:
    """One long video of frames of these numbers."""
    names = (f"img{number:03d}.jpg" for number in numbers)
    return write_images(root / "rawpic" / name, names, JPEG)


def published_rows() -> list[Row]:
    """The 357 rows with the intervals of the release, from the table of LGSNet; the emotions have published counts."""
    emotions = ["negative"] * 21 + ["others"] * 19 + ["surprise"] * 9 + ["positive"] * 8
    taken: dict[tuple[int, str], int] = defaultdict(int)
    names = {"0502": "happy1", "0503": "happy2", "0505": "happy3", "0507": "happy4", "0508": "happy5"}
    names |= {f"{code:04d}": name for code, name in STIMULI.items()}
    rows = []
    for line in csv.DictReader(INTERVALS.read_text().splitlines()):
        subject, stimulus = int(line["subject"]), names[Path(line["video"]).name[3:7]]
        taken[subject, stimulus] += 1
        micro = line["type"].startswith("micro")
        onset, offset = int(line["startFrame"]), int(line["endFrame"])
        rows.append(
            row(
                subject,
                f"{stimulus}_{taken[subject, stimulus]}",
                (onset, (onset + offset) // 2, offset),
                kind="micro" if micro else "macro",
                emotion=emotions.pop() if micro else "negative",
            )
        )
    return rows
