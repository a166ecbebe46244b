"""Trees with the layout, columns and published counts of CASME II's release; the frames are tiny."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from merlab.databases.casme2 import examine_tree
from merlab.databases.database import Examination
from merlab.progress import silent
from tests.databases.release import image_bytes, label, write_images, write_table

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
RELABELED_2019 = (("24", "EP07_01"), ("24", "EP07_04f"), ("24", "EP10_03"))

# The table of objective classes, which was published for the table of 2014, has these counts.
OBJECTIVE_TABLE = "CASME2-ObjectiveClasses.xlsx"
OBJECTIVE_CLASSES_2014 = {1: 25, 2: 15, 3: 99, 4: 26, 5: 20, 6: 1, 7: 69}

# Clips with known quirks: frames in the table, and frames in the folder if these differ.
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
# The MEGC2019 list has no clips of these two subjects, because all their clips are others.
OTHERS_ALONE = ("10", "18")
FOLDERS_WITHOUT_ROW = (("09", "EP02_02f"), ("24", "EP02_07"))


def row(
    subject: Any = "01", clip: Any = "EP02_01f", frames: Sequence[Any] = (46, 59, 86), **other: Any
) -> dict[str, Any]:
    """A row as column name -> cell; the defaults are the first row of the real table."""
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
    return {**cells, "Objective Classes": other.get("objective_class", 1)}


JPEG = image_bytes()


def published_rows(version: str) -> list[dict[str, Any]]:
    """255 rows with the published counts of emotions and of clips per subject; SPECIAL clips are as published."""
    rows = []
    for number, count in enumerate(CLIPS_PER_SUBJECT, start=1):
        subject = f"{number:02d}"
        names = [clip for owner, clip in SPECIAL if owner == subject]
        names += [f"EP30_{take:02d}" for take in range(1, count - len(names) + 1)]
        for clip in names:
            special = SPECIAL.get((subject, clip), {})
            emotion = "others" if subject in OTHERS_ALONE else special.get("emotion")
            rows.append(row(subject, clip, special.get("frames", (9, 10, 12)), emotion=emotion))
    label(rows, EMOTIONS_2014, "Estimated Emotion", each="happiness")
    for line in rows:
        if version == "2019" and (line["Subject"], line["Filename"]) in RELABELED_2019:
            line["Estimated Emotion"] = "surprise"
    return sorted(rows, key=lambda line: (line["Subject"], line["Filename"]))


def write_objective_classes(path: Path, rows: Sequence[Mapping[str, Any]], heading: str = "Objective Class") -> Path:
    """The table of objective classes of these clips, with the published counts."""
    lines = [{"Subject": cells["Subject"], "Filename": cells["Filename"], heading: None} for cells in rows]
    label(lines, OBJECTIVE_CLASSES_2014, heading, each=3)
    return write_table(path, lines, ("Subject", "Filename", heading))


def write_clip(layout: Path, subject: str, clip: str, numbers: Iterable[int], name: str = "reg_img{}.jpg") -> Path:
    """A folder of frames with these numbers."""
    return write_images(layout / f"sub{subject}" / clip, (name.format(number) for number in numbers), JPEG)


def write_video(path: Path, frames: int, fps: float = 200.0) -> Path:
    """A Motion-JPEG video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    assert writer.isOpened()
    pattern = np.random.default_rng(0).integers(0, 100, (48, 64, 3), np.uint8)
    for number in range(frames):
        writer.write(pattern + np.uint8(number % 100))
    writer.release()
    return path


def write_release(root: Path, version: str = "2014", rows: Sequence[Mapping[str, Any]] | None = None) -> Path:
    """A tree like the release: coding table and Cropped folder, with quirks and folders without a row."""
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
    """Examine without reporting progress."""
    return examine_tree(root, name=name, deep=deep, progress=silent)
