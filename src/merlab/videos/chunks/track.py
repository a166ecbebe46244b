"""A track: one face through successive frames, from where it is found to where it is lost or the chunk ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from merlab.faces.album import Album
from merlab.faces.detection import Face
from merlab.frames import Float32Array
from merlab.frames.clock import Clock
from merlab.spotting.motion import FaceMotion
from merlab.spotting.spot import SpottingSettings, Window
from merlab.spotting.stretches import spot_track
from merlab.videos.chunks.faces_in_frame import FaceInFrame


@dataclass(eq=False)
class Track:
    """The frames ``first``, ``first`` + 1, ... of one face, without a gap: where it is, how it moves and looks."""

    face_id: int
    first: int
    motion: FaceMotion
    boxes: list[Face | None] = field(default_factory=list)
    places: list[Float32Array] = field(default_factory=list)
    album: Album = field(default_factory=Album)

    def add(self, face: FaceInFrame) -> None:
        """The face in the next frame."""
        self.album.add(self.first + len(self.boxes), face.picture)
        self.places.append(self.motion(face.picture))
        self.boxes.append(face.box)

    def forget_unseen_end(self) -> None:
        """Drop the last frames in which the face was not seen: it did not return."""
        while self.boxes and self.boxes[-1] is None:
            self.boxes.pop()
        del self.places[len(self.boxes) :]

    def spot(self, within: range, clock: Clock, settings: SpottingSettings) -> Window | None:
        """What moves in the frames ``within``; None where the face is in none of them, or seen too briefly."""
        inside = range(max(within.start, self.first), min(within.stop, self.first + len(self.places)))
        if not inside or len(self.places) <= 2 * round(settings.score.reach * clock.fps):
            return None
        return spot_track(self.places, self.first, inside, clock, settings)
