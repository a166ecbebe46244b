"""From finished chunks to the tables of a result: frames.csv, events.csv, and the pictures of the events."""

from __future__ import annotations

import itertools
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.faces.quality import ClipQuality
from merlab.frames import open_frames
from merlab.sinks import CsvSink
from merlab.spelling import first_of
from merlab.spotting.aligned_frames import why_nothing_is_seen
from merlab.spotting.columns import Columns
from merlab.spotting.event import EventTier
from merlab.spotting.light import Light
from merlab.spotting.moments_row import moments_of
from merlab.spotting.repeats import Repeats
from merlab.spotting.timing import file_facts
from merlab.storage import whole_folder
from merlab.videos.chunks.chunk_record import ChunkEvent, ChunkMovement, TrackQuality
from merlab.videos.chunks.joining import JoinedChunk, Joiner
from merlab.videos.chunks.plan import VideoPlan
from merlab.videos.frame_table import HEADER, FrameLine
from merlab.videos.result import EVENTS, EVIDENCE, FRAMES, WEAK
from merlab.videos.rows import WEAK_ROWS, Event, FrameRow, WeakEvent

# A warning that holds for more faces than this, apart from its numbers, is given once.
MOST_WARNED = 3
NUMBER = re.compile(r"\d+(?:\.\d+)?")


class NothingSeenError(MerlabError):
    """The source shows no face, or has no frame."""


@dataclass
class FaceRecord:
    """One face over all chunks: its first and last frame, in how many it has a row and is seen, how well."""

    face_id: int
    first: int
    last: int = 0
    rows: int = 0
    frames: int = 0
    qualities: list[TrackQuality] = field(default_factory=list)

    def add(self, row: FrameRow) -> None:
        """Count a row."""
        self.last = row.frame
        self.rows += 1
        self.frames += row.success

    def warnings(self) -> list[str]:
        """What limits the result for this face."""
        if not self.qualities:
            return []
        quality = ClipQuality(
            pupil_distance=min(measured.pupil_distance for measured in self.qualities),
            coverage=min(measured.coverage for measured in self.qualities),
            source=self.qualities[0].source,
            frames=self.rows,
            faces=self.frames,
            head_motion=[max(measured.head_motion for measured in self.qualities)],
            roll=max(measured.roll for measured in self.qualities),
        )
        return [f"face {self.face_id}: {text}" for text in quality.warnings("rigid")]


def face_warnings(faces: Iterable[FaceRecord]) -> list[str]:
    """What limits the result for each face, by face; what limits many in the same way is one sentence at the end.

    A recording with many cuts has hundreds of faces.
    """
    of_kind = defaultdict(list)
    said = [(face.face_id, text) for face in faces for text in face.warnings()]
    for face_id, text in said:
        of_kind[_kind(text)].append((face_id, text))
    few = [text for _, text in said if len(of_kind[_kind(text)]) <= MOST_WARNED]
    return few + [_of_many(each) for each in of_kind.values() if len(each) > MOST_WARNED]


def _kind(warning: str) -> str:
    """The warning without its numbers."""
    return NUMBER.sub("#", warning)


def _of_many(warnings: list[tuple[int, str]]) -> str:
    """Warnings of faces as one: ``faces 0, 1, 2 and 238 more: the face is small: 40 to 46 px ...``."""
    texts = [text.removeprefix(f"face {face_id}: ") for face_id, text in warnings]
    ranges = map(_range, zip(*map(NUMBER.findall, texts), strict=True))
    named = first_of((str(face_id) for face_id, _ in warnings), MOST_WARNED)
    return f"faces {named}: {NUMBER.sub(lambda _: next(ranges), texts[0])}"


def _range(numbers: Sequence[str]) -> str:
    least, most = (choose(numbers, key=float) for choose in (min, max))
    return least if least == most else f"{least} to {most}"


@dataclass
class Totals:
    """The sums over all chunks; ``events`` and ``weak`` are by onset, events with the folder of their pictures."""

    frames: int = 0
    faceless: int = 0
    dropped: int = 0
    unspotted: int = 0
    damaged: list[int] = field(default_factory=list)
    left_out: int = 0
    size: tuple[int, int] = (0, 0)
    light: Light = field(default_factory=Light)
    repeats: Repeats = field(default_factory=Repeats)
    events: list[tuple[ChunkEvent, Path]] = field(default_factory=list)
    weak: list[ChunkMovement] = field(default_factory=list)
    faces: dict[int, FaceRecord] = field(default_factory=dict)

    def add(self, chunk: JoinedChunk) -> None:
        """Add a chunk."""
        self.frames = chunk.record.owned[1] - 1
        self.dropped += chunk.record.dropped
        self.unspotted += chunk.record.unspotted
        self.damaged += chunk.record.damaged
        self.left_out = max(self.left_out, chunk.record.left_out)
        self.size = max(self.size, chunk.record.size)
        self.light += chunk.record.light
        self.repeats += chunk.record.repeats
        self.events += [(event, chunk.folder / event.pictures) for event in chunk.events]
        self.weak += chunk.weak
        for row, _ in chunk.lines:
            if row.face_id is None:
                self.faceless += 1
            else:
                self.faces.setdefault(row.face_id, FaceRecord(row.face_id, row.frame)).add(row)
        for quality in chunk.qualities:
            self.faces[quality.face_id].qualities.append(quality)


