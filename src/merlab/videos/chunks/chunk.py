"""One chunk of a video: its frames are pushed in, and what was found in them is written into a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from merlab.faces.album import Album
from merlab.frames import Image
from merlab.frames.clock import GAP_STEPS, Clock
from merlab.sinks import CsvSink
from merlab.spotting.motion import FaceMotion
from merlab.spotting.spot import SpottedEvent, SpottingSettings, Window
from merlab.videos.chunks.chunk_record import ChunkEvent, ChunkRecord, Description, TrackQuality
from merlab.videos.chunks.division import Span
from merlab.videos.chunks.faces_in_frame import FaceInFrame, FaceViewer
from merlab.videos.chunks.track import Track
from merlab.videos.result import FRAMES
from merlab.videos.rows import FRAME_ROWS, FrameRow


class Describer(Protocol):
    """Describes an event: its class, and what moved."""

    def describe(self, event: SpottedEvent, album: Album, fps: float, folder: Path) -> Description:
        """The description of an event; its pictures are written into ``folder``."""


@dataclass
class _Found:
    """What the tracks of a chunk hold."""

    rows: dict[int, list[FrameRow]] = field(default_factory=dict)
    events: list[ChunkEvent] = field(default_factory=list)
    dropped: int = 0
    unspotted: int = 0


@dataclass(eq=False)
class Chunk:
    """Frames ``span.covered`` of a video, as far as it has them; faces are numbered from 0 within the chunk."""

    span: Span
    viewer: FaceViewer
    clock: Clock
    spotting: SpottingSettings
    size: tuple[int, int] = (0, 0)
    frames: int = 0
    damaged: list[int] = field(default_factory=list)
    tracks: dict[tuple[int, int], Track] = field(default_factory=dict)
    _last: Image | None = None
    _undecoded: int = 0
    _time_is_missing: bool = False

    @cached_property
    def _gaps(self) -> frozenset[int]:
        return frozenset(self.clock.gaps)

    def push(self, number: int, image: Image | None) -> None:
        """The next frame of the chunk, (H, W, 3) BGR; None where it is damaged.

        One or two damaged frames between others show the one before them, as players do, with faces that are not seen.
        More are a gap.
        """
        self.frames += 1
        self._undecoded = 0 if image is not None else self._undecoded + 1
        self._time_is_missing |= number in self._gaps or self._undecoded >= GAP_STEPS
        if image is None:
            self.damaged.append(number)
            if self._last is not None and not self._time_is_missing:
                for face in self.viewer.see(self._last):
                    self._add(number, replace(face, box=None))
            return
        if self._time_is_missing:
            self.viewer.restart()
        self._time_is_missing, self._last = False, image
        self.size = image.shape[1], image.shape[0]
        for face in self.viewer.see(image):
            self._add(number, face)

    def _add(self, number: int, face: FaceInFrame) -> None:
        key = face.face_id, face.track
        if key not in self.tracks:
            self.tracks[key] = Track(face.face_id, number, FaceMotion(self.clock.fps))
        self.tracks[key].add(face)

    @property
    def is_empty(self) -> bool:
        """Whether the chunk received none of the frames that it is responsible for."""
        return self.span.covered.start + self.frames <= self.span.owned.start

    def finish(self, folder: Path, describer: Describer) -> None:
        """Write frames.csv, the pictures of the events, and chunk.json."""
        owned = range(self.span.owned.start, min(self.span.owned.stop, self.span.covered.start + self.frames))
        found = self._found(owned, folder, describer)
        self._write_rows(folder / FRAMES, found.rows)
        record = ChunkRecord(
            owned=(owned.start, owned.stop),
            size=self.size,
            events=tuple(found.events),
            dropped=found.dropped,
            unspotted=found.unspotted,
            damaged=tuple(number for number in self.damaged if number in owned),
            left_out=self.viewer.left_out,
            quality=tuple(TrackQuality.of(*measured) for measured in self.viewer.qualities()),
        )
        record.write(folder)

    def _found(self, owned: range, folder: Path, describer: Describer) -> _Found:
        found = _Found()
        for track in self.tracks.values():
            track.forget_unseen_end()
            window = track.spot(owned, self.clock, self.spotting)
            for row in _rows(track, window):
                found.rows.setdefault(row.frame, []).append(row)
            if window is None:
                found.unspotted += sum(track.first + at in owned for at in range(len(track.boxes)))
                continue
            found.dropped += window.dropped
            for event in window.events:
                pictures = str(len(found.events))
                description = describer.describe(event, track.album, self.clock.fps, folder / pictures)
                found.events.append(_described(track.face_id, event, description, pictures))
        return found

    def _write_rows(self, path: Path, rows: dict[int, list[FrameRow]]) -> None:
        with CsvSink(path, FRAME_ROWS.names) as sink:
            for number in range(self.span.covered.start, self.span.covered.start + self.frames):
                unseen = FrameRow(number, time_s=None, face_id=None, confidence=None, success=0)
                for row in sorted(rows.get(number, [unseen]), key=lambda row: row.face_id or 0):
                    sink.write(FRAME_ROWS.row(row))


def _rows(track: Track, window: Window | None) -> Iterator[FrameRow]:
    """One row for each frame of a track."""
    for number, box in enumerate(track.boxes, start=track.first):
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


def _described(face_id: int, event: SpottedEvent, description: Description, pictures: str) -> ChunkEvent:
    return ChunkEvent(
        face_id=face_id,
        onset=event.onset,
        apex=event.apex,
        offset=event.offset,
        score=event.score,
        part=event.part,
        description=description,
        pictures=pictures,
    )
