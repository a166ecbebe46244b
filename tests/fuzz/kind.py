"""What the fuzz run knows about one kind of input, and how it judges what merlab makes of a damaged one.

The outcome of a damaged input is one of

* ``refused``: MerlabError that names the file and says what to do;
* ``same``: the value of the sound input;
* ``said``: another value, with a warning, note or finding that the sound input does not give;
* ``plausible``: another value, which is the right value of the damaged file, read independently; so the file is a
  different one that nobody can tell from a sound one, such as a table with another digit.

Everything else is a fault: another exception, a crash, a hang, a refusal without a name or a remedy, a silent change.
"""

from __future__ import annotations

import re
import traceback
import warnings
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from merlab.errors import MerlabError

SEED = 20261127
SOUND = ("refused", "same", "said", "plausible")
# A remedy tells the user to do something.
REMEDY = re.compile(
    r"\b(add|check|choose|close|convert|copy|correct|cut|exchange|fill|get|give|install|keep|leave|make|needed|prepare|put|remove|"
    r"rename|run|save|set|update|use|write)\b"
)


class SilentChangeError(Exception):
    """A changed value without a word."""


def require(condition: bool, text: str) -> None:
    """Raises SilentChangeError unless the condition is met."""
    if not condition:
        raise SilentChangeError(text)


@dataclass(frozen=True)
class Reading:
    """What merlab read: a value that can be compared, and what it said about it."""

    value: Any
    said: tuple[str, ...] = ()


class Kind(ABC):
    """One kind of input: sound files, how they are damaged, how merlab reads them, what a silent change is.

    ``path`` is the file that is damaged; its name, or one of ``names``, must occur in a refusal.
    """

    name: ClassVar[str]
    path: Path

    @abstractmethod
    def __init__(self, folder: Path) -> None:
        """Write the sound files into an empty folder."""

    @abstractmethod
    def damage(self, random: np.random.Generator) -> str:
        """Write a damaged file; says what was done."""

    @abstractmethod
    def read(self) -> Reading:
        """What merlab reads; raises MerlabError for a refusal."""

    @abstractmethod
    def judge(self, reading: Reading) -> str:
        """``same``, ``said`` or ``plausible``; raises SilentChangeError."""

    @property
    def names(self) -> tuple[str, ...]:
        """What a refusal may call the input."""
        return (self.path.name,)


@dataclass(frozen=True)
class Outcome:
    """The outcome of one damaged input; ``detail`` is the refusal, the traceback or the silent change."""

    kind: str
    number: int
    damage: str
    outcome: str
    detail: str = ""

    @property
    def sound(self) -> bool:
        """Whether it is not a fault."""
        return self.outcome in SOUND


def outcome_of(kind: Kind, number: int) -> Outcome:
    """Damage an input of this kind, have merlab read it, and judge the result; the number decides everything."""
    random = np.random.default_rng([SEED, zlib.crc32(kind.name.encode()), number])
    damage = kind.damage(random)

    def outcome(found: str, detail: str = "") -> Outcome:
        return Outcome(kind.name, number, damage, found, detail)

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            reading = kind.read()
        said = tuple(str(each.message) for each in caught if issubclass(each.category, UserWarning))
        return outcome(kind.judge(Reading(reading.value, (*reading.said, *said))))
    except MerlabError as error:
        return outcome(*_judged_refusal(str(error), kind.names))
    except SilentChangeError as error:
        return outcome("silent", str(error))
    except Exception:
        return outcome("traceback", traceback.format_exc(limit=-6))


def _judged_refusal(text: str, names: tuple[str, ...]) -> tuple[str, str]:
    if not any(name in text for name in names):
        return "refused without a name", text
    return ("refused" if REMEDY.search(text) else "refused without a remedy"), text


def table_of(outcomes: list[Outcome]) -> str:
    """One line per kind: how many outcomes of each sort."""
    counts = Counter((each.kind, each.outcome) for each in outcomes)
    lines = []
    for kind in dict.fromkeys(each.kind for each in outcomes):
        parts = [f"{found} {count}" for (of, found), count in sorted(counts.items()) if of == kind]
        lines.append(f"{kind:28} {', '.join(parts)}")
    return "\n".join(lines)
