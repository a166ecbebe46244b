"""What cannot be, or may be wrong, about coders and their events together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product

from merlab.coding.agreement.matched import Scene, rated_units, scenes_of
from merlab.coding.agreement.rated import RatedEvent, RatedVideo, Rater
from merlab.coding.frame_clock import FrameClock
from merlab.errors import MerlabError
from merlab.spelling import alike, first_of, shortened, visibly_different

MOST_NAMED = 3
NAMELESS = "a video without a name"


def require_inside(name: str, video: RatedVideo, raters: Sequence[Rater]) -> None:
    """Raises MerlabError where the events of a video span more frames than it has, or are not among those it has."""
    events = {rater.name: rater.events[name] for rater in raters if rater.events.get(name)}
    if video.frames is None or not events:
        return
    if video.clock is not None:
        for coder, coded in events.items():
            _require_on_clock(f"the events of {coder} in the video {name}", coded, video.clock)
        return
    first, last = _span([event for coded in events.values() for event in coded])
    if last - first + 1 > video.frames:
        raise MerlabError(
            f"the events of the video {name} are in frames {first} to {last}, but it has {video.frames} frames; "
            "correct video_frames, or the events, which must be in frames; where numbers of images are missing, "
            "compare results and not tables"
        )


def _require_on_clock(whose: str, events: Sequence[RatedEvent], clock: FrameClock) -> None:
    (first, last), known = _span(events), clock.numbers[[0, -1]]
    if first < known[0] or last > known[1]:
        raise MerlabError(
            f"{whose} are in frames {first} to {last}, but its result has frames {known[0]} to {known[1]}; correct the "
            "events, which must be in frames of this video"
        )


def _span(events: Sequence[RatedEvent]) -> tuple[int, int]:
    return min(event.onset for event in events), max(event.offset for event in events)


def rater_doubts(raters: Sequence[Rater], faces: Mapping[str, set[int]]) -> Iterator[str]:
    """Notes on coders, videos and faces; ``faces`` are those of each video that a result has."""
    yield from _alike(raters)
    yield from _coded_alone(raters)
    yield from _unknown_faces(raters, faces)
    yield from _faces_together(raters, faces)
    yield from _faces_numbered_otherwise(raters)


def _alike(raters: Sequence[Rater]) -> Iterator[str]:
    """A note on coders who may be one person, whose agreement with themselves would say nothing, and on such labels."""
    events = (event for rater in raters for coded in rater.events.values() for event in coded)
    kinds = {"coders": {rater.coder for rater in raters}, "labels": {event.label for event in events}}
    for what, texts in kinds.items():
        for group in alike(texts - {""}):
            named = first_of((f"'{shortened(each)}'" for each in visibly_different(group)), MOST_NAMED)
            yield (
                f"{named} differ only by blanks, case, zeros or codes of letters, and count as different {what}; if "
                "they are one, write one"
            )


def _coded_alone(raters: Sequence[Rater]) -> list[str]:
    """A note for each video that only one coder has, and that therefore is not compared."""
    coders: dict[str, list[str]] = {}
    for rater in raters:
        for video in rater.events:
            coders.setdefault(video, []).append(rater.name)
    return [
        f"only {names[0]} has coded {video or NAMELESS}: it is not compared"
        + ("" if video else "; write the name of the video into a column video")
        for video, names in coders.items()
        if len(names) == 1
    ]


def _unknown_faces(raters: Sequence[Rater], faces: Mapping[str, set[int]]) -> Iterator[str]:
    """A note on each coder with events of a face that no result of the video has, so that they match none of it."""
    for rater, (video, known) in product(raters, faces.items()):
        coded = {event.face_id for event in rater.events.get(video, ()) if event.face_id is not None}
        if unknown := sorted(coded - known):
            yield (
                f"{rater.name} has events of face {first_of(map(str, unknown), MOST_NAMED)} of {video}; its result has "
                f"{first_of(map(str, sorted(known)), MOST_NAMED)}; check the column face_id"
            )


def _faces_together(raters: Sequence[Rater], faces: Mapping[str, set[int]]) -> Iterator[str]:
    """A note on each video of several faces for which a coder does not state whose movements are coded."""
    for video in dict.fromkeys(video for rater in raters for video in rater.events):
        coded = {
            rater.name: {event.face_id for event in rater.events[video]} for rater in raters if video in rater.events
        }
        without = [name for name, ids in coded.items() if None in ids]
        if len(coded) > 1 and without and len(faces.get(video, set()).union(*coded.values()) - {None}) > 1:
            yield (
                f"{first_of(without, MOST_NAMED)} states no face in {video or NAMELESS}, which has "
                "several: the events of all faces are compared together; add a column face_id"
            )


def _faces_numbered_otherwise(raters: Sequence[Rater]) -> Iterator[str]:
    """A note on two coders whose events match on different faces only: they may be numbered otherwise."""
    for one, other in combinations(raters, 2):
        scenes = [scene for scene in scenes_of((one, other)) if scene.face_id is not None]
        if not scenes or _matches(scenes_of((one, other))):
            continue
        both = {video: {0: one.events[video], 1: other.events[video]} for video in one.events if video in other.events}
        if count := _matches(Scene(video, None, events) for video, events in both.items()):
            yield (
                f"no event of {one.name} matches one of {other.name} on the same face, but {count} would on others; "
                "check that both number the faces alike"
            )


def _matches(scenes: Iterable[Scene]) -> int:
    """How many events two coders have in common."""
    return sum(len(unit) == 2 for scene in scenes for unit in rated_units(scene))
