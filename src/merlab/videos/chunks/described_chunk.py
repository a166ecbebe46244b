"""What is seen in a chunk: its movements are spotted and described from what is kept of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from merlab.frames import Frames
from merlab.frames.clock import Clock
from merlab.sinks import CsvSink
from merlab.spotting.event import SpottedEvent
from merlab.spotting.repeats import Repeats, steps_of
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.spotted_window import SpottedWindow
from merlab.videos.chunks.chunk_record import ChunkEvent, ChunkMovement, ChunkRecord, Description
from merlab.videos.chunks.face_state import face_state
from merlab.videos.chunks.kept_chunk import KeptChunk, KeptTrack
from merlab.videos.chunks.measures import track_measures
from merlab.videos.frame_table import HEADER, FrameLine, lines_of
from merlab.videos.moved import SEPARATOR
from merlab.videos.result import FRAMES
from merlab.videos.rows import FrameRow
from merlab.videos.words import FaceState, WordSettings, reasons_by_mesh


@dataclass(frozen=True)
class SeenEvent:
    """A spotted movement, in frames of a video with ``fps``; how long it lasts by the clock, s; the face meanwhile.

    ``rate`` is how many frames per second it has, without those that repeat the one before: at most ``fps``, unless the
    frame rate varies.
    """

    event: SpottedEvent
    fps: float
    seconds: float
    face: FaceState
    rate: float = math.inf


class _Spotted(NamedTuple):
    """An event of a face, and its aligned faces as frames."""

    face_id: int
    seen: SeenEvent
    faces: Frames


class Describer(Protocol):
    """Describes an event: its class, and what moved."""

    def describe(self, seen: SeenEvent, faces: Frames, folder: Path) -> Description:
        """The description of an event in aligned ``faces``; its pictures are written into ``folder``."""


@dataclass
class _Found:
    """What the tracks of a chunk hold."""

    lines: dict[int, list[FrameLine]] = field(default_factory=dict)
    events: list[ChunkEvent] = field(default_factory=list)
    weak: list[ChunkMovement] = field(default_factory=list)
    dropped: int = 0
    unspotted: int = 0
    repeats: Repeats = field(default_factory=Repeats)


@dataclass(frozen=True)
class ChunkWriter:
    """Writes frames.csv, the pictures of the events, and chunk.json of chunks.

    ``pictures`` gives the aligned faces of a track, by the numbers of its frames. The limits of ``words`` also tell
    which movements are no expressions.
    """

    clock: Clock
    spotting: SpottingSettings
    words: WordSettings
    describer: Describer
    pictures: Callable[[KeptTrack], Frames]

    def write(self, chunk: KeptChunk, folder: Path) -> None:
        """Write the files of a chunk into ``folder``."""
        facts, found = chunk.facts, self._found(chunk, folder)
        _write_lines(folder / FRAMES, range(*facts.covered), found.lines)
        record = ChunkRecord(
            owned=facts.owned,
            size=facts.size,
            events=tuple(found.events),
            weak=tuple(found.weak),
            dropped=found.dropped,
            unspotted=found.unspotted,
            damaged=facts.damaged,
            left_out=facts.left_out,
            quality=facts.quality,
            light=facts.light,
            repeats=found.repeats,
        )
        record.write(folder)

    def _found(self, chunk: KeptChunk, folder: Path) -> _Found:
        facts, found = chunk.facts, _Found()
        owned, spotted = range(*facts.owned), list[_Spotted]()
        for track in chunk.tracks:
            window = track.spot(owned, self.clock, self.spotting)
            repeats = Repeats.of(steps_of(track.places), self.clock, track.first)
            found.repeats += repeats.within(owned)
            measures = track_measures(track, window, self.clock, self.spotting.score)
            for line in lines_of(_rows(track, window), measures):
                found.lines.setdefault(line.row.frame, []).append(line)
            if window is None:
                found.unspotted += sum(track.first + at in owned for at in range(len(track)))
                continue
            found.dropped += window.dropped
            for event in window.events:
                seen = self._seen(event, track, facts.size, repeats)
                spotted.append(_Spotted(track.face_id, seen, self.pictures(track)))
            for event in window.weak:
                reasons = reasons_by_mesh(face_state(track, event, facts.size), self.words)
                found.weak.append(_movement(track.face_id, event, SEPARATOR.join(reasons)))
        found.events += self._described(spotted, folder)
        return found

    def _described(self, spotted: list[_Spotted], folder: Path) -> Iterator[ChunkEvent]:
        """The events with their descriptions, each of which is taken from ``spotted``: it may hold many pictures.

        Those of onset and apex are read before, forwards: where a container cannot find a key frame, each step back
        decodes the whole video up to there.
        """
        shown = [(number, each.faces) for each in spotted for number in (each.seen.event.onset, each.seen.event.apex)]
        for number, faces in sorted(shown, key=lambda pair: pair[0]):
            faces.read(number)
        del shown
        for pictures in range(len(spotted)):
            each = spotted.pop(0)
            description = self.describer.describe(each.seen, each.faces, folder / str(pictures))
            movement = _movement(each.face_id, each.seen.event, description.why_other)
            yield ChunkEvent(**dict(movement), description=description, pictures=str(pictures))

    def _seen(self, event: SpottedEvent, track: KeptTrack, size: tuple[int, int], repeats: Repeats) -> SeenEvent:
        seconds = self.clock.seconds(event.offset) - self.clock.seconds(event.onset)
        rate = repeats.seen_rate(self.clock.rate_within(event.onset, event.offset))
        return SeenEvent(event, self.clock.fps, seconds, face_state(track, event, size), rate)


def _write_lines(path: Path, covered: range, lines: dict[int, list[FrameLine]]) -> None:
    with CsvSink(path, HEADER) as sink:
        for number in covered:
            unseen = FrameLine(FrameRow(number, time_s=None, face_id=None, confidence=None, success=0))
            for line in sorted(lines.get(number, [unseen]), key=lambda line: line.row.face_id or 0):
                sink.write(line.cells)


def _rows(track: KeptTrack, window: SpottedWindow | None) -> Iterator[FrameRow]:
    """One row for each frame of a track."""
    for number in range(track.first, track.first + len(track)):
        box = track.box(number)
        at = number - window.first if window else -1
        spotted = window if window and 0 <= at < len(window.total) else None
        yield FrameRow(
            frame=number,
            time_s=None,
            face_id=track.face_id,
            confidence=box.confidence if box else 0.0,
            success=int(box is not None),
            x=box.left if box else None,
            y=box.top if box else None,
            width=box.width if box else None,
            height=box.height if box else None,
            score=float(spotted.total[at]) if spotted else None,
            lids_px=float(spotted.lids[at]) if spotted else None,
            threshold=spotted.threshold if spotted else None,
        )


def _movement(face_id: int, event: SpottedEvent, why_other: str) -> ChunkMovement:
    """The movement; of the kind other where there is a reason for it."""
    reason = event.why_other or why_other
    return ChunkMovement(
        face_id=face_id,
        onset=event.onset,
        apex=event.apex,
        offset=event.offset,
        score=event.score,
        part=event.part,
        kind="other" if reason else event.kind,
        why_other=reason,
        long=event.long,
    )
