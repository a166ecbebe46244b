"""The frames of a source that must be aligned faces, all of them, at a known rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from merlab.alignment_record import known_rate
from merlab.errors import MerlabError
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import (
    ClipError,
    Clock,
    Frames,
    Image,
    ImageFolder,
    WalkedFrame,
    clock_of,
    describe_numbers,
    is_blank,
)
from merlab.frames.clock import GAP_STEPS, ClockError
from merlab.frames.images import IMAGE_SUFFIXES
from merlab.frames.sizes import OneSize
from merlab.progress import Progress
from merlab.spotting.light import EVERY, Light
from merlab.spotting.numbering import numbers_with_gaps, position_of
from merlab.spotting.video_sources import videos_in

# Of the proportions of a frame against those of an aligned face.
LARGEST_DISTORTION = 1.15
FRAMES_A_REPORT = 100


class InPlaceOfDamaged:
    """What is shown in place of damaged frames, which are pushed as None.

    One or two between others show the one before, as players do, the first ones the one after. ``gap`` or more in a row
    are a gap, and show nothing.
    """

    def __init__(self, gap: float = GAP_STEPS) -> None:
        self._gap = gap
        self._last: Image | None = None
        self._waiting: list[int] = []

    def push(self, number: int, image: Image | None) -> Iterator[tuple[int, Image | None]]:
        """The next frame; gives all frames, with their numbers, of which it is known by now what they show."""
        if image is None:
            self._waiting.append(number)
            return
        yield from self._shown(image if self._last is None else self._last)
        self._last = image
        yield number, image

    def rest(self) -> Iterator[tuple[int, Image | None]]:
        """The damaged frames at the end."""
        yield from self._shown(self._last)

    def _shown(self, instead: Image | None) -> Iterator[tuple[int, Image | None]]:
        shown = None if len(self._waiting) >= self._gap else instead
        yield from ((number, shown) for number in self._waiting)
        self._waiting = []


class AlignedFrames:
    """Reads the frames of a source in order and checks them.

    After reading, ``count`` is how many there were, ``first`` the number of the first, ``damaged`` the numbers of those
    that could not be decoded or are blank, and ``light`` how the face is lit. Damaged ones are treated as
    ``InPlaceOfDamaged``, see also ``damaged_runs``; at the end of a source they are left out.
    """

    def __init__(self, source: Path, frames: Frames, progress: Progress) -> None:
        self.source = source
        self.count, self.first = 0, 1
        self.damaged: list[int] = []
        self.light = Light()
        self._frames, self._progress, self._size = frames, progress, OneSize(source)

    def images(self) -> Iterator[Image | None]:
        """Every frame, (H, W, 3) BGR, None in a gap; raises MerlabError where one is not an aligned face."""
        shown = InPlaceOfDamaged()
        for frame in self._frames.walk(lambda number: True):
            for number, image in shown.push(frame.number, self._sound(frame)):
                if not self.count:
                    self.first = number
                if image is not None and self.count % EVERY == 0:
                    self.light += Light.of(image)
                self.count += 1
                if self.count % FRAMES_A_REPORT == 0:
                    self._progress(self.count, max(self.count, self._frames.promised), "spotting")
                yield image

    def _sound(self, frame: WalkedFrame) -> Image | None:
        """The image of a frame, None where it is damaged or blank."""
        if frame.image is not None:
            self._size.check(frame.number, frame.image)
            require_aligned(self.source, frame.image)
        if frame.image is None or is_blank(frame.image):
            self.damaged.append(frame.number)
            return None
        return frame.image


def why_nothing_is_seen(source: Path, frames: Frames) -> str:
    """Why no frame of a source shows a face; it has frames, and the first shows what is wrong with all of them."""
    said = f"{source} contains no frame that can be read and is not blank"
    try:
        frames.read(frames.numbers[0])
    except ClipError as error:
        return f"{said}: {error}"
    return (
        f"{said}: each is of nearly one color, as where a camera is covered, or where it is so dark that no small "
        "movement can be seen; record with more light, or copy it again from the original"
    )


def damaged_runs(
    damaged: Iterable[int], first: int, numbers: Sequence[int] | None = None, least: float = GAP_STEPS
) -> list[range]:
    """The positions from 1 of damaged frames that are a gap; ``first`` is the number of the first frame.

    ``numbers`` are those of all frames, None where none is missing. A gap has at least ``least`` frames.
    """
    runs: list[range] = []
    for number in damaged:
        at = position_of(number, first, numbers)
        begin = runs.pop().start if runs and runs[-1].stop == at else at
        runs.append(range(begin, at + 1))
    return [run for run in runs if len(run) >= least]


def require_most_frames(source: Path, frames: Frames) -> None:
    """Raises MerlabError for a folder without frames, and where half of the numbers or more are missing.

    Fewer are missing where a camera dropped frames, and the others keep their numbers.
    """
    _require_images(source, frames)
    numbers = frames.numbers
    if len(numbers) > 1 and 2 * (len(numbers) - 1) <= numbers[-1] - numbers[0]:
        raise MerlabError(
            f"{source} contains {describe_numbers(numbers)}; a camera that drops so many frames shows no "
            "micro-expression: copy the missing ones, or put each unbroken sequence into a folder of its own"
        )


def _require_images(source: Path, frames: Frames) -> None:
    """Raises MerlabError for a folder without frames."""
    if frames.numbers or not isinstance(frames, ImageFolder):
        return
    if videos := videos_in(source):
        raise MerlabError(f"{source} is a folder of videos; give the path of one, such as {videos[0]}")
    paths = sorted(source.iterdir())
    deeper = next((f", such as {path}" for path in paths if videos_in(path)), "")
    images = (path.name for path in paths if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())
    unnumbered = next(images, "")
    rename = f"; rename images such as {unnumbered} in their order: frame1, frame2 and so on" if unnumbered else ""
    raise MerlabError(
        f"{source} contains neither videos nor images ({', '.join(IMAGE_SUFFIXES)}) whose names end with a number; "
        f"give a folder of one or the other{deeper}, or the path of a video{rename}"
    )


def clock_of_frames(source: Path, frames: Frames, fps: float | None) -> Clock:
    """The clock of the frames that are there; raises ClockError as ``clock_of``, with the rate that merlab recorded.

    That of images is by their numbers: missing ones leave time between the others.
    """
    try:
        clock, numbers = clock_of(source, frames, fps), numbers_with_gaps(frames)
    except ClockError as error:
        if fps is None and frames.numbers:
            raise ClockError(f"{error}{known_rate([source])}") from error
        raise
    return clock if numbers is None else Clock.of_numbers(clock.fps, numbers)


def require_aligned(source: Path, image: Image) -> None:
    """Raises ClipError where a frame does not have the proportions of an aligned face."""
    height, width = image.shape[:2]
    distortion = (width / height) / (LAYOUT_WIDTH / LAYOUT_HEIGHT)
    if not 1 / LARGEST_DISTORTION < distortion < LARGEST_DISTORTION:
        raise ClipError(
            f"{source} has frames of {width}x{height} pixels, which are not aligned faces: those have the proportions "
            f"of {LAYOUT_WIDTH}x{LAYOUT_HEIGHT}, with the eyes a quarter down; align the faces first (`merlab align`), "
            "or use `merlab recognize` without --aligned, which aligns them"
        )
