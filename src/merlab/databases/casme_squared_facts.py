"""Public facts about CAS(ME)^2: its counts, its subjects and its stimuli.

Sources: the coding table ``CAS(ME)^2code_final.xlsx`` (357 rows), whose sheets ``naming rule1`` and ``naming rule2``
give the folders; the interval table of LGSNet (github.com/williamlee91/LGSNet, MIT) for the names of the folders.
"""

from __future__ import annotations

FPS = 30.0

KINDS = {"macro": 300, "micro": 57}
# Of the micro-expressions.
EMOTIONS: dict[str, dict[str, int]] = {
    "code_final": {"negative": 21, "others": 19, "surprise": 9, "positive": 8},
}

# The sheets of naming rules, for copies of the table without them: number in the table -> folder of the subject.
SUBJECTS = {
    str(number): f"s{code}"
    for number, code in enumerate(
        (15, 16, 19, 20, 21, 22, 23, 24, 25, 26, 27, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 40), start=1
    )
}
# For a table that states the folders themselves, with or without s.
FOLDERS = {text: folder for folder in SUBJECTS.values() for text in (folder, folder[1:])}
# Stimulus in the table -> its number in the names of the folders.
STIMULI = {
    "disgust1": "0101",
    "disgust2": "0102",
    "anger1": "0401",
    "anger2": "0402",
    "happy1": "0502",
    "happy2": "0503",
    "happy3": "0505",
    "happy4": "0507",
    "happy5": "0508",
}
