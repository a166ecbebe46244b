"""Trees in the layout of CASME II's release, with its own columns and published counts; the frames are tiny."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from openpyxl import Workbook

from merlab.databases.base import Examination, Finding, silent
from merlab.databases.casme2 import examine_tree

COLUMNS_2014 = (
    "Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None, "Action Units", "Estimated Emotion",
)  # fmt: skip
COLUMNS_2019 = (*COLUMNS_2014, "Objective Classes")
TABLE_2014 = "CASME2-coding-20140508.xlsx"
TABLE_2019 = "CASME2-coding-20190701.xlsx"

CLIPS_PER_SUBJECT = (9, 13, 7, 5, 19, 5, 9, 3, 14, 14, 10, 12, 8, 4, 3, 4, 36, 3, 16, 11, 2, 2, 12, 10, 7, 17)
EMOTIONS_2014 = {
    "others": 99, "disgust": 63, "happiness": 32, "repression": 27, "surprise": 25, "sadness": 7, "fear": 2,
}  # fmt: skip
RELABELLED_2019 = (("24", "EP07_01"), ("24", "EP07_04f"), ("24", "EP10_03"))

# The clips that the release is known for: frames in the table, and frames in the folder where these differ.
SPECIAL: dict[tuple[str, str], dict[str, Any]] = {
    ("03", "EP01_2"): {},
    ("03", "EP08_1"): {},
    ("04", "EP12_01f"): {"frames": (261, "/", 321), "emotion": "disgust"},
    ("05", "EP09_05f"): {"frames": (69, 69, 123), "emotion": "disgust"},
    ("05", "EP16_04f"): {"frames": (20, 24, 24)},
    ("07", "EP06_01"): {"frames": (15, 49, 68), "folder": range(56, 117)},
    ("07", "EP06_02_01"): {},
    ("07", "EP06_02_02"): {},
    ("09", "EP09f"): {},
    ("12", "EP09_02"): {"frames": (16, 59, 101), "folder": range(161, 207)},
    ("12", "EP09_06"): {"frames": (20, 24, 24)},
    ("16", "EP01_08"): {"frames": (73, 85, 110), "folder": range(73, 97)},
    ("20", "EP16_01"): {"frames": (20, 24, 24)},
    ("24", "EP07_01"): {"emotion": "sadness"},
    ("24", "EP07_04f"): {"emotion": "sadness"},
    ("24", "EP10_03"): {"emotion": "sadness"},
    ("25", "EP18_04f"): {"frames": (20, 24, 24)},
}
FOLDERS_WITHOUT_ROW = (("09", "EP02_02f"), ("24", "EP02_07"))


def row(
    subject: Any = "01", clip: Any = "EP02_01f", frames: Sequence[Any] = (46, 59, 86), **other: Any
) -> dict[str, Any]:
    """A row by column name; its defaults are the first row of the real table."""
    onset, apex, offset = frames
    cells = {
        "Subject": subject,
        "Filename": clip,
        "OnsetFrame": onset,
        "ApexFrame": apex,
        "OffsetFrame": offset,
        "Action Units": other.get("action_units", 12),
        "Estimated Emotion": other.get("emotion", "happiness"),
    }
    return {**cells, "Objective Classes": 1}


def published_rows(version: str) -> list[dict[str, Any]]:
    """255 rows with the published counts of emotions and of clips a subject; SPECIAL clips are as published."""
    left = dict(EMOTIONS_2014)
    rows = []
    for number, count in enumerate(CLIPS_PER_SUBJECT, start=1):
        subject = f"{number:02d}"
        names = [clip for owner, clip in SPECIAL if owner == subject]
        names += [f"EP30_{take:02d}" for take in range(1, count - len(names) + 1)]
        for clip in names:
            special = SPECIAL.get((subject, clip), {})
            rows.append(row(subject, clip, special.get("frames", (9, 10, 12)), emotion=special.get("emotion")))
            left[special.get("emotion", "none")] = left.get(special.get("emotion", "none"), 0) - 1
    waiting = [emotion for emotion, count in left.items() for _ in range(count)]
    for line in rows:
        line["Estimated Emotion"] = line["Estimated Emotion"] or waiting.pop(0)
    for line in rows:
        if version == "2019" and (line["Subject"], line["Filename"]) in RELABELLED_2019:
            line["Estimated Emotion"] = "surprise"
    return sorted(rows, key=lambda line: (line["Subject"], line["Filename"]))


def write_table(
    path: Path,
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str | None] = COLUMNS_2014,
    title: str | None = None,
) -> Path:
    """A workbook with the table on its first sheet and two empty sheets after it, as in the release."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(list(columns))
    for cells in rows:
        sheet.append([None if column is None else cells.get(column) for column in columns])
    workbook.create_sheet("Sheet2")
    workbook.create_sheet("Sheet3")
    workbook.properties.title = title
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook.save(path)
    return path


def jpeg(width: int = 24, height: int = 30) -> bytes:
    """The bytes of a small JPEG with structure."""
    image = np.random.default_rng(width * height).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


JPEG = jpeg()


def write_clip(layout: Path, subject: str, clip: str, numbers: Iterable[int], name: str = "reg_img{}.jpg") -> Path:
    """A folder of frames with these numbers."""
    folder = layout / f"sub{subject}" / clip
    folder.mkdir(parents=True)
    for number in numbers:
        (folder / name.format(number)).write_bytes(JPEG)
    return folder


def write_video(path: Path, frames: int, fps: float = 200.0) -> Path:
    """A Motion-JPEG video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    assert writer.isOpened()
    for number in range(frames):
        writer.write(np.full((48, 64, 3), number % 256, np.uint8))
    writer.release()
    return path


def write_release(root: Path, version: str = "2014", rows: Sequence[Mapping[str, Any]] | None = None) -> Path:
    """A tree as it comes: coding table and Cropped folder, quirks and folders without a row included."""
    written = published_rows(version) if rows is None else rows
    columns, table = (COLUMNS_2014, TABLE_2014) if version == "2014" else (COLUMNS_2019, TABLE_2019)
    write_table(root / table, written, columns)
    for cells in written:
        subject, clip = cells["Subject"], cells["Filename"]
        numbers = range(cells["OnsetFrame"], cells["OffsetFrame"] + 1)
        folder = SPECIAL.get((subject, clip), {}).get("folder", numbers) if rows is None else numbers
        write_clip(root / "Cropped", subject, clip, folder)
    for subject, clip in FOLDERS_WITHOUT_ROW if rows is None else ():
        write_clip(root / "Cropped", subject, clip, range(5, 9))
    return root


def examine(root: Path, *, deep: bool = False, name: str = "casme2") -> Examination:
    """Examine without progress."""
    return examine_tree(root, name=name, deep=deep, progress=silent)


def about(examination: Examination, clip: str) -> list[Finding]:
    """The findings about one clip, subject or file, whatever their severity."""
    return [finding for finding in examination.findings if clip in finding.where]


def only(examination: Examination, clip: str) -> Finding:
    """The one finding about a clip."""
    (finding,) = about(examination, clip)
    return finding
