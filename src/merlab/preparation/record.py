"""The records of prepared faces: ``prepared.json`` in the folder, ``alignment.json`` of each clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, SerializerFunctionWrapHandler, model_serializer

from merlab.alignment_record import MANIFEST, RECORD
from merlab.clips import Clip, Finding
from merlab.errors import MerlabError
from merlab.faces.geometry import Points
from merlab.faces.regions import REGIONS, Region, regions_from_landmarks
from merlab.frames import require_utf8
from merlab.json_models import FrozenModel, read_model
from merlab.outputs.claims import Writes, claimed_folder
from merlab.preparation.frame_range import FrameRange
from merlab.vocabulary import DetectorName, HeadMotion, ImageFormat, LandmarkSource

FIVE_POINTS: LandmarkSource = "five-points"

MatrixRow = tuple[float, float, float]
Stored = TypeVar("Stored", bound=BaseModel)


class FaceBox(FrozenModel):
    """The face at the onset: left, top, right, bottom in px of the frame, and the confidence of the detector, 0..1."""

    box: tuple[float, float, float, float]
    confidence: float


class AlignmentQuality(FrozenModel):
    """Measurements of an aligned clip, see ``faces.quality.ClipQuality``."""

    pupil_distance_px: float
    coverage: float
    frames_with_face: int
    head_motion_px: float


class ClipLandmarks(FrozenModel):
    """The landmarks of a clip by frame number, (x, y) px of the layout: 468 of the mesh, or five."""

    landmark_source: LandmarkSource
    landmarks: dict[int, tuple[tuple[float, float], ...]]


class AlignmentRecord(FrozenModel):
    """The content of alignment.json: what was found in a clip.

    Attributes:
        frames: the first and the last frame number.
        fps: frames per second; None where unknown.
        transform: the 2 x 3 matrix that maps px of the first frame to px of the layout.
        landmarks: at each onset, see ``ClipLandmarks``.
        lost: the first and the last frame number of each gap, in which no face was found.
        jumps: the frame numbers at which the face changes, or is suddenly elsewhere.
        warnings: everything that a user of these faces must know.

    """

    clip: str
    stamps: tuple[str, ...]
    frames: tuple[int, int]
    fps: float | None
    transform: tuple[MatrixRow, MatrixRow]
    face: FaceBox
    landmark_source: LandmarkSource
    landmarks: dict[int, tuple[tuple[float, float], ...]]
    quality: AlignmentQuality
    lost: tuple[tuple[int, int], ...]
    jumps: tuple[int, ...]
    warnings: tuple[str, ...]

    @property
    def regions(self) -> dict[str, Region]:
        """The five regions of the clip at its first onset; those of the template if there are only five landmarks."""
        if self.landmark_source == FIVE_POINTS:
            return dict(REGIONS)
        return regions_from_landmarks(next(iter(self.landmarks.values())))


class RecordedSettings(FrozenModel):
    """The settings of a preparation; ``jpeg_quality`` is None, and left out of the JSON, for PNG files."""

    detector: DetectorName
    landmarks: LandmarkSource
    motion: HeadMotion
    image: ImageFormat
    jpeg_quality: int | None = None

    @model_serializer(mode="wrap")
    def _without_unknown(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class HowMade(FrozenModel):
    """Everything besides their source that determines aligned frames; ``models`` are digests of files by algorithm."""

    settings: RecordedSettings
    models: dict[str, dict[str, str]]
    versions: dict[str, str]


class VideoRequest(FrozenModel):
    """The content of prepared.json for a video or a folder of images: everything that determines its faces."""

    source: str
    bytes: int
    modified_ns: int
    part: FrameRange
    fps: float | None
    video: bool
    settings: RecordedSettings
    models: dict[str, dict[str, str]]
    versions: dict[str, str]


class DatabaseRequest(FrozenModel):
    """Everything that determines the faces of a database, with the names of its tables.

    What the tables state may change: clips of other frames are then aligned again.
    """

    database: str
    root: str
    table: list[str]
    settings: RecordedSettings
    models: dict[str, dict[str, str]]
    versions: dict[str, str]


class PreparedClip(FrozenModel):
    """The folder of a clip, and the values of its record that the manifest repeats."""

    folder: str
    clip: str
    frames: tuple[int, int]
    face: FaceBox
    landmark_source: LandmarkSource
    quality: AlignmentQuality
    warnings: tuple[str, ...]


class DatabaseManifest(DatabaseRequest):
    """The content of prepared.json for a database: all prepared clips, and the faults of the others."""

    stamps: tuple[str, ...]
    clips: tuple[PreparedClip, ...]
    faults: tuple[Finding, ...]


@contextmanager
def claimed(
    root: Path,
    out: Path,
    request: VideoRequest | DatabaseRequest,
    again: bool,
    is_complete: Callable[[Path], bool],
    writes: Writes,
) -> Iterator[Path]:
    """Be the only writer of ``out`` for the faces of a request; yields the folder to write into.

    ``again`` replaces complete faces (``is_complete``), or those of another request, when the new ones are complete;
    it deletes only files that preparation ``writes``. Raises MerlabError if the folder is used by another process or
    holds anything else, if one of ``root`` and ``out`` is inside the other, or if the
    name of ``out`` is not valid UTF-8.
    """
    # What is in it could not be read again.
    require_utf8(out)
    inner, outer = out.resolve(), root.resolve()
    if inner == outer or outer in inner.parents or inner in outer.parents:
        raise MerlabError(
            f"one of {out} and {root} is inside the other; choose a folder outside of the original frames"
        )
    stated = request.model_dump(mode="json")
    with claimed_folder(
        out, MANIFEST, stated, "prepared faces", again=again, is_complete=is_complete, writes=writes
    ) as folder:
        yield folder


def read_record(folder: Path) -> AlignmentRecord:
    """The record in a folder of aligned frames; raises MerlabError if there is none, or if it is damaged."""
    return _read(folder, AlignmentRecord)


def landmarks_of(clip: Clip) -> Points:
    """The face mesh of a clip at its onset, (468, 2) px of the layout.

    Raises MerlabError, with the name of the clip, if its folder has only five landmarks, or none at that frame.
    """
    record = _read(clip.source, ClipLandmarks)
    where = f"{clip.subject} {clip.name} ({clip.database})"
    points = None if clip.onset is None else record.landmarks.get(clip.onset)
    if points is None:
        known = ", ".join(map(str, record.landmarks))
        raise MerlabError(f"{where}: {RECORD} has landmarks at frame {known}, not at the onset {clip.onset}")
    if record.landmark_source == FIVE_POINTS:
        raise MerlabError(
            f"{where} was aligned by five points, which give no outlines of regions; get the face mesh with "
            "`merlab models get` and prepare the database again into a new folder, or use the template's outlines"
        )
    return np.asarray(points, np.float64)


def _read(folder: Path, kind: type[Stored]) -> Stored:
    path = folder / RECORD
    if not path.is_file():
        raise MerlabError(
            f"{folder} has no {RECORD}, so its faces were not aligned by merlab and no landmarks are known; "
            "prepare the database's raw frames with `merlab prepare`, or use the template's outlines"
        )
    return read_model(path, kind, remedy=f"remove {folder} and run the same command again")
