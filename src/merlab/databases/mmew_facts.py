"""Public facts about MMEW: counts, and rows that disagree with the folders.

Sources: ``MMEW_Micro_Exp.xlsx`` (300 rows); MEB (github.com/tvaranka/meb, Apache-2.0, meb/datasets/datasets.py) for the
rows whose apex and offset it corrects so that the offset is the last frame in the folder (it compares both). MEB
identifies rows by their index; the numbers here are lines of the sheet, MEB's index plus 2.
"""

from __future__ import annotations

from merlab.databases.coded.quirks import Quirk

FPS = 90.0

EMOTIONS: dict[str, dict[str, int]] = {
    "2021": {
        "surprise": 89,
        "disgust": 72,
        "others": 66,
        "happiness": 36,
        "fear": 16,
        "sadness": 13,
        "anger": 8,
    },
}

RANGE = "the folder lacks the frames of the table: the apex and offset of MEB are used"
# Line of the sheet -> apex, offset.
CORRECTED = {
    35: (40, 75),
    37: (15, 54),
    38: (46, 59),
    39: (20, 98),
    40: (25, 80),
    41: (20, 93),
    42: (23, 58),
    43: (28, 61),
    44: (32, 68),
    144: (56, 88),
    145: (32, 80),
    147: (27, 85),
    148: (22, 61),
    150: (29, 108),
    156: (31, 72),
    158: (38, 106),
}

QUIRKS = tuple(
    Quirk(f"row {row}", "frame range", RANGE, (None, apex, offset)) for row, (apex, offset) in CORRECTED.items()
)
