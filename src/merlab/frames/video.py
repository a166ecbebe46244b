"""Frames of a video file, decoded by FFmpeg (PyAV) and matched to the clock by their time stamps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from merlab.frames.clock import Clock
from merlab.frames.container import opened_video, video_streams
from merlab.frames.decoding import Decoder, FrameSeeker
from merlab.frames.facts import COLOR_RANGES, COLOR_SPACES, TRANSFERS, MediaFacts
from merlab.frames.fields import is_interlaced
from merlab.frames.frame import ClipError, DamagedFrameError, Image, WalkedFrame, describe_numbers
from merlab.frames.packets import Packets, packets_of
from merlab.frames.picture import Orientation, Pictures, square_size

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

# Bits of a file for each pixel of its frames. A tenth is .9 Mbit/s at 640x480 and 30 frames a second, 6 Mbit/s at 200.
FEW_BITS = 0.1


class Video:
    """Frames of a video file, numbered from 1 in the order in which they are shown.

    Reading forwards is fast; reading elsewhere starts at the key frame before. A frame is damaged if the decoder gives
    none for it, or marks it as corrupt. Raises ClipError with the remedy for what is not a video.

    Args:
        path: the file.
        threads: of the decoder; 0 means as many as it wants.

    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        self.path = path
        self._packets: Packets = packets_of(path)
        self._decoder = Decoder(path, self._packets, threads)
        self._pictures = Pictures(self._packets.aspect)
        self._size: tuple[int, int] | None = None
        self._seeker = FrameSeeker(self._decoder)
        # Of its own, so that of damaged frames that follow each other none is looked for twice.
        self._safe_seeker = FrameSeeker(self._decoder)

    @property
    def errors(self) -> int:
        """How often the decoder has failed."""
        return self._decoder.errors

    @property
    def clock(self) -> Clock | None:
        """When each frame was recorded; None if the file has no time stamps that can be used, see ``no_clock``."""
        return self._packets.clock

    @property
    def no_clock(self) -> str:
        """Why there is no clock, as a sentence that names the file; empty if there is one."""
        return self._packets.no_clock

    @property
    def fps(self) -> float | None:
        """Recorded frames per second; None without a clock."""
        return self.clock.fps if self.clock else None

    @property
    def numbers(self) -> Sequence[int]:
        """1 to the number of frames in the file; known without decoding, so that some may be damaged."""
        return range(1, self._packets.count + 1)

    @property
    def promised(self) -> int:
        """The number of frames that the file should have; more than there are if it was cut off."""
        return self._packets.promised

    @property
    def pixels(self) -> int:
        """How many pixels an image has according to the header; known without decoding."""
        width, height = square_size(*self._packets.size, self._packets.aspect)
        return width * height

    @property
    def lacks_detail(self) -> bool:
        """Whether frames are stored as differences from others (H.264, HEVC, VP9, AV1), in fewer than FEW_BITS a pixel.

        Fine detail is then gone in some frames, and others have it.
        """
        return self._packets.predicts and self._packets.bits < FEW_BITS

    @cached_property
    def facts(self) -> MediaFacts:
        """What the file says about itself; decodes its first frame, and some key frames."""
        packets = self._packets
        with opened_video(self.path) as (container, stream):
            frame = next((frame for _, frame in self._decoder.decode(container, stream)), None)
            if frame is None:
                raise ClipError(f"{self.path} has no frame that can be decoded; copy it again from the original")
            width, height = square_size(frame.width, frame.height, packets.aspect)
            orientation = Orientation.of(frame)
            turned = orientation.rotation % 180 != 0
            streams = video_streams(container)
            return MediaFacts(
                container=container.format.name,
                codec=stream.codec_context.name,
                pixel_format=frame.format.name,
                color_space=COLOR_SPACES.get(int(frame.colorspace), ""),
                color_range=COLOR_RANGES.get(int(frame.color_range), ""),
                transfer=TRANSFERS.get(int(frame.color_trc), ""),
                width=height if turned else width,
                height=width if turned else height,
                stored_width=frame.width,
                stored_height=frame.height,
                pixel_aspect=float(packets.aspect),
                rotation=orientation.rotation,
                mirrored=orientation.mirrored,
                interlaced=is_interlaced(self.path, packets.key_stamps),
                fps=self.fps,
                stated_rate=packets.stated_rate,
                capture_rate=packets.capture_rate,
                slowed=self.clock.slowed if self.clock else 1.0,
                start=packets.start,
                gaps=self.clock.gaps if self.clock else (),
                frames=packets.count,
                promised=packets.promised,
                cut_off=packets.cut_off,
                missing=packets.missing,
                streams=len(streams),
                stream=streams.index(stream) + 1,
            )

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        damaged = 0
        for frame in self.walk(lambda number: True):
            if frame.image is None:
                damaged = damaged or frame.number
                continue
            if damaged:
                raise self._damaged(damaged)
            yield frame.number, frame.image

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[WalkedFrame]:
        """Every frame once, ascending; only ``wanted`` frames are made into images.

        After many others, decoding continues at a later key frame, where the container can find one.
        """
        seeker = FrameSeeker(self._decoder)
        for number in self.numbers:
            is_wanted = wanted(number)
            frame = seeker.frame(number, safely=True) if is_wanted else None
            seconds = self.clock.seconds(number) if self.clock else None
            image = None if frame is None else self._image(number, frame)
            yield WalkedFrame(number, seconds, image, damaged=is_wanted and frame is None)

    def read(self, number: int) -> Image:
        """Frame ``number`` as (H, W, 3) uint8 BGR; raises ClipError if it is absent, DamagedFrameError if damaged."""
        if number not in self.numbers:
            raise ClipError(f"{self.path} has no frame {number}; it has {describe_numbers(self.numbers)}")
        frame = self._seeker.frame(number) or self._safe_seeker.frame(number, safely=True)
        if frame is None:
            raise self._damaged(number)
        return self._image(number, frame)

    def _image(self, number: int, frame: VideoFrame) -> Image:
        size = (frame.width, frame.height)
        self._size = self._size or size
        if size != self._size:
            raise ClipError(
                f"{self.path}: frame {number} has {size[0]}x{size[1]} pixels, those before {self._size[0]}x"
                f"{self._size[1]}; all must have one size: cut the video there"
            )
        return self._pictures.of(frame)

    def _damaged(self, number: int) -> DamagedFrameError:
        remedy = "copy the video again from the original, or use the frames before or after it"
        return DamagedFrameError(f"{self.path}: frame {number} is damaged; {remedy}")
