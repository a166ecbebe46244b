"""Notes on coders whose numbers may be milliseconds or seconds, and not frames."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from merlab.coding.agreement.rated import RatedVideo, Rater
from merlab.spotting.scoring.frame_doubts import note_on_frames, note_on_seconds, share_no_frame


def frame_doubts(raters: Sequence[Rater], videos: Mapping[str, RatedVideo]) -> Iterator[str]:
    """Notes on coders whose events are too long or too short for a face, and on two who have no frame in common."""
    for rater in raters:
        frames = [event.offset - event.onset for events in rater.events.values() for event in events]
        lengths = note_on_seconds(_seconds(rater, videos), rater.name), note_on_frames(frames, rater.name)
        yield from filter(None, lengths)
    for one, other in combinations(raters, 2):
        if share_no_frame(
            (_frames(one, video), _frames(other, video)) for video in one.events if video in other.events
        ):
            yield (
                f"no event of {one.name} shares a frame with one of {other.name}; check that both count frames, not "
                "milliseconds, from the same first one"
            )


def _seconds(rater: Rater, videos: Mapping[str, RatedVideo]) -> Iterator[float]:
    for video, events in rater.events.items():
        fps = videos.get(video, RatedVideo()).fps or math.nan
        yield from ((event.offset - event.onset) / fps for event in events)


def _frames(rater: Rater, video: str) -> list[tuple[int, int]]:
    return [(event.onset, event.offset) for event in rater.events[video]]
