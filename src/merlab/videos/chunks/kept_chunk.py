"""What took long in a chunk, and is kept: where each face is in every frame, and how it moves.

Movements are spotted and described from it, so that other settings of spotting, or other weights, need no face to be
found again. It takes about 2 kB per frame and face, most of it for the places of the blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from merlab.faces.contours import CONTOUR_POINTS
from merlab.faces.detection import Face
from merlab.faces.geometry import Points, Transform
from merlab.frames import Float32Array
from merlab.frames.clock import Clock
from merlab.json_models import FrozenModel
from merlab.outputs.kept_arrays import Array, read_arrays, write_arrays
from merlab.spotting.light import Light
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.spotted_window import SpottedWindow
from merlab.spotting.stretches import is_too_short, spot_track
from merlab.videos.chunks.chunk_record import TrackQuality
from merlab.videos.chunks.mesh_facts import MeshFacts

RECORD = "record"
# Goes up whenever something else is kept; what another version kept is made anew.
KEPT_VERSION = 25
# The arrays of a track, with their types.
ARRAYS = {
    "boxes": np.float64,
    "places": np.float32,
    "transforms": np.float64,
    "shown": np.int64,
    "mesh": np.float32,
    "contours": np.int16,
}

KeptContours: TypeAlias = "NDArray[np.int16]"
# Contours are kept as whole steps of 1/STEPS px; UNSEEN marks a frame without them.
STEPS, UNSEEN = 32, np.iinfo(np.int16).min


NO_CONTOURS = np.full((len(CONTOUR_POINTS), 2), UNSEEN, np.int16)


def contours_to_keep(contours: Points) -> KeptContours:
    """CONTOUR_POINTS (points, 2) px of the layout as they are kept."""
    return np.clip(np.rint(STEPS * contours), UNSEEN + 1, -UNSEEN - 1).astype(np.int16)


@dataclass(frozen=True, eq=False)
class KeptTrack:
    """The frames ``first``, ``first`` + 1, ... of one face, n without a gap, up to the last in which it is seen.

    Attributes:
        face_id: from 0 in the chunk.
        boxes: left, top, right, bottom in px of the frame and the confidence, (n, 5); NaN where it is not seen.
        places: of its blocks, (n, ROWS, COLUMNS, 2) px.
        transforms: from px of the frame to px of the layout, (n, 2, 3); NaN for frames that are aligned faces.
        shown: the numbers of the frames with its pictures, (n,); of the one before where a frame is damaged.
        mesh: what its landmarks say, the fields of MeshFacts, (n, MeshFacts); NaN where they do not tell.
        contours: those of ``contours_to_keep``, (n, CONTOUR_POINTS, 2); none where there is no mesh.

    """

    face_id: int
    first: int
    boxes: NDArray[np.float64]
    places: Float32Array
    transforms: NDArray[np.float64]
    shown: NDArray[np.int64]
    mesh: Float32Array
    contours: KeptContours = field(default_factory=lambda: np.zeros((0, 0, 2), np.int16))

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.places)

    def box(self, number: int) -> Face | None:
        """Where the face is in frame ``number``; None where it is not seen."""
        values = self.boxes[number - self.first].tolist()
        return None if np.isnan(values[0]) else Face(*values)

    def transform(self, number: int) -> Transform | None:
        """From px of frame ``number`` to px of the layout; None where the frame is an aligned face."""
        rows = self.transforms[number - self.first]
        return None if np.isnan(rows[0, 0]) else Transform.from_matrix(rows)

    def contour_points(self, number: int) -> Points | None:
        """CONTOUR_POINTS in frame ``number``, (points, 2) px of the frame; None where the mesh is not seen."""
        transform = self.transform(number)
        kept = self.contours[number - self.first] if len(self.contours) else None
        if kept is None or transform is None or kept[0, 0] == UNSEEN:
            return None
        return transform.inverse(kept / STEPS)

    def facts(self, name: str) -> NDArray[np.float64]:
        """A field of MeshFacts in every frame, (n,)."""
        return np.asarray(self.mesh[:, MeshFacts._fields.index(name)], np.float64)

    def spot(self, within: range, clock: Clock, settings: SpottingSettings) -> SpottedWindow | None:
        """What moves in the frames ``within``; None where the face is in none of them, or seen too briefly."""
        inside = range(max(within.start, self.first), min(within.stop, self.first + len(self)))
        if not inside or is_too_short(len(self), clock, settings):
            return None
        return spot_track(self.places, self.first, inside, clock, settings)


class ChunkFacts(FrozenModel):
    """What is known of a whole chunk; frames are numbered from 1.

    Attributes:
        covered: the first frame that was read, and the one after the last.
        owned: the first frame that the chunk is responsible for, and the one after the last.
        size: width and height of the frames, px.
        damaged: which frames could not be decoded or, of aligned faces, are blank.
        left_out: the most faces that were seen at once beyond those that are followed.
        quality: of each track.
        light: of all tracks.
        tracks: the face and the first frame of each track.

    """

    covered: tuple[int, int]
    owned: tuple[int, int]
    size: tuple[int, int]
    damaged: tuple[int, ...]
    left_out: int
    quality: tuple[TrackQuality, ...]
    light: Light = Light()
    tracks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class KeptChunk:
    """What is kept of a chunk."""

    facts: ChunkFacts
    tracks: Sequence[KeptTrack]

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        arrays: dict[str, Array] = {RECORD: np.array(self.facts.model_dump_json())}
        for position, track in enumerate(self.tracks):
            for name in ARRAYS:
                arrays[f"{name}{position}"] = getattr(track, name)
        write_arrays(path, arrays)


def read_kept(path: Path) -> KeptChunk | None:
    """The chunk in a file; None if there is none, or if it is damaged, of which a warning is given.

    None also where another version of merlab kept something else there.
    """
    arrays = read_arrays(path)
    if arrays is None:
        return None
    try:
        facts = ChunkFacts.model_validate_json(str(arrays[RECORD]))
        return KeptChunk(facts, [_track(arrays, position, *of) for position, of in enumerate(facts.tracks)])
    except (KeyError, ValidationError):
        return None


def _track(arrays: dict[str, Array], position: int, face_id: int, first: int) -> KeptTrack:
    of_track = {name: np.asarray(arrays[f"{name}{position}"], kind) for name, kind in ARRAYS.items()}
    return KeptTrack(face_id, first, **of_track)
