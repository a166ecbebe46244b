"""Which events of several coders are the same one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from merlab.coding.agreement.rated import RatedEvent, Rater
from merlab.spotting.scoring.matching import LEAST_IOU, overlapping

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
    """Every event once, with those of other coders: any two of a unit overlap by an IoU of 0.5 or more.

    Units with the best overlaps are joined first, so that the order of the coders makes no difference; of events in the
    same frames, as of two faces, that of the first face, so that the order of the events makes none either.
    """
    events = [(place, event) for place, listed in scene.events.items() for event in sorted(listed, key=_content)]
    moments = [(event.onset, event.offset) for _, event in events]
    near = overlapping(moments, moments).of(LEAST_IOU)
    best_first = np.argsort(-near.iou, kind="stable")
    pairs = dict.fromkeys(zip(near.truth[best_first].tolist(), near.spotted[best_first].tolist(), strict=True))
    units = [{place: index} for index, (place, _) in enumerate(events)]
    for one, other in pairs:
        first, second = units[one], units[other]
        if first.keys().isdisjoint(second) and pairs.keys() >= set(product(first.values(), second.values())):
            first.update(second)
            for index in second.values():
                units[index] = first
    joined = {id(unit): unit for unit in units}.values()
    return [{place: events[unit[place]][1] for place in sorted(unit)} for unit in joined]


def _content(event: RatedEvent) -> tuple[int, str, list[int], int]:
    """What tells events in the same frames apart."""
    face, apex = (-1 if each is None else each for each in (event.face_id, event.apex))
    return face, event.label, sorted(event.units), apex
