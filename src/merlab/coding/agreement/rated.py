"""What is compared: coders, their events, and what is known of the videos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from merlab.coding.decisions import Decision
from merlab.coding.file import whole_number
from merlab.coding.found_events import FoundEvent
from merlab.coding.frame_clock import FrameClock
from merlab.coding.tables import EMOTION, LABEL
from merlab.errors import MerlabError
from merlab.spelling import as_label
from merlab.spotting.scoring.read_intervals import has_no_apex
from merlab.table_files.action_units import require_units


@dataclass(frozen=True)
class RatedEvent:
    """An event of a coder: frames as numbered in the video; ``face_id`` and ``apex`` are None where unknown.

    ``units`` are numbers of action units, without sides; empty where none are coded.
    """

    face_id: int | None
    onset: int
    apex: int | None
    offset: int
    label: str = ""
    units: frozenset[int] = frozenset()


@dataclass(frozen=True)
class RatedVideo:
    """A video: its frames per second, their number, and when each is shown; None where unknown."""

    fps: float | None = None
    frames: int | None = None
    clock: FrameClock | None = None

    def those_there(self, frames: set[int]) -> set[int]:
        """The frames that the video has, of these: numbers of images may be missing. All of them without a clock."""
        return frames if self.clock is None else frames.intersection(self.clock.numbers.tolist())

    def ms_between(self, first: int, second: int) -> float | None:
        """From one frame to another, negative where the second is earlier; by the frame rate without a clock."""
        if self.clock is not None and self.clock.has(first) and self.clock.has(second):
            # Times are stored to a hundredth of a millisecond.
            return round(1000 * (self.clock.seconds_of(second) - self.clock.seconds_of(first)), 2)
        return None if self.fps is None else 1000 * (second - first) / self.fps


@dataclass(frozen=True)
class Rater:
    """One coder: initials, the file, the events of each video, and whether each movement that was found is accepted."""

    coder: str
    source: str
    events: Mapping[str, tuple[RatedEvent, ...]]
    verdicts: Mapping[tuple[str, str], bool]
    name: str = ""


@dataclass(frozen=True)
class Raters:
    """Everything that is compared: the coders, what is known of the videos, and notes."""

    raters: tuple[Rater, ...]
    videos: Mapping[str, RatedVideo]
    notes: tuple[str, ...] = ()


def rated(event: Decision | FoundEvent) -> RatedEvent:
    """A decision, or an event of a file, as it is compared."""
    units = frozenset(unit.number for unit in require_units(event.action_units))
    return RatedEvent(event.face_id, event.onset, event.apex, event.offset, as_label(event.label), units)


def rated_row(row: Mapping[str, str]) -> RatedEvent:
    """The event in a row of a table; raises MerlabError for a cell that is wrong."""
    apex, face = row.get("apex", ""), row.get("face_id", "")
    event = RatedEvent(
        face_id=whole_number(face, "face_id") if face else None,
        onset=whole_number(row["onset"], "onset"),
        apex=None if has_no_apex(apex) else whole_number(apex, "apex"),
        offset=whole_number(row["offset"], "offset"),
        label=as_label(row.get(LABEL) or row.get(EMOTION, "")),
        units=frozenset(unit.number for unit in require_units(row.get("action_units", ""))),
    )
    if event.onset > event.offset:
        raise MerlabError(f"onset {event.onset} is after offset {event.offset}; exchange or correct them")
    if event.apex is not None and not event.onset <= event.apex <= event.offset:
        raise MerlabError(
            f"apex {event.apex} is not between onset {event.onset} and offset {event.offset}; correct the cell"
        )
    return event
