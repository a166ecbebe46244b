"""Texts that may be one word in two spellings, words with their number, and numbers as text."""

from __future__ import annotations

import re
import shlex
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

WHOLE_NUMBER = re.compile(r"(-?\d+)\.0*", re.ASCII)
INVISIBLE = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]")
NUMBERED_PERSON = re.compile(r"^(?:sub|subj|subject|participant|person|proband)(?=\d+$)")
# Cyrillic and Greek letters, and the Latin ones that look like them or like their capitals. The Greek m is the sign of
# micro, which is not one more spelling of M; only its capital looks like it.
OTHER_ALPHABETS = "авеікмнорсѕтухј" + "αβεζηικνορτυχ"
LATIN = "abeikmhopcstyxj" + "abezhiknoptyx"
LOOK_ALIKE = str.maketrans(OTHER_ALPHABETS + OTHER_ALPHABETS.upper() + "\u039c", LATIN + LATIN.upper() + "M")
# What a word of a command may have without quotes, in the shells of Windows.
PLAIN_WORD = re.compile(r"[\w@+=:,./\\-]+")
SHORTEST_WORD = 4
LONGEST_SHOWN = 40
# The largest share below 1 that three decimals can show.
MOST_WITHIN = 0.999


def counted(count: int, word: str) -> str:
    """``1 video``, ``2 videos``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def seconds_text(seconds: float) -> str:
    """Seconds in three digits, and whole ones from 1000 on: ``0.48``, ``12.3``, ``3601``."""
    return f"{seconds:.0f}" if seconds >= 999.5 else f"{seconds:.3g}"


def tenths_of_seconds(seconds: float) -> str:
    """Seconds with one decimal, ``3.8``; with more where it would show none: ``0.005``."""
    return seconds_text(seconds) if 0 < seconds < 0.05 else f"{seconds:.1f}"


def percent(share: float) -> str:
    """A share, 0..1, in whole percent: ``38``; ``>99`` and ``<1`` where rounding would read all or none of it."""
    whole = f"{100 * share:.0f}"
    return ">99" if whole == "100" and share < 1 else "<1" if whole == "0" and share > 0 else whole


def three_decimals(value: float) -> str:
    """``0.713``, ``-0.050``; ``1.000`` only for what is 1: a share that is less reads ``0.999`` at most."""
    # Sums of fractions may miss 1 by the last bits.
    within = abs(value) < 1 - 1e-9
    return decimals(max(-MOST_WITHIN, min(value, MOST_WITHIN)) if within else value, 3)


def decimals(value: float, digits: int) -> str:
    """A number with so many decimals; what rounds to zero has no minus."""
    # Numbers of numpy are rounded in another way. Adding 0 makes 0 of -0.
    return f"{round(float(value), digits) + 0:.{digits}f}"


def first_of(texts: Iterable[str], most: int, separator: str = ", ") -> str:
    """The first texts, at most ``most``, and how many more there are: ``anna, bert and 3 more``."""
    listed = list(texts)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return separator.join(listed[:most]) + more


def alike(texts: Iterable[str]) -> list[list[str]]:
    """The groups of different texts that differ only by blanks, case, codes of letters, or zeros of a number."""
    groups = defaultdict(list)
    for text in sorted(set(texts)):
        groups[folded(text)].append(text)
    return [group for group in groups.values() if len(group) > 1]


def folded(text: str) -> str:
    """What texts that are alike share: no blanks, Latin letters in lower case, a number without its zeros.

    Letters of usual width, and Latin ones for those of other alphabets that look the same, in capitals at least.
    """
    number = without_fraction(_shown(text).casefold().translate(LOOK_ALIKE))
    return number.lstrip("0") or "0" if number.isdecimal() else number


def as_label(text: str) -> str:
    """A label as it is compared: lower case, one blank between words, letters of usual width, '1' for '1.0'."""
    words = unicodedata.normalize("NFKC", text).lower().split()
    return without_fraction(" ".join(filter(None, (INVISIBLE.sub("", word) for word in words))))


def person(subject: str) -> str:
    """What the names of one person share in most tables: ``1``, ``01``, ``sub01``, ``SUB 1`` and ``sub-1``."""
    name = re.sub(r"(?<=[^\W\d_])[-_.]+(?=\d)", "", folded(subject))
    return re.sub(r"(?<!\d)0+(?=\d)", "", NUMBERED_PERSON.sub("", name))


def without_fraction(text: str) -> str:
    """'1' for '1.0'; any other text as it is."""
    whole = WHOLE_NUMBER.fullmatch(text)
    return whole[1] if whole else text


def one_letter_apart(one: str, other: str, *, digits: bool = False) -> bool:
    """Whether two words differ by one letter that is wrong, missing or added, or by two that are exchanged.

    Unless with ``digits``, only letters count: casme and casme2 are different names.
    """
    short, long = sorted((one, other), key=len)
    if len(long) < SHORTEST_WORD or len(long) - len(short) > 1 or one == other:
        return False
    start = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    rest, differing = long[start + 1 :], long[start]
    if len(short) < len(long):
        return (digits or differing.isalpha()) and short[start:] == rest
    exchanged = short[start : start + 2] == long[start : start + 2][::-1] and short[start + 2 :] == rest[1:]
    letters = differing.isalpha() and short[start].isalpha()
    return (digits or letters) and (short[start + 1 :] == rest or exchanged)


def told_apart(texts: Iterable[str]) -> str:
    """``anna and Anna``; where texts would look the same, what cannot be seen in them is written as its code."""
    return " and ".join(visibly_different(sorted(texts)))


def visibly_different(texts: Sequence[str]) -> list[str]:
    """The texts; where some would look the same, what cannot be seen in them is written as its code."""
    shown = set(map(_shown, texts))
    hides = len(shown) < len(texts)
    mixes = len({each.translate(LOOK_ALIKE) for each in shown}) < len(shown)
    return [_with_codes(text, hides, mixes) for text in texts]


def _shown(text: str) -> str:
    """A text as it looks, but for blanks."""
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


def _with_codes(text: str, of_hidden: bool, of_alphabets: bool) -> str:
    """A text with the codes of what is not seen as a letter, and of letters that look like Latin ones."""
    return "".join(
        ascii(each)[1:-1]
        if (of_hidden and (not each.isprintable() or unicodedata.combining(each)))
        or (of_alphabets and ord(each) in LOOK_ALIKE)
        else each
        for each in text
    )


def quoted(text: str) -> str:
    """A text in quotes for a message; a long one is cut."""
    return repr(shortened(text))


def as_typed(*words: str) -> str:
    """A command as it is typed into the shell of this system, with the quotes that its words need."""
    if sys.platform != "win32":
        return shlex.join(words)
    return " ".join(word if PLAIN_WORD.fullmatch(word) else _in_double_quotes(word) for word in words)


def _in_double_quotes(word: str) -> str:
    """A word for the shells of Windows; backslashes count as such unless a quote follows."""
    within = re.sub(r'(\\*)"', r'\1\1\\"', word)
    end = within[len(within.rstrip("\\")) :]
    return f'"{within}{end}"'


def readable(text: str) -> str:
    """A text that can be written: bytes of a file name that are not UTF-8, as of an old archive, become codes."""
    return text.encode("utf-8", "backslashreplace").decode()


def shortened(text: str) -> str:
    """A text for a message; a long one is cut."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
