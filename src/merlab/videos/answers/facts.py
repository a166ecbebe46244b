"""What the results of `merlab recognize` say about each video, as answers need it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from merlab.errors import MerlabError
from merlab.frames import name_of
from merlab.given import require_folder
from merlab.schemes import SCHEMES
from merlab.spelling import counted, first_of
from merlab.spotting.scoring.kinds import LONGEST_MICRO, MACRO, MICRO, OTHER
from merlab.videos.moved import units_of
from merlab.videos.result import METADATA, VideoResult, read_video_result
from merlab.videos.rows import Event

# Versions and weights that a note names.
MOST_NAMED = 5
# The coarse classes of the challenges, and the class of each emotion in MEGC 2019.
COARSE = ("negative", "positive", "surprise", "others")


@dataclass(frozen=True)
class EventFacts:
    """A movement.

    Attributes:
        onset, apex, offset: frames as numbered in the source.
        seconds: from onset to offset.
        kind: micro or macro.
        score: the largest motion score.
        part: the part of the face whose movement has the largest score.
        label: its class; empty where it is withheld.
        units: the names of the action units that it is consistent with, the strongest first.

    """

    onset: int
    apex: int
    offset: int
    seconds: float
    kind: str
    score: float
    part: str
    label: str
    units: tuple[str, ...]

    @property
    def coarse(self) -> str:
        """The coarse class; empty where it is not known."""
        if self.label in COARSE:
            return self.label
        return SCHEMES["megc2019"].emotions.get(self.label, "")

    @property
    def fine(self) -> str:
        """The emotion; empty where it is not known, as with the coarse classes positive and negative."""
        return "" if self.label in {"positive", "negative"} else self.label


@dataclass(frozen=True)
class VideoFacts:
    """A video by its name, as ``name_of`` gives it, its expressions by onset, and how many faces show them.

    ``merlab`` is the version that made the result, ``weights`` the name of the recognizer and the digest of its file.
    """

    name: str
    events: tuple[EventFacts, ...]
    stamps: tuple[str, ...]
    faces: int = 1
    merlab: str = ""
    weights: str = ""

    @property
    def main(self) -> EventFacts | None:
        """The micro-expression with the largest score; without one, the movement with the largest score."""
        candidates = self.of_kind(MICRO) or self.events
        return max(candidates, key=lambda event: event.score, default=None)

    def of_kind(self, kind: str) -> tuple[EventFacts, ...]:
        """The expressions of a kind."""
        return tuple(event for event in self.events if event.kind == kind)


def facts_of(result: VideoResult, *, most_probable: bool = False) -> VideoFacts:
    """The facts of a result; movements that are no expression are left out.

    With ``most_probable``, an event whose class is withheld gets the most probable one.
    """
    events = [(_event(row, most_probable), row.face_id) for row in result.rows]
    shown = [(event, face) for event, face in events if event.kind != OTHER]
    kept = sorted((event for event, _ in shown), key=lambda event: event.onset)
    metadata = result.metadata
    return VideoFacts(
        name=name_of(metadata.video.name),
        events=tuple(kept),
        stamps=tuple(metadata.stamps),
        faces=len({face for _, face in shown}),
        merlab=metadata.asked.merlab,
        weights=f"{metadata.model.name} {metadata.model.digest[:8]}",
    )


def read_facts(folders: Iterable[Path], *, most_probable: bool = False) -> list[VideoFacts]:
    """The facts of the results in folders, each one result or a folder of results at any depth, by name.

    Raises MerlabError for a folder without a result, and for two videos of one name.
    """
    found: dict[str, tuple[Path, VideoFacts]] = {}
    for folder in (each for given in folders for each in _results_in(given)):
        facts = facts_of(read_video_result(folder), most_probable=most_probable)
        if facts.name in found:
            other = found[facts.name][0]
            raise MerlabError(f"two results are of a video {facts.name}: {other} and {folder}; give one of them")
        found[facts.name] = folder, facts
    return [found[name][1] for name in sorted(found)]


def stamps_of(videos: Sequence[VideoFacts]) -> list[str]:
    """The stamps of all results, each once."""
    return list(dict.fromkeys(stamp for video in videos for stamp in video.stamps))


def notes_on_mixtures(videos: Sequence[VideoFacts]) -> list[str]:
    """One sentence where the results are of several versions of merlab, and one where they are of several weights."""
    counts = {
        "versions of merlab": Counter(video.merlab for video in videos),
        "files of weights": Counter(video.weights for video in videos),
    }
    notes = []
    for what, of in counts.items():
        named = [f"{name} ({counted(count, 'video')})" for name, count in sorted(of.items())]
        if len(named) > 1:
            notes.append(
                f"the results are of several {what}, which may give other answers: {first_of(named, MOST_NAMED)}; make "
                "them all with one (`merlab recognize --again`)"
            )
    return notes


def _results_in(folder: Path) -> list[Path]:
    require_folder(folder, "give a result of `merlab recognize`, or a folder of results")
    if (folder / METADATA).is_file():
        return [folder]
    # Hidden folders hold unfinished results.
    inside = sorted(
        path.parent
        for path in folder.rglob(METADATA)
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not inside:
        raise MerlabError(f"{folder} holds no result of `merlab recognize`; give a result, or a folder of results")
    return inside


def _event(row: Event, most_probable: bool) -> EventFacts:
    label = row.label
    if not label and most_probable and row.probabilities:
        label = max(row.probabilities, key=lambda name: row.probabilities[name])
    units = [unit.name for unit in units_of(row.action_units)]
    by_duration = MICRO if row.duration_s <= LONGEST_MICRO else MACRO
    return EventFacts(
        onset=row.onset,
        apex=row.apex,
        offset=row.offset,
        seconds=row.duration_s,
        kind=row.kind or by_duration,
        score=row.score,
        part=row.part,
        label=label,
        units=tuple(dict.fromkeys(units)),
    )
