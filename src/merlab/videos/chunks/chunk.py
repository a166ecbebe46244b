"""One chunk of a video: its frames are pushed in, and the faces in them are followed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from merlab.faces.people import SeenFace
from merlab.frames import Image
from merlab.frames.clock import GAP_STEPS, Clock
from merlab.spotting.light import Light
from merlab.spotting.motion import FaceMotion
from merlab.videos.chunks.chunk_record import TrackQuality
from merlab.videos.chunks.division import Span
from merlab.videos.chunks.faces_in_frame import FaceInFrame, FaceViewer
from merlab.videos.chunks.kept_chunk import ChunkFacts, KeptChunk
from merlab.videos.chunks.lanes import Lanes
from merlab.videos.chunks.mesh_facts import MeshWatch
from merlab.videos.chunks.track import Track


@dataclass(eq=False)
class Chunk:
    """Frames ``span.covered`` of a video, as far as it has them; faces are numbered from 0 within the chunk.

    Frames are pushed in by one thread; the ``lanes`` find and align the faces in them, and follow their movement, from
    so many ``keys``, see ``motion.keys_of``.
    """

    span: Span
    viewer: FaceViewer
    clock: Clock
    lanes: Lanes
    keys: int = 1
    size: tuple[int, int] = (0, 0)
    frames: int = 0
    damaged: list[int] = field(default_factory=list)
    tracks: dict[tuple[int, int], Track] = field(default_factory=dict)
    _last: Image | None = None
    _shown: int = 0
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
                self.lanes.faces.add(partial(self._find, number, self._last, self._shown))
            return
        if self._time_is_missing:
            self.lanes.faces.add(self.viewer.restart)
        self._time_is_missing, self._last, self._shown = False, image, number
        self.size = image.shape[1], image.shape[0]
        self.lanes.faces.add(partial(self._find, number, image, number))

    def _find(self, number: int, image: Image, shown: int) -> None:
        """A frame, or a damaged one in whose place the ``image`` of frame ``shown`` is shown again."""
        self.lanes.heads.add(partial(self._align, number, image, shown, self.viewer.find(image)))

    def _align(self, number: int, image: Image, shown: int, found: list[SeenFace]) -> None:
        for face in self.viewer.align(image, found):
            self._add(number, face if shown == number else replace(face, box=None), shown)

    def _add(self, number: int, face: FaceInFrame, shown: int) -> None:
        key = face.face_id, face.track
        if key not in self.tracks:
            fps = self.clock.fps
            self.tracks[key] = Track(face.face_id, number, FaceMotion(fps, self.keys), MeshWatch(fps))
        track = self.tracks[key]
        track.add(face, shown)
        self.lanes.movement.add(partial(track.follow, face))

    @property
    def next(self) -> int:
        """The number of the frame that comes next."""
        return self.span.covered.start + self.frames

    @property
    def is_empty(self) -> bool:
        """Whether the chunk received none of the frames that it is responsible for."""
        return self.next <= self.span.owned.start

    def kept(self) -> KeptChunk:
        """What is kept of the frames that were pushed in."""
        self.lanes.wait()
        owned = range(self.span.owned.start, min(self.span.owned.stop, self.next))
        tracks = [track.kept() for track in self.tracks.values()]
        facts = ChunkFacts(
            covered=(self.span.covered.start, self.next),
            owned=(owned.start, owned.stop),
            size=self.size,
            damaged=tuple(number for number in self.damaged if number in owned),
            left_out=self.viewer.left_out,
            quality=tuple(TrackQuality.of(*measured) for measured in self.viewer.qualities()),
            light=sum((track.light for track in self.tracks.values()), Light()),
            tracks=tuple((track.face_id, track.first) for track in tracks),
        )
        return KeptChunk(facts, tracks)
