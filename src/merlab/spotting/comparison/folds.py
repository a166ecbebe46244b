"""Folds over subjects, and the work of one method in one fold: fit on the training recordings, spot in the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from merlab.clips import Clip
from merlab.databases.equal_frames import with_equal_frames
from merlab.databases.long_video import Kind, LongVideo
from merlab.errors import MerlabError
from merlab.frames import ClipError, is_blank, open_frames
from merlab.spelling import person, visibly_different
from merlab.spotting.comparison.found import KINDS, distinct
from merlab.spotting.comparison.measured_recording import MeasuredRecording
from merlab.spotting.comparison.recording import OwnFeature
from merlab.spotting.comparison.results import FoldResult, SpottedInterval
from merlab.spotting.comparison.sampling import Feature, step_of
from merlab.spotting.comparison.spotter import USUAL_SECONDS, Spotter, Target

SHARED = ", so that the same frames would be tested and fitted on; leave one of them out"


@dataclass(frozen=True)
class Fold:
    """The recordings to spot in, and those to fit on; ``name`` is the subject that is left out."""

    name: str
    test: tuple[LongVideo, ...]
    training: tuple[LongVideo, ...]

    def target(self, kind: Kind) -> Target:
        """What is spotted, with the mean duration of the training events."""
        return target_of(kind, self.training)


def target_of(kind: Kind, training: Sequence[LongVideo]) -> Target:
    """A kind with its mean duration in training recordings, or the usual one if there is no such event."""
    seconds = [(event.offset - event.onset) / each.fps for each in training for event in each.events]
    of_kind = [event.kind == kind for each in training for event in each.events]
    chosen = [duration for duration, right in zip(seconds, of_kind, strict=True) if right]
    return Target(kind, float(np.mean(chosen)) if chosen else USUAL_SECONDS[kind])


def kinds_of(videos: Sequence[LongVideo]) -> tuple[Kind, ...]:
    """The kinds of the true events; micro-expressions also where there is no event."""
    there = {event.kind for video in videos for event in video.events} or {"micro"}
    return tuple(kind for kind in KINDS if kind in there)


def has_events(videos: Sequence[LongVideo], kinds: Sequence[Kind]) -> bool:
    """Whether a recording has a true event of one of the kinds."""
    return any(event.kind in kinds for video in videos for event in video.events)


def person_in(video: LongVideo) -> str:
    """The subject of a video; where it is unknown, the video counts as a subject of its own."""
    return video.subject or video.name


def require_one_spelling(videos: Sequence[LongVideo]) -> None:
    """Raises MerlabError for two spellings of one subject, who would be in both parts of a fold, or count twice."""
    spelled: dict[str, LongVideo] = {}
    for video in videos:
        before = spelled.setdefault(person(video.subject), video) if video.subject else video
        if before.subject != video.subject:
            one, other = visibly_different((before.subject, video.subject))
            raise MerlabError(
                f"the subjects {one} and {other} are one person in two spellings; write one of them "
                f"(videos {before.name} and {video.name})"
            )


def leave_one_subject_out(videos: Sequence[LongVideo]) -> list[Fold]:
    """One fold for each subject, or for each video where the subject is unknown.

    Raises MerlabError for fewer than two subjects, for two spellings of one, and for equal recordings of two.
    """
    require_one_spelling(videos)
    for equal in equal_recordings(videos):
        one, *others = equal
        other = next((each for each in others if person_in(each) != person_in(one)), None)
        if other:
            raise MerlabError(f"{one.name} and {other.name} have equal files{SHARED}")
    subjects = list(dict.fromkeys(map(person_in, videos)))
    if len(subjects) < 2:
        raise MerlabError(
            "all videos are of one subject, so there is no other subject to fit on; give videos of more subjects, or "
            "recordings to fit on (--train)"
        )
    return [
        Fold(
            subject,
            tuple(video for video in videos if person_in(video) == subject),
            tuple(video for video in videos if person_in(video) != subject),
        )
        for subject in subjects
    ]


def fitted_elsewhere(videos: Sequence[LongVideo], training: Sequence[LongVideo]) -> list[Fold]:
    """One fold: all methods are fitted on other recordings.

    Raises MerlabError if one of them is tested too, and for two spellings of one tested subject.
    """
    require_one_spelling(videos)
    sources = {video.source.resolve() for video in videos}
    if both := [each.name for each in training if each.source.resolve() in sources]:
        raise MerlabError(f"{both[0]} would be tested and fitted on; fit on other recordings")
    for equal in equal_recordings([*videos, *training]):
        tested, fitted = ([each for each in equal if each in some] for some in (videos, training))
        if tested and fitted:
            raise MerlabError(f"{tested[0].name} and {fitted[0].name} have equal files{SHARED}")
    return [Fold("all", tuple(videos), tuple(training))]


def equal_recordings(videos: Sequence[LongVideo]) -> Iterator[list[LongVideo]]:
    """The groups of recordings with equal files, under whatever name; blank ones, which teach nothing, are left out."""
    whole = [
        Clip("recordings", str(row), "whole", video.fps, None, None, None, "", "", video.source)
        for row, video in enumerate(videos)
    ]
    for equal in with_equal_frames(whole):
        if not _is_blank_throughout(equal[0].source):
            yield [videos[int(clip.subject)] for clip in equal]


def _is_blank_throughout(source: Path) -> bool:
    """Whether no frame of a recording shows anything, as in a copy of a database without its pictures."""
    frames = open_frames(source)
    try:
        return all(is_blank(frames.read(number)) for number in frames.numbers)
    except ClipError:
        return False


def needed(spotter: Spotter, fold: Fold, kinds: Sequence[Kind]) -> Iterator[tuple[LongVideo, Feature | OwnFeature]]:
    """Every feature that a method needs in a fold, with its recording."""
    for kind in spotter.kinds(kinds):
        target = fold.target(kind)
        for video in (*fold.test, *fold.training):
            for feature in spotter.features(target, video.fps / step_of(video.fps)):
                yield video, feature


def fold_result(
    spotter: Spotter,
    fold: Fold,
    kinds: Sequence[Kind],
    seed: int,
    material: Callable[[LongVideo], MeasuredRecording],
) -> FoldResult:
    """Fit a method on the training recordings of a fold, and spot in the others; ``material`` gives their features.

    Only the true events of the training recordings are used. A method that learns spots nothing of a kind that no
    training recording has.
    """
    facts: dict[Kind, Mapping[str, float]] = {}
    events: list[SpottedInterval] = []
    training = [material(video) for video in fold.training]
    tested = [(video.name, material(video)) for video in fold.test]
    runs = spotter.kinds(kinds)
    for kind in runs:
        # A single run finds all kinds.
        if spotter.needs_training and not has_events(fold.training, kinds if len(runs) == 1 else [kind]):
            facts[kind] = {}
            continue
        with _naming(fold):
            fitted = spotter.fit(training, fold.target(kind), seed)
        facts[kind] = fitted.facts
        for name, each in tested:
            spotted = fitted.spot(each)
            allowed = each.unbroken(spotted) if spotter.sees_frames else spotted
            found = [interval for interval in allowed if interval.kind in kinds]
            events += [SpottedInterval(video=name, **asdict(interval)) for interval in distinct(found)]
    return FoldResult(
        method=spotter.name,
        fold=fold.name,
        facts=facts,
        events=tuple(sorted(events, key=lambda event: (event.video, event.onset, event.offset, event.kind))),
        whole_heads=sum(each.whole_heads for _, each in tested),
        damaged={name: each.damaged for name, each in tested if each.damaged},
        missing={name: each.missing for name, each in tested if each.missing},
        gaps={name: each.gaps for name, each in tested if each.gaps},
        too_short={name: short for name, each in tested if (short := _too_short(spotter, fold, kinds, each))},
    )


@contextmanager
def _naming(fold: Fold) -> Iterator[None]:
    """Add the fold to the message of a MerlabError."""
    try:
        yield
    except MerlabError as error:
        raise MerlabError(f"{error}; this happened in fold {fold.name}") from error


def _too_short(spotter: Spotter, fold: Fold, kinds: Sequence[Kind], material: MeasuredRecording) -> tuple[Kind, ...]:
    """The kinds for which a recording has too few samples."""
    return tuple(
        kind
        for kind in spotter.kinds(kinds)
        if material.samples < spotter.least_samples(fold.target(kind), material.rate)
    )
