"""Trees with the layout, columns and published counts of the first CASME's release; the frames are tiny."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from merlab.databases.casme import CASME
from merlab.databases.database import Examination
from merlab.progress import silent
from tests.databases.release import image_bytes, label, write_images, write_table

TABLE = "CASME-coding.xlsx"
COLUMNS = ("Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "AU", "Emotion")

EMOTIONS = {
    "tense": 68, "disgust": 45, "repression": 39, "surprise": 20, "happiness": 7, "sadness": 6, "contempt": 2,
    "fear": 2,
}  # fmt: skip
CLIPS_PER_SUBJECT = {subject: 11 if subject <= 9 else 10 for subject in range(1, 19)}

# Line of the sheet -> frames in the table, and frames in the folder.
SPECIAL = {
    42: ((200, 220, 249), range(100, 150)),
    44: ((10, 14, 19), range(101, 120)),
    45: ((157, 165, 174), range(57, 75)),
    56: ((30, 35, 50), range(30, 41)),
    142: ((130, 135, 152), range(130, 143)),
}
JPEG = image_bytes()


def row(subject: Any = 1, clip: Any = "EP01_12", frames: Sequence[Any] = (73, 76, 80), **other: Any) -> dict[str, Any]:
    """A row as column name -> cell."""
    onset, apex, offset = frames
    return {
        "Subject": subject,
        "Filename": clip,
        "OnsetF": onset,
        "ApexF1": apex,
        "ApexF2": other.get("second_apex"),
        "OffsetF": offset,
        "AU": other.get("action_units", 4),
        "Emotion": other.get("emotion", "tense"),
    }


def published_rows() -> list[dict[str, Any]]:
    """189 rows with the published counts of emotions; one subject has a name twice; SPECIAL rows are as published."""
    rows = [row(), row(frames=(163, 166, 170))]
    rows += [
        row(subject, f"EP{take:02d}_{subject:02d}", (9, 10, 12))
        for subject, count in CLIPS_PER_SUBJECT.items()
        for take in range(1 if subject > 1 else 3, count + 1)
    ]
    for line, cells in enumerate(rows, start=2):
        frames, _ = SPECIAL.get(line, (tuple(cells[column] for column in ("OnsetF", "ApexF1", "OffsetF")), None))
        cells.update(zip(("OnsetF", "ApexF1", "OffsetF"), frames, strict=True), Emotion=None)
    label(rows, EMOTIONS, "Emotion", each="tense")
    return rows


def write_release(root: Path, rows: Sequence[Mapping[str, Any]] | None = None) -> Path:
    """A tree like the release; clips of a subject with the same name share a folder."""
    written = published_rows() if rows is None else rows
    write_table(root / TABLE, written, COLUMNS)
    for line, cells in enumerate(written, start=2):
        numbers = range(cells["OnsetF"], cells["OffsetF"] + 1)
        held = SPECIAL[line][1] if rows is None and line in SPECIAL else numbers
        folder = root / "Cropped" / f"sub{cells['Subject']:02d}" / cells["Filename"]
        write_images(folder, (f"reg_{cells['Filename']}-{number:03d}.jpg" for number in held), JPEG)
    return root


def examine(root: Path, *, deep: bool = False) -> Examination:
    """Examine without reporting progress."""
    return CASME.examine(root, deep, silent)
