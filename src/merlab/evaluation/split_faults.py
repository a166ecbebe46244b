"""What breaks a split in the clips themselves: one person under two names, shared frames, a class in the test alone."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from merlab.clips import Clip
from merlab.databases.equal_frames import with_equal_frames, with_overlapping_frames
from merlab.evaluation.plan import Entry, Plan
from merlab.evaluation.same_people import as_person
from merlab.protocols import Labeled, Split
from merlab.spelling import counted, first_of, visibly_different
from merlab.stamps import SHARED_FRAMES, SHARED_SUBJECTS, short_stamp

NAMED = 3
COUNTED = {SHARED_SUBJECTS: "name", SHARED_FRAMES: "clip"}
REMEDIES = {
    SHARED_SUBJECTS: "may be one person each, who is then trained on and tested on; give every person one name, and "
    "evaluate databases that show the same people apart",
    SHARED_FRAMES: "share frames, which are then trained on and tested on; correct them, or leave one clip out",
}


def with_split_faults(labeled: Labeled, splits: Sequence[Split]) -> Labeled:
    """The clips with a stamp for each kind of fault that a split would hide, and a warning that names its clips."""
    clips = list(labeled.table)
    people: dict[tuple[str, str], list[Clip]] = defaultdict(list)
    for clip in clips:
        people[as_person(clip.database, clip.subject)].append(clip)
    found = {
        SHARED_SUBJECTS: list(_divided(people.values(), clips, splits, _subject)),
        SHARED_FRAMES: list(
            _divided([*with_equal_frames(clips), *with_overlapping_frames(clips)], clips, splits, _clip)
        ),
    }
    return _marked(labeled, found, REMEDIES)


def warn_of_untrained_classes(plan: Plan) -> None:
    """Warn of test clips of a class that no training clip of their fold has: what learns from these has no such class.

    Methods that begin at a trained network of the same classes, or train on synthetic clips too, learned it elsewhere.
    """
    names = [entry.name for entry in plan.entries if not _learns_elsewhere(entry)]
    untrained = plan.untrained
    if untrained and names:
        lost, tests = counted(sum(untrained.values()), "test clip"), sum(len(split.test) for split in plan.splits)
        named = first_of([f"{name} {count}" for name, count in untrained.items()], NAMED)
        by = "" if len(names) == len(plan.entries) else f" by {first_of(names, NAMED)}"
        warnings.warn(
            f"{lost} of {tests} cannot be recognized{by}, because no training clip "
            f"of the same fold has the class ({named}); if databases have different words for a class, use a scheme "
            "that gives all of them one class, else leave such classes out",
            stacklevel=5,
        )


def _learns_elsewhere(entry: Entry) -> bool:
    """Whether a method has learned the classes, or does so, from other clips than those of a fold."""
    return entry.synthetic is not None or any(start.fitted is None for start in entry.starts)


def with_equal_inputs(labeled: Labeled, splits: Sequence[Split], digests: Sequence[str]) -> Labeled:
    """The same for clips of different subjects whose inputs are equal, which shows copies whose files differ.

    ``digests`` are one per clip, empty where the input says nothing about the clip. Clips that have the stamp already
    are not marked again.
    """
    if any(short_stamp(stamp) == SHARED_FRAMES for stamp in labeled.table.stamps):
        return labeled
    clips = list(labeled.table)
    equal: dict[str, list[Clip]] = defaultdict(list)
    for clip, digest in zip(clips, digests, strict=True):
        if digest:
            equal[digest].append(clip)
    found = {SHARED_FRAMES: list(_divided(equal.values(), clips, splits, _clip))}
    return _marked(labeled, found, {SHARED_FRAMES: f"have the same input: they probably {REMEDIES[SHARED_FRAMES]}"})


def _marked(labeled: Labeled, found: Mapping[str, Sequence[Sequence[str]]], remedies: Mapping[str, str]) -> Labeled:
    """The clips with the stamps of the groups of names that were found, and a warning for each stamp."""
    stamps = list(labeled.table.stamps)
    for word, groups in found.items():
        if groups:
            named = _first("; ", [_first(" and ", visibly_different(sorted(group))) for group in groups])
            # Results are passed on: the stamp names no person and no clip.
            stamps.append(f"{word}: {counted(len(set(chain.from_iterable(groups))), COUNTED[word])}")
            warnings.warn(f"{named} {remedies[word]}. Every result is marked {word}", stacklevel=6)
    return replace(labeled, table=replace(labeled.table, stamps=tuple(dict.fromkeys(stamps))))


def _first(between: str, texts: Sequence[str]) -> str:
    """The first texts, and how many there are more."""
    more = f", and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return between.join(texts[:NAMED]) + more


def _subject(clip: Clip) -> str:
    return clip.group


def _clip(clip: Clip) -> str:
    return clip.key


def _divided(
    groups: Iterable[Sequence[Clip]], clips: Sequence[Clip], splits: Sequence[Split], name: Callable[[Clip], str]
) -> Iterator[list[str]]:
    """The names of each group of clips that are alike, of different subjects, and that a split divides."""
    rows = {clip.key: row for row, clip in enumerate(clips)}
    shared = [group for group in groups if len({clip.group for clip in group}) > 1]
    tested = [frozenset(split.test) for split in splits] if shared else []
    for group in shared:
        if any(0 < len(test.intersection(rows[clip.key] for clip in group)) < len(group) for test in tested):
            yield sorted({name(clip) for clip in group})
