"""The frames of a recording for comparison methods: every n-th, in place of one that is not there the one before."""

from __future__ import annotations

from collections.abc import Iterator

from merlab.databases.long_video import LongVideo
from merlab.errors import MerlabError
from merlab.frames import Image, clock_of, is_blank, open_frames
from merlab.frames.clock import Clock
from merlab.spotting.aligned_frames import OneSize, require_aligned, require_most_frames, why_nothing_is_seen
from merlab.spotting.motion import keys_of


class FrameReader:
    """Reads every n-th frame of a recording; a damaged one shows the one before it, the first ones the one after.

    So does one that is blank (unless all are), or whose number is missing among the images of a folder. ``first`` is
    the number of the first frame, ``count`` how many there are up to the last, ``keys`` from how many key frames
    movement is measured. After reading, ``whole_heads`` says whether they do not have the proportions of an aligned
    face (with ``aligned``, MerlabError is raised instead), ``damaged`` how many of those that were needed cannot be
    decoded or are blank, and ``missing`` how many of those are not there.
    """

    def __init__(self, video: LongVideo, aligned: bool) -> None:
        self._source, self._aligned = video.source, aligned
        self._frames = open_frames(video.source)
        self.clock: Clock = clock_of(video.source, self._frames, video.fps)
        self.keys, numbers = keys_of(self._frames), self._frames.numbers
        self.first, self.count = (numbers[0], numbers[-1] - numbers[0] + 1) if len(numbers) else (1, 0)
        self.whole_heads, self.damaged, self.missing = False, 0, 0

    def images(self, step: int) -> Iterator[tuple[int, Image]]:
        """Every ``step``-th frame with its position from 0, (H, W, 3) BGR."""
        require_most_frames(self._source, self._frames)
        size, last, blank = OneSize(self._source), None, None
        waiting: list[int] = []
        for position, image in self._samples(step):
            waiting.append(position)
            if image is not None:
                if last is None:
                    self._check(image)
                size.check(position + self.first, image)
                if is_blank(image):
                    self.damaged, blank = self.damaged + 1, image
                else:
                    last = image
            if last is not None:
                yield from ((each, last) for each in waiting)
                waiting = []
        if last is None and blank is None:
            raise MerlabError(why_nothing_is_seen(self._source, self._frames))
        # Only where all are blank does a position still wait.
        if blank is not None:
            yield from ((each, blank) for each in waiting)

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
