"""Finished chunks joined: faces keep their number from chunk to chunk, and every event is reported once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from merlab.faces.detection import Face
from merlab.spotting.event import are_one
from merlab.videos.chunks.chunk_record import ChunkEvent, ChunkMovement, ChunkRecord, TrackQuality, read_chunk
from merlab.videos.frame_table import FrameLine, read_frame_lines
from merlab.videos.result import FRAMES
from merlab.videos.rows import FrameRow

# Mean over the frames in which both chunks see the face.
LEAST_OVERLAP = 0.3

OfFaceInChunk = TypeVar("OfFaceInChunk", ChunkEvent, ChunkMovement, TrackQuality)
MovementOfChunk = TypeVar("MovementOfChunk", ChunkEvent, ChunkMovement)


@dataclass(frozen=True)
class JoinedChunk:
    """A chunk with the face numbers of the whole video.

    Attributes:
        folder: where it is.
        record: its own record, with the face numbers of the chunk.
        lines: those of the frames that the chunk is responsible for; frames are numbered from 1.
        events, weak: its movements, without those on a border that the other chunk reports.
        qualities: what was measured of each track.
        names: the face numbers of the chunk -> those of the video.

    """

    folder: Path
    record: ChunkRecord
    lines: list[FrameLine]
    events: list[ChunkEvent]
    weak: list[ChunkMovement]
    qualities: list[TrackQuality]
    names: dict[int, int]


@dataclass
class Joiner:
    """Joins chunks in their order, holding two at a time."""

    faces: int = 0
    _known: dict[tuple[int, int], Face] = field(default_factory=dict)

    def join(self, folders: list[Path]) -> Iterator[JoinedChunk]:
        """Each chunk in turn."""
        before: JoinedChunk | None = None
        for folder in folders:
            chunk = self._named(folder)
            if before is not None:
                before, chunk = _reported_once(before, chunk)
                yield before
            before = chunk
        if before is not None:
            yield before

    def _named(self, folder: Path) -> JoinedChunk:
        """The next chunk, with all of its movements; its lines are also those of the margin on both sides."""
        record, lines = read_chunk(folder), read_frame_lines(folder / FRAMES)
        owned, rows = range(*record.owned), [line.row for line in lines]
        names = self._names(rows, {row.face_id for row in rows if row.frame in owned and row.face_id is not None})
        named = {None, *names}
        lines = [_renamed_line(line, names) for line in lines if line.row.face_id in named]
        self._known = {
            (row.frame, row.face_id): row.box for row, _ in lines if row.face_id is not None and row.box is not None
        }
        return JoinedChunk(
            folder,
            record,
            [line for line in lines if line.row.frame in owned],
            events=_renamed(record.events, names),
            weak=_renamed(record.weak, names),
            qualities=_renamed(record.quality, names),
            names=names,
        )

    def _names(self, rows: list[FrameRow], own: set[int]) -> dict[int, int]:
        """The ``own`` face numbers of a chunk -> those of the video, by the places of the faces in the chunk before."""
        overlaps: dict[tuple[int, int], list[float]] = defaultdict(list)
        known = {face for _, face in self._known}
        for row in rows:
            if row.box is not None and row.face_id in own:
                for face in known:
                    other = self._known.get((row.frame, face))
                    if other is not None:
                        overlaps[row.face_id, face].append(row.box.overlap(other))
        names: dict[int, int] = {}
        for negative, (face, before) in sorted((-float(np.mean(values)), pair) for pair, values in overlaps.items()):
            if -negative >= LEAST_OVERLAP and face not in names and before not in names.values():
                names[face] = before
        for face in sorted(own - names.keys()):
            names[face] = self.faces
            self.faces += 1
        return names


def _renamed_line(line: FrameLine, names: dict[int, int]) -> FrameLine:
    face_id = line.row.face_id
    return line if face_id is None else line._replace(row=replace(line.row, face_id=names[face_id]))


def _renamed(entries: Iterable[OfFaceInChunk], names: dict[int, int]) -> list[OfFaceInChunk]:
    return [entry.model_copy(update={"face_id": names[entry.face_id]}) for entry in entries if entry.face_id in names]


def _reported_once(before: JoinedChunk, after: JoinedChunk) -> tuple[JoinedChunk, JoinedChunk]:
    """Two successive chunks; a movement that both report stays where it is an event, or else in the first one."""
    after = replace(after, events=_without(after.events, before.events))
    before = replace(before, weak=_without(before.weak, after.events))
    return before, replace(after, weak=_without(after.weak, [*before.events, *before.weak]))


def _without(movements: Iterable[MovementOfChunk], others: Sequence[ChunkMovement]) -> list[MovementOfChunk]:
    """The movements that are none of the others; those of different faces never are."""
    return [
        movement
        for movement in movements
        if not any(are_one(movement, other) and movement.face_id == other.face_id for other in others)
    ]
