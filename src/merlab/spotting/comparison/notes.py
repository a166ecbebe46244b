"""What a user should know of a comparison, one sentence each: of its subjects, and of its recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import starmap

from merlab.databases.long_video import Kind, LongVideo
from merlab.frames import dim_caveats, open_frames
from merlab.spelling import counted, first_of, person
from merlab.spotting.timing import file_facts

# As many recordings with the same fault have a note each.
MOST_NOTES = 5
MORE_ARE_A_GAP = "Three or more of them in a row are a gap; intervals that would touch it are left out"


def fitted_on(videos: Sequence[LongVideo], training: Sequence[LongVideo] | None) -> str:
    """On which recordings methods are fitted, in a few words; ``training`` is given where no subject is left out."""
    if training is not None:
        return counted(len(training), "other recording")
    known = all(video.subject for video in videos)
    return "the other subjects" if known else "the other videos; one person may be in both"


def unknown_subjects(videos: Sequence[LongVideo]) -> Iterator[str]:
    """A note on the videos whose subject is unknown, if there are any."""
    unknown = [video.name for video in videos if not video.subject]
    if unknown:
        yield (
            f"the subject of {first_of(unknown, 3)} is unknown, so each counts as a subject of its own; state "
            "subjects in a column of the true events or of the list of videos"
        )


def shared_subjects(videos: Sequence[LongVideo], training: Sequence[LongVideo]) -> Iterator[str]:
    """A note on subjects of one name that are tested and fitted on: in another database they may be other people."""
    both = [
        video.subject
        for video in videos
        if video.subject and any(person(each.subject) == person(video.subject) for each in training)
    ]
    if both:
        named = first_of(dict.fromkeys(both), 3)
        yield (
            f"the names of tested subjects ({named}) are also those of subjects that methods were fitted on; if they "
            "are the same people, the scores are too high: fit on recordings of others"
        )


def short_note(method: str, video: str, kinds: Sequence[Kind] = ()) -> str:
    """What to report of a recording in which a method has nothing to compare, or only for some ``kinds``."""
    compares = f"{video} is shorter than the time over which {method} compares frames"
    if not kinds:
        return f"{compares}, so nothing is spotted in it"
    return f"{compares} for {' and '.join(f'{kind}-' for kind in kinds)}expressions, so none is spotted in it"


def file_notes(video: LongVideo) -> Iterator[str]:
    """What the file of a recording states that a user should know, as that it was cut off, or that it is too dark."""
    file = file_facts(open_frames(video.source))
    notes = [*(file.at_rate(video.fps).notes() if file else ()), *dim_caveats(video.source)]
    yield from (f"{video.name}: {note}" for note in notes)


def notes_on(counts: Mapping[str, int], note: Callable[[str, int], str]) -> Iterator[str]:
    """A note on each recording and its count; on many of them one note with their sum, the largest counts first."""
    if len(counts) <= MOST_NOTES:
        yield from starmap(note, counts.items())
        return
    largest = sorted(counts.items(), key=lambda item: -item[1])
    named = first_of((f"{video} {count}" for video, count in largest), MOST_NOTES)
    yield note(f"{len(counts)} recordings ({named})", sum(counts.values()))


def damage_note(video: str, damaged: int) -> str:
    """What to report of a recording with damaged frames."""
    return (
        f"{video}: {damaged} of the frames that are used cannot be decoded or are blank; the one before is shown "
        f"instead. {MORE_ARE_A_GAP}. Copy the video again from the original"
    )


def missing_note(video: str, missing: int) -> str:
    """What to report of a recording that lacks frames."""
    return (
        f"{video}: {missing} of the frames that are used are missing; the one before is shown instead. "
        f"{MORE_ARE_A_GAP}. If the camera did not drop them, copy them again from the original"
    )


def gap_note(video: str, gaps: int) -> str:
    """What to report of a recording in which time is missing."""
    return f"{video}: time is missing {counted(gaps, 'time')}; intervals that would span it are left out"
