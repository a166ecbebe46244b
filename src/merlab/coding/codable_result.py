"""What a coder decides about: the movements and the clock of a result of ``merlab recognize`` or ``merlab spot``."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from merlab.coding.frame_clock import FrameClock
from merlab.errors import MerlabError
from merlab.given import require_folder
from merlab.spotting import timeline
from merlab.spotting.timeline import read_timeline
from merlab.spotting.written_text import kind_mark
from merlab.videos import result
from merlab.videos.result import read_video_result


@dataclass(frozen=True)
class MachineEvent:
    """A movement that was found: its name, face and frames, and what is listed of it.

    ``described`` is its kind unless it is micro, its class and its part in words, as in events.eaf; after ``merlab
    spot`` it is without a class.
    """

    event: str
    face_id: int
    onset: int
    apex: int
    offset: int
    described: str
    action_units: str = ""


@dataclass(frozen=True, eq=False)
class CodableResult:
    """A result that can be coded.

    Attributes:
        folder: where the result is.
        video: the name of the source.
        source: its path when the result was made.
        bytes: its size then.
        clock: the frames that the result lists.
        faces: the numbers of its faces.
        events: what was found, by onset.
        aligned: whether the frames show aligned faces.
        stamps: those of the result.

    """

    folder: Path
    video: str
    source: Path
    bytes: int
    clock: FrameClock
    faces: tuple[int, ...]
    events: tuple[MachineEvent, ...]
    aligned: bool
    stamps: tuple[str, ...]

    @cached_property
    def by_name(self) -> dict[str, MachineEvent]:
        """The events by their names."""
        return {event.event: event for event in self.events}


def composed(name: str) -> str:
    """The name of a video as names are compared: some systems write a letter and its mark as two characters."""
    return unicodedata.normalize("NFC", name)


def read_codable(folder: Path) -> CodableResult:
    """The result in a folder, to be coded; raises MerlabError where there is none."""
    require_folder(folder, "give the folder of one video's result")
    if (folder / result.METADATA).is_file():
        return _recognized(folder)
    if (folder / timeline.METADATA).is_file():
        return _spotted(folder)
    inside = sorted(path.parent for name in (result.METADATA, timeline.METADATA) for path in folder.glob(f"*/{name}"))
    raise MerlabError(
        f"{folder} contains no finished result of `merlab recognize` or `merlab spot`; give the folder of one video's "
        f"result{f', such as {inside[0]}' if inside else ''}"
    )


def _recognized(folder: Path) -> CodableResult:
    found = read_video_result(folder)
    video = found.metadata.video
    return CodableResult(
        folder=folder,
        video=video.name,
        source=Path(found.metadata.asked.source),
        bytes=found.metadata.asked.bytes,
        clock=FrameClock.of_table(found.frames, video.fps, video.slowed),
        faces=tuple(face.face_id for face in found.metadata.faces),
        events=tuple(
            MachineEvent(
                event=row.event,
                face_id=row.face_id,
                onset=row.onset,
                apex=row.apex,
                offset=row.offset,
                described=(
                    f"{kind_mark(row.kind)}{row.class_text}{f' ({row.withheld})' if row.withheld else ''}; {row.part}"
                ),
                action_units=row.action_units,
            )
            for row in found.rows
        ),
        aligned=found.metadata.settings.aligned,
        stamps=found.metadata.stamps,
    )


def _spotted(folder: Path) -> CodableResult:
    found = read_timeline(folder)
    return CodableResult(
        folder=folder,
        video=found.video,
        source=Path(found.metadata.asked.source),
        bytes=found.metadata.asked.bytes,
        clock=FrameClock.of_table(found.scores, found.metadata.fps, found.metadata.slowed),
        faces=(0,),
        # As `merlab recognize` names them.
        events=tuple(
            MachineEvent(f"e{position:04d}", 0, row.onset, row.apex, row.offset, f"{kind_mark(row.kind)}{row.part}")
            for position, row in enumerate(found.rows, start=1)
        ),
        aligned=True,
        stamps=(),
    )
