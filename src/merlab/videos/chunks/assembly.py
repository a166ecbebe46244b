"""From finished parts to the folder that a user gets: frames.csv, events.csv, the pictures, and metadata.json last."""

from __future__ import annotations

import shutil
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.faces.quality import MOST_UNEVEN, ClipQuality, uneven_share
from merlab.sinks import CsvSink
from merlab.storage import read_json, whole_folder
from merlab.videos.chunks.chunk import CHUNK
from merlab.videos.chunks.chunk_worker import Work
from merlab.videos.chunks.joining import JoinedChunk, Joiner
from merlab.videos.result import EVENT_COLUMNS, EVENTS, EVIDENCE, FRAME_COLUMNS


class NothingSeenError(MerlabError):
    """A source in which nothing can be looked at."""


@dataclass
class Clock:
    """When each frame is shown, seconds from the first.

    By the frame rate, unless the container's time stamps say that the rate varies.
    """

    fps: float
    times: array[float] | None = None

    @classmethod
    def of_chunks(cls, fps: float, parts: Iterable[Path]) -> Clock:
        """From what the container said of the frames of all parts."""
        times = array("d")
        for part in parts:
            seconds = read_json(part / CHUNK)["seconds"]
            if None in seconds:
                return cls(fps)
            times.extend(seconds)
        ascends = all(before < after for before, after in zip(times, times[1:], strict=False))
        return cls(fps, times if ascends and uneven_share(times) > MOST_UNEVEN else None)

    def __call__(self, number: int) -> float:
        """Of frame ``number``, counted from 1."""
        if self.times is None:
            return (number - 1) / self.fps
        return self.times[number - 1] - self.times[0]


@dataclass
class FaceRecord:
    """One face over all parts: in which frames it is, in how many of them it is seen, how well."""

    face_id: int
    first: int
    last: int = 0
    rows: int = 0
    frames: int = 0
    qualities: list[dict[str, Any]] = field(default_factory=list)

    def add(self, number: int, success: bool) -> None:
        """Count a row of a frame."""
        self.last = number
        self.rows += 1
        self.frames += success

    def warnings(self) -> list[str]:
        """What limits the result for this face."""
        if not self.qualities:
            return []
        quality = ClipQuality(
            pupil_distance=min(measured["pupil_distance"] for measured in self.qualities),
            coverage=min(measured["coverage"] for measured in self.qualities),
            source=self.qualities[0]["source"],
            frames=self.rows,
            faces=self.frames,
            head_motion=[max(measured["head_motion"] for measured in self.qualities)],
        )
        return [f"face {self.face_id}: {text}" for text in quality.warnings("rigid")]


@dataclass
class Totals:
    """What all parts together say; ``events`` have the video's numbers of faces and their part's ``folder``."""

    frames: int = 0
    faceless: int = 0
    dropped: int = 0
    unspotted: int = 0
    left_out: int = 0
    size: tuple[int, int] = (0, 0)
    events: list[dict[str, Any]] = field(default_factory=list)
    faces: dict[int, FaceRecord] = field(default_factory=dict)

    def add(self, part: JoinedChunk) -> None:
        """Count a part."""
        self.frames = part.about["owned"][1] - 1
        self.dropped += part.about["dropped"]
        self.unspotted += part.about["unspotted"]
        self.left_out = max(self.left_out, part.about["left_out"])
        width, height = part.about["size"]
        self.size = width, height
        self.events += [event | {"folder": part.folder / event["pictures"]} for event in part.events]
        for row in part.rows:
            if not row["face_id"]:
                self.faceless += 1
                continue
            face_id, number = int(row["face_id"]), int(row["frame"])
            self.faces.setdefault(face_id, FaceRecord(face_id, number)).add(number, row["success"] == "1")
        for quality in part.qualities:
            self.faces[quality["face_id"]].qualities.append(quality)


def write_frames(path: Path, parts: list[Path], clock: Clock, work: Work) -> Totals:
    """Write the rows of all parts as frames.csv, frames numbered as in the source.

    Raises NothingSeenError where there is no face in any of them, and where there is no frame.
    """
    totals = Totals()
    with CsvSink(path, FRAME_COLUMNS) as sink:
        for part in Joiner().join(parts):
            totals.add(part)
            for row in part.rows:
                number = int(row["frame"])
                row["frame"], row["time_s"] = str(number + work.first - 1), f"{clock(number):.5f}"
                sink.write(row[column] for column in FRAME_COLUMNS)
        if not totals.frames:
            raise NothingSeenError(f"{work.source} holds no frame")
        if not totals.faces:
            width, height = totals.size
            raise NothingSeenError(
                f"{work.source}: no face is found in any of its {totals.frames} frames of {width}x{height} pixels; a "
                "face must be upright, lit, and larger than about a thirtieth of the frame; aligned faces need "
                "--aligned"
            )
    totals.events.sort(key=lambda event: (event["onset"], event["face_id"]))
    return totals


def write_events(out: Path, totals: Totals, clock: Clock, work: Work, classes: Sequence[str]) -> None:
    """Write events.csv, a row an event by onset, and each event's pictures into a folder of its name."""
    with whole_folder(out / EVIDENCE) as pictures:
        for position, event in enumerate(totals.events, start=1):
            shutil.copytree(event["folder"], pictures / event_name(position))
    with CsvSink(out / EVENTS, [*EVENT_COLUMNS, *(f"p_{name}" for name in classes)]) as sink:
        for position, event in enumerate(totals.events, start=1):
            moments = [event[moment] for moment in ("onset", "apex", "offset")]
            seconds = [clock(moment) for moment in moments]
            sink.write(
                (
                    event_name(position),
                    work.source.name,
                    event["face_id"],
                    *(moment + work.first - 1 for moment in moments),
                    *(f"{second:.5f}" for second in seconds),
                    f"{seconds[2] - seconds[0]:.5f}",
                    f"{event['score']:.3f}",
                    event["part"],
                    event["class"],
                    f"{event['probability']:.4f}",
                    event["regions"],
                    event["action_units"],
                    *(f"{event['probabilities'][name]:.4f}" for name in classes),
                )
            )


def event_name(position: int) -> str:
    """``e0001``: what the event at this position, from 1, is called."""
    return f"e{position:04d}"
