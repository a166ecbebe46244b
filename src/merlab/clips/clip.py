"""A clip: one annotated movement, whose fields follow rules."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any

from merlab.frames import IMAGE_SUFFIXES, ClipError
from merlab.given import is_number, naming_fields
from merlab.registry import look_up
from merlab.spelling import as_label
from merlab.vocabulary import OBJECTIVE_CLASSES

TEXTS = ("action_units", "emotion", "apex_source", "note")
MOMENTS = ("onset", "apex", "offset")


@naming_fields()
@dataclass(frozen=True)
class Clip:
    """One annotated movement.

    Attributes:
        database: registry name of the database that the clip belongs to, e.g. ``casme2``.
        subject: subject id inside the database, e.g. ``sub01``; unique only together with the database.
        name: clip name, e.g. ``EP02_01f``; unique only together with database and subject.
        fps: frames per second, a finite float above zero (never rounded: 29.97 stays 29.97).
        onset: the number of the frame at which the movement begins, as in the file names, or from 1 in a video; None
            when unknown.
        apex: that of the frame at which it is largest, alike.
        offset: that of the frame at which it has ended, alike.
        action_units: the annotators' own string, e.g. ``4+L10``; empty when unknown.
        emotion: the annotators' label, which is kept in lower case with one blank between words; a label scheme turns
            it into a class.
        source: folder of images, a video file, or (``ststnet-flow``) one optical-flow image.
        apex_source: where the apex comes from: ``annotated``, ``corrected``, or the rule that filled it;
            ``unannotated`` if there is none, so that the recipe of the input chooses one.
        note: what the reader changed in this row and why; empty if it changed nothing.
        aligned: True for frames of aligned faces (or flow between them), False for whole heads; None if the source does
            not state it, so that the proportions of the frames decide.
        objective_class: ``I`` to ``VII`` (Davison et al. 2018); empty when unknown.

    """

    database: str
    subject: str
    name: str
    fps: float
    onset: int | None
    apex: int | None
    offset: int | None
    action_units: str
    emotion: str
    source: Path
    apex_source: str = "annotated"
    note: str = ""
    aligned: bool | None = None
    objective_class: str = ""

    def __post_init__(self) -> None:
        for column in self.__dataclass_fields__:
            object.__setattr__(self, column, _plain(column, getattr(self, column)))
        broken = list(self._broken_rules())
        if broken:
            raise ClipError(f"{self.subject} {self.name} ({self.database}): " + "; ".join(broken))

    @property
    def key(self) -> str:
        """``database/subject/name``: unique in every table."""
        return f"{self.database}/{self.subject}/{self.name}"

    @property
    def group(self) -> str:
        """``database/subject``: no split may divide the clips of one group."""
        return f"{self.database}/{self.subject}"

    @property
    def holds_flow(self) -> bool:
        """Whether the source is one stored optical-flow image, so that the clip has no frames to read."""
        return self.source.suffix.lower() in IMAGE_SUFFIXES

    def _broken_rules(self) -> Iterator[str]:
        yield from self._broken_names()
        for column in TEXTS:
            if not isinstance(getattr(self, column), str):
                yield f"{column} must be a text, empty if unknown, got {getattr(self, column)!r}"
        if not isinstance(self.source, Path):
            yield f"source must be a path, got {self.source!r}"
        if not is_number(self.fps) or not math.isfinite(self.fps) or self.fps <= 0:
            yield f"fps must be a finite number above zero, got {self.fps!r}"
        if not (self.aligned is None or isinstance(self.aligned, bool)):
            yield f"aligned must be True, False or None, got {self.aligned!r}"
        if not (isinstance(self.objective_class, str) and self.objective_class in ("", *OBJECTIVE_CLASSES)):
            known_classes = ", ".join(OBJECTIVE_CLASSES)
            yield f"objective_class must be one of {known_classes} or empty, got {self.objective_class!r}"
        yield from self._broken_moments()

    def _broken_names(self) -> Iterator[str]:
        for column in ("database", "subject", "name"):
            value = getattr(self, column)
            if not isinstance(value, str) or not value.strip():
                yield f"{column} must be a non-empty text, got {value!r}"
            elif "/" in value or "\\" in value or value in {".", ".."}:
                yield f"{column} must not contain a path separator, got {value!r}"
            elif value != value.strip():
                yield f"{column} must not begin or end with a blank, got {value!r}"

    def _broken_moments(self) -> Iterator[str]:
        numbers = {column: getattr(self, column) for column in MOMENTS}
        known = [(column, number) for column, number in numbers.items() if number is not None]
        wrong = [(column, number) for column, number in known if type(number) is not int or number < 1]
        for column, number in wrong:
            yield f"{column} must be a frame number (1 or higher) or None, got {number!r}"
        for (first, earlier), (second, later) in zip(known, known[1:], strict=False) if not wrong else ():
            if earlier > later:
                yield f"{first} {earlier} is after {second} {later}"


def _plain(column: str, value: Any) -> Any:
    """A value in the type of its field, where that changes nothing: numbers of numpy, paths as text, case of labels."""
    if column == "source":
        return Path(value) if isinstance(value, str | PathLike) else value
    if isinstance(value, str):
        return as_label(value) if column == "emotion" else str(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


COLUMNS = tuple(column.name for column in fields(Clip))
REQUIRED = tuple(column.name for column in fields(Clip) if column.default is MISSING)


def clip_of_row(row: object) -> Clip:
    """The clip of a mapping of its fields; raises MerlabError with the faults of the row."""
    if not isinstance(row, Mapping):
        raise ClipError(f"not a dictionary with the fields of a Clip: {row!r}")
    for name in row:
        look_up(name, dict.fromkeys(COLUMNS), "field")
    missing = [name for name in REQUIRED if name not in row]
    if missing:
        raise ClipError(f"no {', '.join(missing)}; give every field, None or an empty text where it is unknown")
    return Clip(**row)
