"""The pictures of one face, read again from the source where they are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from merlab.frames import ClipError, Frames, Image, describe_numbers
from merlab.frames.frame import FramesByNumber
from merlab.videos.chunks.faces_in_frame import on_layout
from merlab.videos.chunks.kept_chunk import KeptTrack


class TrackPictures(FramesByNumber):
    """The aligned faces of a track as frames, numbered as in the track.

    ``source`` has the frames of the video; ``number`` gives the number there of one that is numbered as in the track.
    Pictures are held in memory once they were read, about 200 kB each, so one object serves one event.
    """

    def __init__(self, track: KeptTrack, source: Frames, number: Callable[[int], int]) -> None:
        self._track, self._source, self._number = track, source, number
        self._held: dict[int, Image] = {}

    @property
    def numbers(self) -> Sequence[int]:
        """Frame numbers of the track."""
        return range(self._track.first, self._track.first + len(self._track))

    def read(self, number: int) -> Image:
        """The face in frame ``number`` on the layout, (282, 231, 3) BGR; raises ClipError where it is not in it."""
        if number not in self.numbers:
            raise ClipError(f"the track has no frame {number}; it has {describe_numbers(self.numbers)}")
        if number not in self._held:
            shown = int(self._track.shown[number - self._track.first])
            frame, transform = self._source.read(self._number(shown)), self._track.transform(number)
            self._held[number] = on_layout(frame, transform)
        return self._held[number]
