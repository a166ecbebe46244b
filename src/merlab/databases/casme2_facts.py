"""Public facts about the release of CASME II: counts, and quirks of single clips.

Sources: the coding tables of 2014 and 2019 and the folders of the release; the corrections of MEB
(github.com/tvaranka/meb, Apache-2.0). Frame numbers are the numbers in the names of the image files.
"""

from __future__ import annotations

from merlab.databases.coded.quirks import Quirk

FPS = 200.0

# Differences of the coding table of 2019 from that of 2014: sub24 EP07_01, EP07_04f and EP10_03 changed from sadness to
# surprise, and the action units of 57 rows changed; no frame number changed.
EMOTIONS: dict[str, dict[str, int]] = {
    "2014": {
        "others": 99,
        "disgust": 63,
        "happiness": 32,
        "repression": 27,
        "surprise": 25,
        "sadness": 7,
        "fear": 2,
    },
    "2019": {
        "others": 99,
        "disgust": 63,
        "happiness": 32,
        "surprise": 28,
        "repression": 27,
        "sadness": 4,
        "fear": 2,
    },
}

CLIPS_PER_SUBJECT: dict[str, int] = {
    f"sub{number:02d}": clips
    for number, clips in enumerate(
        (9, 13, 7, 5, 19, 5, 9, 3, 14, 14, 10, 12, 8, 4, 3, 4, 36, 3, 16, 11, 2, 2, 12, 10, 7, 17), start=1
    )
}

# Counted in the table of objective classes that was published for the coding table of 2014 (Davison et al. 2018). The
# table of 2019 has classes of its own, because its action units differ; their counts are not known.
OBJECTIVE_CLASSES: dict[str, dict[str, int]] = {
    "2014": {"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20, "VI": 1, "VII": 69},
}

KEPT = "kept as coded: the movement is strongest at the end of the coded range"
SAME_NAME = "no correction is needed: table and folder have the same name"
UNCODED = "left out: neither coding table has its frames or emotion"

QUIRKS = (
    Quirk(
        "sub04 EP12_01f",
        "no apex",
        "291 is used, the midpoint of 261 and 321; others use 279 (MEB, from optical flow) or 294 (Xia et al.)",
    ),
    Quirk("sub05 EP09_05f", "apex is onset", "coded 69, 69, 123: 96 is used, the midpoint of onset and offset"),
    Quirk("sub05 EP16_04f", "apex is offset", KEPT),
    Quirk("sub12 EP09_06", "apex is offset", KEPT),
    Quirk("sub20 EP16_01", "apex is offset", KEPT),
    Quirk("sub25 EP18_04f", "apex is offset", KEPT),
    Quirk(
        "sub07 EP06_01",
        "frame range",
        "coded 15, 49, 68; the range of the folder is used, as in other copies of the table (MEB ends it at 91)",
        (56, 89, 116),
    ),
    Quirk(
        "sub12 EP09_02",
        "frame range",
        "coded 16, 59, 101; the range of the folder is used, as in other copies of the table",
        (161, 176, 206),
    ),
    Quirk("sub16 EP01_08", "frame range", "coded 73 to 110; 96 is used as the offset, the last frame in the folder"),
    Quirk("sub03 EP01_2", "odd name", SAME_NAME),
    Quirk("sub03 EP08_1", "odd name", SAME_NAME),
    Quirk("sub07 EP06_02_01", "odd name", SAME_NAME),
    Quirk("sub07 EP06_02_02", "odd name", SAME_NAME),
    Quirk("sub09 EP09f", "odd name", SAME_NAME),
    Quirk("sub09 EP02_02f", "no row", UNCODED),
    Quirk("sub24 EP02_07", "no row", f"{UNCODED}; with it as disgust there are the 247 clips that some papers report"),
)
