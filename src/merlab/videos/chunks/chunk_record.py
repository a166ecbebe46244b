"""What a finished chunk leaves in its folder for the assembly: chunk.json, frames.csv, the pictures of its events."""

from __future__ import annotations

from pathlib import Path

from merlab.faces.quality import ClipQuality
from merlab.json_models import FrozenModel, read_model, write_model
from merlab.spotting.event import MovementKind
from merlab.spotting.light import Light
from merlab.spotting.repeats import Repeats
from merlab.vocabulary import LandmarkSource

CHUNK = "chunk.json"


class Description(FrozenModel):
    """What an event is and what moved; the fields are those of Event.

    ``why_other`` is what shows that it is no expression; empty where nothing does.
    """

    label: str
    withheld: str
    why_other: str = ""
    probability: float
    regions: str
    action_units: str
    probabilities: dict[str, float]


class ChunkMovement(FrozenModel):
    """A movement as in SpottedEvent; frames are numbered from 1 in the video, ``face_id`` from 0 within the chunk."""

    face_id: int
    onset: int
    apex: int
    offset: int
    score: float
    part: str
    kind: MovementKind = "micro"
    why_other: str = ""
    long: bool = False


class ChunkEvent(ChunkMovement):
    """A described movement; ``pictures`` is a folder in that of the chunk."""

    description: Description
    pictures: str


class TrackQuality(FrozenModel):
    """What the alignment of one track measured, as in ClipQuality; ``head_motion`` is the 95th percentile."""

    face_id: int
    pupil_distance: float
    coverage: float
    source: LandmarkSource
    head_motion: float
    roll: float = 0.0

    @classmethod
    def of(cls, face_id: int, quality: ClipQuality) -> TrackQuality:
        """The measurements of a track of this face."""
        return cls(
            face_id=face_id,
            pupil_distance=quality.pupil_distance,
            coverage=quality.coverage,
            source=quality.source,
            head_motion=quality.largest_head_motion,
            roll=quality.roll,
        )


class ChunkRecord(FrozenModel):
    """The content of chunk.json.

    Attributes:
        owned: the first frame that the chunk is responsible for, and the one after the last, from 1.
        size: width and height of the frames, px.
        events: the movements whose peak lies in the owned frames.
        weak: the candidates below the threshold, likewise.
        dropped: how many movements were too short, or too long and too small.
        unspotted: in how many owned frames a face was seen too briefly for spotting.
        damaged: which owned frames could not be decoded or, of aligned faces, are blank.
        left_out: the most faces that were seen at once beyond those that are followed.
        quality: of each track.
        light: of all tracks.
        repeats: of all tracks; of stalls, those that reach into the owned frames.

    """

    owned: tuple[int, int]
    size: tuple[int, int]
    events: tuple[ChunkEvent, ...] = ()
    weak: tuple[ChunkMovement, ...] = ()
    dropped: int = 0
    unspotted: int = 0
    damaged: tuple[int, ...] = ()
    left_out: int = 0
    quality: tuple[TrackQuality, ...] = ()
    light: Light = Light()
    repeats: Repeats = Repeats()

    def write(self, folder: Path) -> None:
        """Write chunk.json."""
        write_model(folder / CHUNK, self)


def read_chunk(folder: Path) -> ChunkRecord:
    """The record in a chunk's folder."""
    return read_model(folder / CHUNK, ChunkRecord)
