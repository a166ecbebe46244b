"""From coders and their events to their agreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from itertools import combinations

import numpy as np

from merlab.coding.agreement.coefficients import (
    Value,
    alpha_of_counts,
    cohen_kappa,
    facs_ratio,
    kappa_of_counts,
    krippendorff_alpha,
)
from merlab.coding.agreement.matched import RatedUnit, Scene, rated_units, scenes_of
from merlab.coding.agreement.models import AgreementScores, Coefficient, Difference, Pair, Together
from merlab.coding.agreement.rated import RatedEvent, RatedVideo, Rater, Raters
from merlab.errors import MerlabError
from merlab.spotting.scoring.matching import LEAST_IOU
from merlab.stamps import stamps_of_recordings

QUARTILES = (25, 50, 75)


def compared(raters: Raters) -> AgreementScores:
    """The agreement of all pairs of coders and of all together; raises MerlabError if no two coded the same video."""
    listed = raters.raters
    pairs = [pair for two in combinations(listed, 2) if (pair := _pair(two, raters)) is not None]
    if not pairs:
        videos = "; ".join(f"{rater.name}: {', '.join(map(_named, rater.events))}" for rater in listed)
        raise MerlabError(f"no video was coded by two coders ({videos}); the names of the videos must be the same")
    units = [unit for scene in scenes_of(listed) for unit in rated_units(scene)]
    together = Together(
        events=len(units),
        shared=sum(len(unit) > 1 for unit in units),
        labels=coefficient(_values(units, range(len(listed)), _label)),
        action_units=coefficient(_unit_values(units, range(len(listed)), _all_units(units))),
    )
    return AgreementScores(
        coders=tuple(rater.name for rater in listed),
        stamps=tuple(stamps_of_recordings(video for rater in listed for video in rater.events)),
        least_iou=LEAST_IOU,
        pairs=tuple(pairs),
        together=together,
        notes=raters.notes,
    )


def _named(video: str) -> str:
    return repr(video) if video else "no name in a column video"


def coefficient(units: Sequence[Sequence[Value]]) -> Coefficient:
    """The agreement on nominal values: for each unit, the value of each coder, None where there is none."""
    paired = [unit for unit in units if sum(value is not None for value in unit) > 1]
    two = bool(paired) and len(paired[0]) == 2
    alike = [len({value for value in unit if value is not None}) == 1 for unit in paired]
    return Coefficient(
        n=len(paired),
        agreement=float(np.mean(alike)) if paired else None,
        kappa=cohen_kappa([_known(unit[0]) for unit in paired], [_known(unit[1]) for unit in paired]) if two else None,
        alpha=krippendorff_alpha(paired),
    )


def _known(value: Value) -> Hashable:
    assert value is not None, "both coders have a value"
    return value


def _pair(two: tuple[Rater, Rater], raters: Raters) -> Pair | None:
    """The agreement of two coders; None if they have no video in common."""
    common = set(two[0].events) & set(two[1].events)
    if not common:
        return None
    scenes = list(scenes_of(two))
    found = [(scene, unit) for scene in scenes for unit in rated_units(scene)]
    matched = [(scene, unit) for scene, unit in found if len(unit) == 2]
    units = [unit for _, unit in matched]
    events = (_count(two[0], common), _count(two[1], common))
    used = _all_units(units)
    return Pair(
        first=two[0].name,
        second=two[1].name,
        videos=len(common),
        events=events,
        matched=len(matched),
        f1=2 * len(matched) / sum(events) if sum(events) else None,
        movements=_movements(*two),
        frames=_frames(scenes, raters),
        labels=coefficient(_values(units, range(2), _label)),
        action_units=_of_units(units, used),
        by_unit={number: _of_units(units, [number]) for number in used},
        onset=_difference(matched, raters, lambda event: event.onset),
        apex=_difference(matched, raters, lambda event: event.apex),
        offset=_difference(matched, raters, lambda event: event.offset),
    )


def _count(rater: Rater, videos: set[str]) -> int:
    return sum(len(rater.events[video]) for video in videos)


def _label(event: RatedEvent) -> str | None:
    return event.label or None


def _values(units: Sequence[RatedUnit], coders: range, value: Callable[[RatedEvent], Value]) -> list[list[Value]]:
    return [[value(unit[coder]) if coder in unit else None for coder in coders] for unit in units]


def _of_units(units: Sequence[RatedUnit], numbers: Sequence[int]) -> Coefficient:
    """The agreement of two coders on these action units, with the ratio of FACS."""
    values = [row for row in _unit_values(units, range(2), numbers) if None not in row]
    ratio = facs_ratio([bool(row[0]) for row in values], [bool(row[1]) for row in values])
    return coefficient(values).model_copy(update={"ratio": ratio})


def _unit_values(units: Sequence[RatedUnit], coders: range, numbers: Sequence[int]) -> list[list[Value]]:
    """Whether each coder of an event lists each of these action units; None where the coder lists none at all."""

    def lists(number: int) -> Callable[[RatedEvent], Value]:
        return lambda event: number in event.units if event.units else None

    return [row for number in numbers for row in _values(units, coders, lists(number))]


def _all_units(units: Sequence[RatedUnit]) -> list[int]:
    """The action units that anyone lists for an event that two coders or more have with action units."""
    coded = [unit for unit in units if sum(bool(event.units) for event in unit.values()) > 1]
    return sorted({number for unit in coded for event in unit.values() for number in event.units})


def _movements(first: Rater, second: Rater) -> Coefficient:
    both = sorted(set(first.verdicts) & set(second.verdicts))
    return coefficient([[first.verdicts[key], second.verdicts[key]] for key in both])


def _frames(scenes: Sequence[Scene], raters: Raters) -> Coefficient | None:
    """Frame by frame and face by face, whether there is an event; None where a number of frames is unknown."""
    both = first = second = total = 0
    for scene in scenes:
        video = raters.videos.get(scene.video, RatedVideo())
        if video.frames is None:
            return None
        one, other = (video.those_there(_covered(listed)) for listed in scene.events.values())
        both, first, second = both + len(one & other), first + len(one - other), second + len(other - one)
        total += video.frames
    neither = total - both - first - second
    cells = [(both, {True: 2}), (first + second, {True: 1, False: 1}), (neither, {False: 2})]
    return Coefficient(
        n=total,
        agreement=(both + neither) / total if total else None,
        kappa=kappa_of_counts(both, first, second, neither),
        alpha=alpha_of_counts([(times, Counter[Hashable](count)) for times, count in cells]),
    )


def _covered(events: Sequence[RatedEvent]) -> set[int]:
    return {frame for event in events for frame in range(event.onset, event.offset + 1)}


def _difference(
    matched: Sequence[tuple[Scene, RatedUnit]], raters: Raters, boundary: Callable[[RatedEvent], int | None]
) -> Difference | None:
    """Second minus first; in ms only if the frame rate of every video is known."""
    frames: list[int] = []
    ms: list[float | None] = []
    for scene, unit in matched:
        one, other = (boundary(unit[coder]) for coder in range(2))
        if one is not None and other is not None:
            frames.append(other - one)
            ms.append(raters.videos.get(scene.video, RatedVideo()).ms_between(one, other))
    if not frames:
        return None
    known = [each for each in ms if each is not None]
    of_frames, of_ms = _quartiles(frames), _quartiles(known) if len(known) == len(ms) else [None] * 4
    return Difference(
        n=len(frames),
        lower_frames=of_frames[0],
        median_frames=of_frames[1],
        upper_frames=of_frames[2],
        median_size_frames=of_frames[3],
        lower_ms=of_ms[0],
        median_ms=of_ms[1],
        upper_ms=of_ms[2],
        median_size_ms=of_ms[3],
    )


def _quartiles(values: Sequence[float]) -> list[float]:
    """The quartiles of the values, and the median of their sizes."""
    return [*np.percentile(values, QUARTILES).tolist(), float(np.median(np.abs(values)))]
