"""Trees with the layout, columns and published counts of SAMM's release; the frames are tiny."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from merlab.databases.database import Examination
from merlab.databases.samm import SAMM
from merlab.progress import silent
from tests.databases.release import image_bytes, label, write_images, write_table

TABLE = "SAMM_Micro_FACS_Codes_v2.xlsx"
COLUMNS = (
    "Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration", "Micro",
    "Action Units", "Estimated Emotion", "Objective Classes", "Notes",
)  # fmt: skip
NOTES = 13

EMOTIONS = {
    "Anger": 57, "Happiness": 26, "Other": 26, "Surprise": 15, "Contempt": 12, "Disgust": 9, "Fear": 8, "Sadness": 6,
}  # fmt: skip
OBJECTIVE_CLASSES = {"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3, "VI": 7, "VII": 84}

# 159 clips of 29 subjects. One subject has only clips of Other (so MEGC2019 has 28 subjects), and two have no clip of
# the five frequent emotions (so these have 27 subjects).
CLIPS_PER_SUBJECT = {"006": 8, "013": 9, "028": 6, "032": 7, "021": 3, "024": 2, "025": 2}
CLIPS_PER_SUBJECT |= {f"1{number:02d}": 5 + (number < 12) for number in range(22)}
ALONE = {"021": "Other", "024": "Disgust", "025": "Fear"}

# Rows with known quirks: frames in the table, and the last frame in the folder.
SPECIAL: dict[tuple[str, str], tuple[tuple[int, int, int], int]] = {
    ("028", "028_4_1"): ((1090, 1143, 1134), 1134),
    ("032", "032_3_1"): ((4896, 1930, 4940), 4940),
    ("032", "032_3_2"): ((5126, 5127, 5134), 5134),
    ("013", "013_1_9"): ((5730, 5734, 5745), 5739),
}
JPEG = image_bytes()


def row(
    subject: Any = "006", clip: Any = "006_1_2", frames: Sequence[Any] = (562, 567, 572), **other: Any
) -> dict[str, Any]:
    """A row as column name -> cell."""
    onset, apex, offset = frames
    return {
        "Subject": subject,
        "Filename": clip,
        "Inducement Code": 1,
        "Onset Frame": onset,
        "Apex Frame": apex,
        "Offset Frame": offset,
        "Duration": other.get("duration", offset - onset + 1 if isinstance(offset, int) else None),
        "Micro": "Micro - 1/2",
        "Action Units": other.get("action_units", "4D+9B"),
        "Estimated Emotion": other.get("emotion", "Anger"),
        "Objective Classes": other.get("objective_class", "I"),
    }


def published_rows() -> list[dict[str, Any]]:
    """159 rows with the published counts of emotions; SPECIAL rows are as published."""
    rows = []
    for subject, count in CLIPS_PER_SUBJECT.items():
        names = [clip for owner, clip in SPECIAL if owner == subject]
        names += [f"{subject}_7_{take}" for take in range(1, count - len(names) + 1)]
        for take, clip in enumerate(sorted(names)):
            frames, _ = SPECIAL.get((subject, clip), ((9990 + take, 9992 + take, 9994 + take), 0))
            rows.append(row(subject, clip, frames, emotion=ALONE.get(subject), objective_class=None))
    label(rows, EMOTIONS, "Estimated Emotion", each="Anger")
    label(rows, OBJECTIVE_CLASSES, "Objective Classes", each="VII")
    return sorted(rows, key=lambda line: (line["Subject"], line["Filename"]))


def write_release(root: Path, rows: Sequence[Mapping[str, Any]] | None = None, notes: int = NOTES) -> Path:
    """A tree like the release: a table below notes, and frame numbers of 4 or 5 digits."""
    written = published_rows() if rows is None else rows
    write_table(root / TABLE, written, COLUMNS, sheets=("MICRO_ONLY",), notes=notes)
    for cells in written:
        subject, clip = cells["Subject"], cells["Filename"]
        _, last = SPECIAL.get((subject, clip), (None, cells["Offset Frame"]))
        digits = 5 if subject == "006" or last > 9999 else 4
        names = [f"{subject}_{number:0{digits}d}.jpg" for number in range(cells["Onset Frame"], last + 1)]
        write_images(root / "SAMM" / subject / clip, names, JPEG)
    return root


def examine(root: Path, *, deep: bool = False) -> Examination:
    """Examine without reporting progress."""
    return SAMM.examine(root, deep, silent)
