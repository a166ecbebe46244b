"""What a cell cannot mean: the error of a formula, a date that a spreadsheet made of it, words for action units."""

from __future__ import annotations

import re

from merlab.errors import MerlabError
from merlab.frames import is_rate, require_rate
from merlab.spelling import quoted

# What a spreadsheet shows for a formula that failed, in many languages: #REF!, #N/A, #NAME?, #WERT!, #NV, #¡REF!, #N/D
FAILED_FORMULA = re.compile(r"#(?:[¡¿]?[^\W\d_][\w/]*[!?]|[^\W\d_]/[^\W\d_]|N[AV]|GETTING_DATA)|Err:\d+", re.IGNORECASE)
# The text of a cell that is a date, a time or a duration.
DATE_CELL = re.compile(r"(\d{4}-\d\d-\d\d |\d+ days?, )?\d\d?:\d\d:\d\d(\.\d+)?")
# A number with a comma, as programs write it in other languages: 566,4 and 1,234 cannot be told apart.
NUMBER_WITH_COMMA = re.compile(r"\d+(,\d+)+(\.\d+)?")
# One and a thousand of a program in another language, or the fraction .000: 1.000.
NUMBER_WITH_THREE_DIGITS = re.compile(r"[1-9]\d{0,2}\.\d{3}", re.ASCII)
NO_SEPARATORS = "write numbers with a decimal point and without separators of thousands"
# What a spreadsheet writes into a text for a cell that it takes for a date: 4-Oct, 04. Okt, 10月4日, 04/10/14
MONTHS = (
    "jan janv feb févr fév mar mär mrz mars apr avr may mai jun juin jul juil aug août sep sept oct okt nov dec dez déc"
)
DATE = re.compile(
    rf"(?<![^\W\d_])(?:{'|'.join(MONTHS.split())})(?![^\W\d_])|[年月日]"
    r"|(?=.*\b0\d)\b\d{1,2}([./-])\d{1,2}\1\d{2}\b",
    re.IGNORECASE,
)
# Cells of the real tables that state no action unit.
NO_ACTION_UNITS = {"", "?", "/", "-", "soft focus"}
# The numbers of Ekman, Friesen and Hager (FACS, 2002): actions of the face (41, 42 and 44 before 2002), of head and
# eyes, what cannot be seen, and gross behavior; 3 is in the FACS for infants (Oster).
FACS_NUMBERS = {*range(1, 47), *range(50, 67), *range(68, 75), *range(80, 86), 91, 92, 97, 98}


def remedy_for_number(cell: str) -> str:
    """What to do about a cell that should hold a number, where its text shows what happened to it; else empty."""
    if DATE_CELL.fullmatch(cell):
        return "the column has the format of a date: give it the format of a number in the spreadsheet program"
    if may_be_thousands(cell):
        return f"it may be {float(cell):g} or {cell.replace('.', '')}: write whole numbers without a point"
    return NO_SEPARATORS if NUMBER_WITH_COMMA.fullmatch(cell) else ""


def may_be_thousands(cell: str) -> bool:
    """Whether a number may be meant a thousand times as large as it is read: ``1.000``."""
    return NUMBER_WITH_THREE_DIGITS.fullmatch(cell) is not None


def is_unclear_rate(cell: str) -> bool:
    """Whether a cell may be two frame rates: 1.000 is, 29.970 is not, because no camera has 29970."""
    return may_be_thousands(cell) and is_rate(1000 * float(cell))


def read_rate(cell: str) -> float:
    """The frames per second in a cell; raises MerlabError for any other text, and where it is unclear."""
    try:
        fps = float(cell)
    except ValueError as error:
        raise MerlabError(f"fps is {quoted(cell)}, not a number; write one with a decimal point") from error
    if is_unclear_rate(cell):
        raise MerlabError(f"fps is {quoted(cell)}, not clear; {remedy_for_number(cell)}")
    return require_rate(fps)


def are_action_units(text: str) -> bool:
    """Whether a cell may state action units: it has numbers of FACS (``4+L10``), or states that there are none.

    Sides, intensities and remarks around the numbers are the annotators' own. A failed formula, a negative or
    fractional number, a date and a word such as an emotion are not action units.
    """
    numbers = re.findall(r"\d+", text)
    if not numbers:
        return text.lower() in NO_ACTION_UNITS
    odd = DATE.search(text) or re.search(r"^-\s*\d|\d\.\d", text)
    return not odd and all(len(number) < 4 and int(number) in FACS_NUMBERS for number in numbers)
