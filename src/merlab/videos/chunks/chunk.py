"""One part of a video: its frames are pushed in, what was found in them is left in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from merlab.faces.album import Album
from merlab.faces.detection import Face
from merlab.faces.quality import ClipQuality
from merlab.frames import Image
from merlab.sinks import CsvSink
from merlab.spotting.motion import FaceMotion
from merlab.spotting.spot import SpottedEvent, SpottingSettings, Window
from merlab.storage import write_json
from merlab.videos.chunks.division import Span
from merlab.videos.chunks.faces_in_frame import FaceViewer
from merlab.videos.chunks.track import Track
from merlab.videos.result import FRAME_COLUMNS, FRAMES

CHUNK = "chunk.json"


class Describer(Protocol):
    """Says what an event is: its class, and what moved."""

    def describe(self, event: SpottedEvent, album: Album, fps: float, folder: Path) -> dict[str, Any]:
        """The values of the event's row that are not of spotting; its pictures go into ``folder``."""


@dataclass(eq=False)
class Chunk:
    """Frames ``span.covered`` of a video, as far as it has them; faces are numbered from 0 within the part."""

    span: Span
    viewer: FaceViewer
    fps: float
    spotting: SpottingSettings
    size: tuple[int, int] | None = None
    seconds: list[float | None] = field(default_factory=list)
    tracks: dict[tuple[int, int], Track] = field(default_factory=dict)

    def push(self, number: int, seconds: float | None, image: Image) -> None:
        """The next frame of the part."""
        self.size = image.shape[1], image.shape[0]
        self.seconds.append(seconds)
        for view in self.viewer.see(image):
            key = view.face_id, view.track
            if key not in self.tracks:
                self.tracks[key] = Track(view.face_id, number, FaceMotion(self.fps))
            self.tracks[key].add(view)

    @property
    def is_empty(self) -> bool:
        """Whether none of the frames that the part answers for came."""
        return self.span.covered.start + len(self.seconds) <= self.span.owned.start

    def finish(self, folder: Path, describer: Describer) -> None:
        """Write what was found: a row a frame and face, the events with their pictures, what is to be said of it."""
        owned = range(self.span.owned.start, min(self.span.owned.stop, self.span.covered.start + len(self.seconds)))
        rows: dict[int, list[tuple[object, ...]]] = {}
        events: list[dict[str, Any]] = []
        dropped = unspotted = 0
        for track in self.tracks.values():
            track.forget_unseen_end()
            window = track.spot(owned, self.fps, self.spotting)
            for number, row in _rows(track, window):
                rows.setdefault(number, []).append(row)
            if window is None:
                unspotted += sum(track.first + at in owned for at in range(len(track.boxes)))
                continue
            dropped += window.dropped
            for event in window.events:
                pictures = str(len(events))
                described = describer.describe(event, track.album, self.fps, folder / pictures)
                events.append(self._spotted(track.face_id, event) | described | {"pictures": pictures})
        self._write_rows(folder / FRAMES, rows)
        about = {
            "owned": [owned.start, owned.stop],
            "seconds": self.seconds[owned.start - self.span.covered.start :][: len(owned)],
            "size": self.size,
            "events": events,
            "dropped": dropped,
            "unspotted": unspotted,
            "left_out": self.viewer.left_out,
            "quality": [_measured(face_id, quality) for face_id, quality in self.viewer.qualities()],
        }
        write_json(folder / CHUNK, about)

    def _spotted(self, face_id: int, event: SpottedEvent) -> dict[str, Any]:
        moments = {"onset": event.onset, "apex": event.apex, "offset": event.offset}
        seconds = {f"{name}_s": self.seconds[number - self.span.covered.start] for name, number in moments.items()}
        return {"face_id": face_id, **moments, **seconds, "score": event.score, "part": event.part}

    def _write_rows(self, path: Path, rows: dict[int, list[tuple[object, ...]]]) -> None:
        unseen = [("", "", 0, *[""] * (len(FRAME_COLUMNS) - 5))]
        with CsvSink(path, FRAME_COLUMNS) as sink:
            for number, seconds in enumerate(self.seconds, start=self.span.covered.start):
                for row in sorted(rows.get(number, unseen), key=lambda row: str(row[0])):
                    sink.write((number, seconds, *row))


def _rows(track: Track, window: Window | None) -> Iterator[tuple[int, tuple[object, ...]]]:
    """Of each frame of a track its number, and its row from the face_id on."""
    for number, box in enumerate(track.boxes, start=track.first):
        at = number - window.first if window else -1
        spotted: tuple[object, ...] = ("", "", "")
        if window and 0 <= at < len(window.total):
            spotted = tuple(f"{value:.3f}" for value in (window.total[at], window.lids[at], window.threshold))
        yield number, (track.face_id, *_place(box), *spotted)


def _place(box: Face | None) -> tuple[object, ...]:
    """Confidence, success, and the box."""
    if box is None:
        return 0, 0, "", "", "", ""
    sides = [f"{value:.1f}" for value in (box.left, box.top, box.width, box.height)]
    return f"{box.confidence:.3f}", 1, *sides


def _measured(face_id: int, quality: ClipQuality) -> dict[str, Any]:
    return {
        "face_id": face_id,
        "pupil_distance": quality.pupil_distance,
        "coverage": quality.coverage,
        "source": quality.source,
        "frames": quality.frames,
        "faces": quality.faces,
        "head_motion": quality.largest_head_motion,
    }
