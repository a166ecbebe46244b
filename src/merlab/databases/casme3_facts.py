"""Public facts about CAS(ME)^3: counts, and rows with mistakes.

Sources: the tables of the repository of its authors (github.com/jingtingEmmaLi/CAS-ME-3): part A, version 2, with
3346 macro- and 860 micro-expressions, and its table of micro-expressions alone; part C. For the mistakes MEB
(github.com/tvaranka/meb, Apache-2.0), which identifies rows of the table of micro-expressions by their index, and the
table of CD6ME (github.com/IcedDoggie/MoTop), which lists all rows after MEB's corrections: by their subjects, names and
onsets, rows are the same in a table of any order.
"""

from __future__ import annotations

from merlab.databases.coded.quirks import Quirk

FPS = 30.0

KINDS = {"macro": 3346, "micro": 860}
# Of the micro-expressions of part A; the table has others 158 and Others 3.
EMOTIONS: dict[str, dict[str, int]] = {
    "v2": {
        "disgust": 250,
        "surprise": 187,
        "others": 161,
        "fear": 86,
        "anger": 64,
        "sadness": 57,
        "happiness": 55,
    },
}
ALIASES = {"sad": "sadness", "happy": "happiness", "other": "others"}
EMOTIONS_C: dict[str, dict[str, int]] = {
    "part C": {"negative": 99, "surprise": 30, "others": 20, "positive": 16},
}

APEX_IS_ONSET = "55 micro-expressions of part A have their apex at the onset: the midpoint is used"
DROPPED = "the clip is read without them; an input that reads every frame refuses it"
MEB = "a wrong number in the table is corrected (MEB)"

# An onset of 0 is unknown. The rows of spNO.216 e and spNO.40 lack the numbers that are given here.
QUIRKS = (
    Quirk(
        "spNO.149 d@112", "wrong frame", f"{MEB}; another version of MEB has 160", (None, 123, None), (112, 83, None)
    ),
    Quirk("spNO.214 c@5", "frame range", MEB, (None, None, 34)),
    Quirk("spNO.216 d@3647", "wrong frame", MEB, (2647, None, None), (3647, None, None)),
    Quirk("spNO.216 e@0", "wrong frame", MEB, (1, 1, None)),
    Quirk("spNO.40 e@1812", "wrong frame", MEB, (None, None, 1845)),
    Quirk("spNO.40 e@2327", "wrong frame", MEB, (None, None, 2403)),
)
