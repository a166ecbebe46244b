"""Which events of several coders are the same one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from merlab.coding.agreement.rated import RatedEvent, Rater
from merlab.spotting.scoring.matching import match

# What one event is called by each coder that has it, by the position of the coder.
RatedUnit = dict[int, RatedEvent]


@dataclass(frozen=True)
class Scene:
    """One face of one video (None: all faces), with the events of each coder who coded the video, by position."""

    video: str
    face_id: int | None
    events: Mapping[int, Sequence[RatedEvent]]


def scenes_of(raters: Sequence[Rater]) -> Iterator[Scene]:
    """The videos that two coders or more have coded, face by face; where a coder does not state faces, together."""
    for video in dict.fromkeys(video for rater in raters for video in rater.events):
        events = {place: rater.events[video] for place, rater in enumerate(raters) if video in rater.events}
        if len(events) > 1:
            faces = {event.face_id for listed in events.values() for event in listed}
            for face in [None] if None in faces or not faces else sorted(each for each in faces if each is not None):
                yield Scene(
                    video,
                    face,
                    {
                        place: [event for event in listed if face is None or event.face_id == face]
                        for place, listed in events.items()
                    },
                )


def rated_units(scene: Scene) -> list[RatedUnit]:
    """Every event once, with those of other coders that it overlaps by an IoU of 0.5 or more.

    The coders are added in their order; an event joins those of the first coder who has them.
    """
    units: list[RatedUnit] = []
    for place, listed in scene.events.items():
        seen = [next(iter(unit.values())) for unit in units]
        hits = {column: row for row, column in match(_intervals(seen), _intervals(listed))}
        for column, event in enumerate(listed):
            if column in hits:
                units[hits[column]][place] = event
            else:
                units.append({place: event})
    return units


def _intervals(events: Sequence[RatedEvent]) -> list[tuple[int, int]]:
    return [(event.onset, event.offset) for event in events]
