"""Objective classes: a movement is classified by its action units alone, from I to VII (Davison et al. 2018).

Citation: Davison, Merghani and Yap, Objective Classes for Micro-Facial Expression Recognition, Journal of Imaging
4(10), 2018.
"""

from __future__ import annotations

import re

from merlab.vocabulary import OBJECTIVE_CLASSES

EXAMPLE = "I to VII, or 1 to 7"


def parse_objective_class(text: str) -> str | None:
    """``IV`` from 'IV', 'iv', '4', '4.0', '04' or 'Class IV'; empty for an empty cell; None for any other text."""
    given = re.sub(r"^(objective )?class ", "", text.strip(), flags=re.IGNORECASE).upper()
    numbered = {str(number): name for number, name in enumerate(OBJECTIVE_CLASSES, start=1)}
    given = numbered.get(re.sub(r"^0+(?=\d)|\.0+$", "", given), given)
    return given if given in {"", *OBJECTIVE_CLASSES} else None
