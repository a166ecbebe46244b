"""The frames of a recording for comparison methods: every n-th, and where time or frames are missing."""

from __future__ import annotations

from collections.abc import Iterator

from merlab.databases.long_video import LongVideo
from merlab.errors import MerlabError
from merlab.frames import Image, clock_of, is_blank, open_frames
from merlab.frames.clock import Clock
from merlab.frames.sizes import OneSize
from merlab.spotting.aligned_frames import (
    InPlaceOfDamaged,
    clock_of_frames,
    require_aligned,
    require_most_frames,
    why_nothing_is_seen,
)
from merlab.spotting.motion import keys_of


class FrameReader:
    """Reads every n-th frame of a recording, those as well that are damaged, blank, or missing in a folder of images.

    ``first`` is the number of the first frame, ``count`` how many there are up to the last, ``keys`` from how many key
    frames movement is measured. ``gaps`` are the positions from 0 of the frames before which time is missing. After
    reading, ``whole_heads`` says whether they do not have the proportions of an aligned face (with ``aligned``,
    MerlabError is raised instead), ``damaged`` how many of those that were needed cannot be decoded or are blank, and
    ``missing`` how many of those are not there.
    """

    def __init__(self, video: LongVideo, aligned: bool) -> None:
        self._source, self._aligned = video.source, aligned
        self._frames = open_frames(video.source)
        self.clock: Clock = clock_of(video.source, self._frames, video.fps)
        self.keys, numbers = keys_of(self._frames), self._frames.numbers
        self.first, self.count = (numbers[0], numbers[-1] - numbers[0] + 1) if len(numbers) else (1, 0)
        gaps = clock_of_frames(video.source, self._frames, video.fps).gaps
        self.gaps = tuple(numbers[position - 1] - self.first for position in gaps)
        self.whole_heads, self.damaged, self.missing = False, 0, 0

    def images(self, step: int) -> Iterator[tuple[int, Image | None]]:
        """Every ``step``-th frame with its position from 0, (H, W, 3) BGR; None where it shows nothing.

        Raises MerlabError where none can be decoded.
        """
        require_most_frames(self._source, self._frames)
        size, is_first = OneSize(self._source), True
        for position, image in self._samples(step):
            if image is None:
                yield position, None
                continue
            if is_first:
                self._check(image)
                is_first = False
            size.check(position + self.first, image)
            blank = is_blank(image)
            self.damaged += blank
            yield position, None if blank else image
        if is_first:
            raise MerlabError(why_nothing_is_seen(self._source, self._frames))

    def shown(self) -> Iterator[tuple[int, Image | None]]:
        """All frames, where single ones that show nothing show the one before, see InPlaceOfDamaged."""
        shown = InPlaceOfDamaged()
        for position, image in self.images(1):
            yield from shown.push(position, image)
        yield from shown.rest()

    def _samples(self, step: int) -> Iterator[tuple[int, Image | None]]:
        """Every ``step``-th position with its frame, None where it is missing or damaged."""
        coming = 0
        for frame in self._frames.walk(lambda number: (number - self.first) % step == 0):
            position = frame.number - self.first
            while coming < position:
                self.missing += 1
                yield coming, None
                coming += step
            if coming == position:
                self.damaged += frame.image is None
                yield position, frame.image
                coming += step

    def _check(self, image: Image) -> None:
        try:
            require_aligned(self._source, image)
        except MerlabError:
            if self._aligned:
                raise
            self.whole_heads = True
