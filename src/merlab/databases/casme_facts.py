"""Public facts about the release of the first CASME: counts, and rows that disagree with the folders.

Sources: the coding table (189 rows of 18 subjects; the paper counts 195 clips of 19); MEB (github.com/tvaranka/meb,
Apache-2.0, meb/datasets/datasets.py) for the rows that it corrects "based on the image folders". MEB identifies rows by
their index in the table, not by the clip; the numbers here are lines of the sheet, MEB's index plus 2.
"""

from __future__ import annotations

from merlab.databases.coded.quirks import Quirk

FPS = 60.0

EMOTIONS: dict[str, dict[str, int]] = {
    "2013": {
        "tense": 68,
        "disgust": 45,
        "repression": 39,
        "surprise": 20,
        "happiness": 7,
        "sadness": 6,
        "contempt": 2,
        "fear": 2,
    },
}

RANGE = "the range of the frames in the folder is used, with the middle frame as the apex (MEB)"
ENDS = "the last frame in the folder is used as the offset (MEB)"

QUIRKS = (
    Quirk("row 42", "frame range", RANGE, (100, 120, 149)),
    Quirk("row 44", "frame range", RANGE, (101, 110, 119)),
    Quirk("row 45", "frame range", RANGE, (57, 65, 74)),
    Quirk("row 56", "frame range", ENDS, (None, None, 40)),
    Quirk("row 142", "frame range", ENDS, (None, None, 142)),
)
