"""Public facts about the release of SAMM: counts, and rows with mistakes.

Sources: the table ``SAMM_Micro_FACS_Codes_v2.xlsx``; the corrections of MEB (github.com/tvaranka/meb, Apache-2.0,
meb/datasets/datasets.py). Frame numbers are the numbers in the names of the image files.
"""

from __future__ import annotations

from merlab.databases.coded.quirks import Quirk

FPS = 200.0

EMOTIONS: dict[str, dict[str, int]] = {
    "v2": {
        "anger": 57,
        "happiness": 26,
        "other": 26,
        "surprise": 15,
        "contempt": 12,
        "disgust": 9,
        "fear": 8,
        "sadness": 6,
    },
}

OBJECTIVE_CLASSES: dict[str, dict[str, int]] = {
    "v2": {"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3, "VI": 7, "VII": 84},
}

QUIRKS = (
    Quirk(
        "028 028_4_1",
        "wrong frame",
        "the apex is coded 1143, after the offset 1134: 1105 is used (MEB, from optical flow; other copies have 1113, "
        "1124 or 1088)",
        frames=(None, 1105, None),
        coded=(None, 1143, 1134),
    ),
    Quirk(
        "032 032_3_1",
        "wrong frame",
        "the apex is coded 1930, before the onset 4896, because of a wrong digit: 4930 is used (MEB uses 4945, other "
        "copies have 4937)",
        frames=(None, 4930, None),
        coded=(4896, 1930, None),
    ),
    Quirk(
        "032 032_3_2",
        "wrong frame",
        "the apex is coded 5127, one frame after the onset: 5130 is used (MEB, from optical flow)",
        frames=(None, 5130, None),
        coded=(None, 5127, None),
    ),
    Quirk(
        "013 013_1_9",
        "frame range",
        "the offset in the table is wrong: 5739 is used if it is the last frame in the folder (MEB)",
        frames=(None, None, 5739),
    ),
)