def rows_by_frame(plan: VideoPlan) -> Iterator[list[FrameRow]]:
    """The rows of each frame, one frame at a time, from the finished chunks."""
    rows = (line.row for chunk in Joiner().join(plan.finished()) for line in _final(chunk.lines, plan))
    for _, of_frame in itertools.groupby(rows, key=lambda row: row.frame):
        yield list(of_frame)


def write_frame_table(folder: Path, plan: VideoPlan) -> Totals:
    """Write the lines of all chunks as frames.csv, and sum up the chunks.

    Raises NothingSeenError where no chunk shows a face, and where there is no frame.
    """
    totals = Totals()
    with CsvSink(folder / FRAMES, HEADER) as sink:
        for chunk in Joiner().join(plan.finished()):
            totals.add(chunk)
            for line in _final(chunk.lines, plan):
                sink.write(line.cells)
        _require_faces(plan.source, totals)
    totals.events.sort(key=lambda event: (event[0].onset, event[0].face_id))
    totals.weak.sort(key=lambda movement: (movement.onset, movement.face_id))
    return totals


def write_events(folder: Path, totals: Totals, plan: VideoPlan, columns: Columns[Event]) -> tuple[Event, ...]:
    """Write events.csv, one row per event by onset, and each event's pictures into a folder of its name."""
    events = []
    with whole_folder(folder / EVIDENCE) as pictures, CsvSink(folder / EVENTS, columns.names) as sink:
        for position, (found, pictures_of_chunk) in enumerate(totals.events, start=1):
            event = columns.as_written(_event(position, found, plan))
            shutil.copytree(pictures_of_chunk, pictures / event.event)
            sink.write(columns.row(event))
            events.append(event)
    return tuple(events)


def write_weak(folder: Path, totals: Totals, plan: VideoPlan) -> tuple[WeakEvent, ...]:
    """Write weak.csv, one row per candidate by onset."""
    rows = tuple(WEAK_ROWS.as_written(WeakEvent(**_moments(found, "weak", plan))) for found in totals.weak)
    with CsvSink(folder / WEAK, WEAK_ROWS.names) as sink:
        for row in rows:
            sink.write(WEAK_ROWS.row(row))
    return rows


def event_name(position: int) -> str:
    """``e0001``: the name of the event at this position, from 1."""
    return f"e{position:04d}"


def _final(lines: list[FrameLine], plan: VideoPlan) -> Iterator[FrameLine]:
    """Lines with the numbers and times of the source."""
    for row, measures in lines:
        final = replace(row, frame=plan.number(row.frame), time_s=plan.clock.seconds(row.frame))
        yield FrameLine(final, measures)


def _event(position: int, found: ChunkEvent, plan: VideoPlan) -> Event:
    description = found.description.model_dump(exclude={"why_other"})
    return Event(event=event_name(position), **_moments(found, "event", plan), **description)


def _moments(found: ChunkMovement, tier: EventTier, plan: VideoPlan) -> dict[str, Any]:
    """What the rows of an event and of a weak candidate have in common, by the names of their fields."""
    frames = found.onset, found.apex, found.offset
    moments = moments_of(frames, found.score, plan.number, plan.clock.seconds)
    return {
        "video": plan.source.name,
        "face_id": found.face_id,
        **asdict(moments),
        "part": found.part,
        "kind": found.kind,
        "tier": tier,
        "why_other": found.why_other,
    }


def _require_faces(source: Path, totals: Totals) -> None:
    if len(totals.damaged) == totals.frames:
        raise NothingSeenError(why_nothing_is_seen(source, open_frames(source)))
    if not totals.faces:
        width, height = totals.size
        facts = file_facts(open_frames(source))
        others = f"; {facts.other_streams}" if facts and facts.other_streams else ""
        raise NothingSeenError(
            f"{source}: no face is found in any of its {totals.frames} frames of {width}x{height} pixels; a face must "
            "be upright, lit, and larger than about a thirtieth of the frame: turn or crop the video; aligned faces "
            f"need --aligned{others}"
        )
