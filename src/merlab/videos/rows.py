"""The rows of events.csv and frames.csv: their columns are the fields of Event and FrameRow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from merlab.faces.detection import Face
from merlab.spelling import decimals
from merlab.spotting.columns import Column, Columns, Score, Seconds
from merlab.spotting.moments_row import Moments, OfVideo
from merlab.videos.moved import SEPARATOR
from merlab.vocabulary import WITHHELD_REASONS, WithheldReason

NO_CLASS = "no class"


# No probability of a class is 0 or 1: calibrated on some thousand clips, none is known that well.
LEAST_LISTED, MOST_LISTED = 0.0001, 0.9999
LEAST_SHOWN, MOST_SHOWN = 0.01, 0.99


def probability_text(value: float) -> str:
    """A probability of a class as text: ``0.83``; at most ``0.99``, and ``below 0.01`` for what is less."""
    return f"{min(value, MOST_SHOWN):.2f}" if value >= LEAST_SHOWN else f"below {LEAST_SHOWN}"


def _listed_text(value: float) -> str:
    """A probability in a table: four digits, within LEAST_LISTED and MOST_LISTED."""
    return f"{min(max(value, LEAST_LISTED), MOST_LISTED):.4f}"


def _confidence_text(value: float) -> str:
    return f"{value:.3f}" if value else "0"


Pixels = Annotated[float, Column(lambda value: decimals(value, 1))]
Confidence = Annotated[float, Column(_confidence_text)]
Probability = Annotated[float, Column(_listed_text)]


@dataclass(frozen=True)
class FrameRow:
    """One face in one frame, a row of frames.csv; a frame without any face has one row, with ``success`` 0.

    Attributes:
        frame: its number in the source.
        time_s: when it was recorded, as in Timing; None in the files of a chunk.
        face_id: one face as far as it can be followed; None in a frame without a face.
        confidence: probability that this is a face, from the landmark network, 0..1.
        success: 1 where the face is seen, else 0.
        x, y, width, height: its box, px of the video; None where it is not seen.
        score, threshold: the motion score and its threshold, in units of noise (see ``spotting``); None where the face
            was seen too briefly for spotting.
        lids_px: how far the lids of both eyes move and return, px of the aligned face.

    """

    frame: int
    time_s: Seconds | None
    face_id: int | None
    confidence: Confidence | None
    success: int
    x: Pixels | None = None
    y: Pixels | None = None
    width: Pixels | None = None
    height: Pixels | None = None
    score: Score | None = None
    lids_px: Score | None = None
    threshold: Score | None = None

    @property
    def box(self) -> Face | None:
        """Where the face is in the frame; None where it is not seen."""
        if self.x is None or self.y is None or self.width is None or self.height is None:
            return None
        return Face(self.x, self.y, self.x + self.width, self.y + self.height, self.confidence or 0.0)


@dataclass(frozen=True)
class OfFace(OfVideo):
    """The name of the source, and one face in it as in FrameRow."""

    face_id: int


@dataclass(frozen=True)
class MovementRow(Moments, OfFace):
    """A movement of a face.

    Attributes:
        part: the part of the face whose movement has the largest score: in relation to what it usually does, so another
            part may move more px.
        kind: ``micro``, ``macro`` (it lasts longer) or ``other`` (no expression); empty in files of earlier versions.
        tier: ``event``; candidates below the threshold are ``weak``, and in another file (see WeakEvent).
        why_other: why the kind is other: ``face covered or distorted``.

    """

    part: str
    kind: Annotated[str, Column(absent="")]
    tier: Annotated[str, Column(absent="event")]
    why_other: Annotated[str, Column(absent="")]


@dataclass(frozen=True)
class WeakEvent(MovementRow):
    """A candidate below the threshold, a row of weak.csv: too uncertain to be counted or to get a class."""


@dataclass(frozen=True)
class _Named:
    event: str


@dataclass(frozen=True)
class Event(MovementRow, _Named):
    """One movement of a face, a row of events.csv.

    Attributes:
        event: the first column: its name, ``e0001`` for the first onset of the video; also that of its folder of
            pictures.
        label: the most probable class; empty where something speaks against naming it.
        probability: of the most probable class, 0.0001..0.9999.
        withheld: what speaks against it, words of WITHHELD_REASONS: ``movement too large; face turned away``.
        regions: the parts that moved, ``mouth, left 1.92 px up and outwards; cheeks, left 0.81 px up``.
        action_units: those that the movement is consistent with, ``AU12 left 1.90 px; AU6 0.72 px``.
        probabilities: of every class, 0.0001..0.9999, calibrated.

    """

    label: Annotated[str, Column(name="class")]
    probability: Probability
    withheld: Annotated[str, Column(absent="")]
    regions: str
    action_units: str
    probabilities: Annotated[Mapping[str, float], Column(_listed_text, name="p_")]

    @property
    def class_text(self) -> str:
        """``happiness 0.83``, or ``no class``."""
        return f"{self.label} {probability_text(self.probability)}" if self.label else NO_CLASS

    @property
    def reasons(self) -> list[WithheldReason]:
        """Why the class is not named."""
        words = self.withheld.split(SEPARATOR)
        return [reason for reason in WITHHELD_REASONS if reason in words]


WEAK_ROWS = Columns(WeakEvent)
FRAME_ROWS = Columns(FrameRow)


def event_rows(classes: Sequence[str]) -> Columns[Event]:
    """The columns of events.csv for these classes: the fields of Event, with one ``p_CLASS`` per class."""
    return Columns(Event, classes)
