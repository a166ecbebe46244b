"""Frames of a video file, decoded by FFmpeg (PyAV) and matched to the clock by their time stamps."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import av

from merlab.frames.clock import Clock
from merlab.frames.container import opened_video, video_streams
from merlab.frames.facts import COLOR_RANGES, COLOR_SPACES, TRANSFERS, MediaFacts
from merlab.frames.frame import ClipError, Image, WalkedFrame, describe_numbers
from merlab.frames.packets import Packets, packets_of
from merlab.frames.picture import Orientation, Pictures, square_size

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# What the decoder complains about; nothing is shown unless a program asks Python's logging for it.
LOG = logging.getLogger("merlab.frames")

# Codecs that code every frame: PyAV may not report an error, but a frame that is not there was damaged. Others code a
# frame that does not change as nothing (MPEG-4).
NEVER_SKIP = ("h264", "hevc", "av1", "vp8", "vp9", "mpeg1video", "mpeg2video")

STRICT = {"err_detect": "explode"}

# Bits of a file for each pixel of its frames. A tenth is .9 Mbit/s at 640x480 and 30 frames a second, 6 Mbit/s at 200.
FEW_BITS = 0.1

# Reading elsewhere opens the file again; if it has an hour of frames, that takes as long as decoding so many of them.
LEAST_JUMP = 50

Decoded = Iterator[tuple[int, "VideoFrame"]]


class _Reading:
    """Reads decodable frames in any order; of frames that follow each other, none is decoded twice."""

    def __init__(self, packets: Packets, after: Callable[[int], Decoded]) -> None:
        self._packets, self._after = packets, after
        self._finds_keys = True
        self._end = packets.count + 1, None
        # The frame that was decoded last, with its position, and the position of the one before.
        self._decoded: Decoded = iter(())
        self._current: tuple[int, VideoFrame | None] = self._end
        self._passed = packets.count

    def frame(self, number: int, keys: int = 1) -> VideoFrame | None:
        """The frame, read on from the last one, or from ``keys`` key frames before it; None if it is damaged."""
        key = self._packets.key_before(number, keys)
        if number <= self._passed or (self._finds_keys and self._current[0] + LEAST_JUMP < key):
            self._restart(key)
            if key > 1 and self._current == self._end:
                self._finds_keys = False
                self._restart(1)
        while self._current[0] < number:
            self._passed, self._current = self._current[0], next(self._decoded, self._end)
        position, frame = self._current
        return frame if position == number else None

    def _restart(self, key: int) -> None:
        self._decoded = self._after(key)
        self._passed, self._current = key - 1, next(self._decoded, self._end)


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
        self.errors = 0
        self._threads = threads
        self._packets: Packets = packets_of(path)
        self._pictures = Pictures(self._packets.aspect)
        self._size: tuple[int, int] | None = None
        self._reading = _Reading(self._packets, self._after)

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
        """What the file says about itself; decodes its first frame."""
        packets = self._packets
        with opened_video(self.path) as (container, stream):
            frame = next((frame for _, frame in self._decode(container, stream)), None)
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
                interlaced=frame.interlaced_frame,
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

        After many others, decoding continues at a later key frame, where the container can find one. Not at the last
        one before a wanted frame: with open groups of pictures or a gradual refresh, it refers to frames before.
        """
        reading = _Reading(self._packets, self._after)
        for number in self.numbers:
            is_wanted = wanted(number)
            frame = reading.frame(number, keys=2) if is_wanted else None
            seconds = self.clock.seconds(number) if self.clock else None
            image = None if frame is None else self._image(number, frame)
            yield WalkedFrame(number, seconds, image, damaged=is_wanted and frame is None)

    def read(self, number: int) -> Image:
        """Frame ``number`` as (H, W, 3) uint8 BGR; raises ClipError if it is absent or damaged."""
        if number not in self.numbers:
            raise ClipError(f"{self.path} has no frame {number}; it has {describe_numbers(self.numbers)}")
        frame = self._reading.frame(number)
        if frame is None:
            raise self._damaged(number)
        return self._image(number, frame)

    def _after(self, key: int) -> Decoded:
        """The frames from a key frame on that can be decoded.

        If a decoder of several threads fails near the end, it keeps back sound frames; one thread gives them.
        """
        last = 0
        for last, frame in self._from(key, self._threads):
            yield last, frame
        if key <= last < self._packets.count:
            rest = self._from(self._packets.key_before(last + 1), 1)
            yield from ((position, frame) for position, frame in rest if position > last)

    def _from(self, start: int, threads: int) -> Decoded:
        """Frames from the key frame ``start``; none if the container cannot find it."""
        packets = self._packets
        with opened_video(self.path) as (container, stream):
            stream.thread_type, stream.thread_count = "AUTO", threads
            if self._is_strict:
                stream.codec_context.options = STRICT
            if start > 1 and packets.stamps is not None:
                with suppress(av.FFmpegError):
                    container.seek(int(packets.stamps[start - 1]), stream=stream)
            yield from self._decode(container, stream, start)

    @cached_property
    def _is_strict(self) -> bool:
        """Whether the decoder shall refuse damaged images of Motion JPEG, which it otherwise gives with a green rest.

        Not where it refuses the first one: some cameras write all of them in a way of their own.
        """
        with opened_video(self.path) as (container, stream):
            if stream.codec_context.name != "mjpeg":
                return False
            stream.codec_context.options = STRICT
            with suppress(av.FFmpegError, StopIteration):
                next(container.decode(stream))
                return True
            return False

    def _decode(self, container: InputContainer, stream: VideoStream, start: int = 1) -> Decoded:
        """Position and frame of what can be decoded, ascending.

        Other frames refer to a damaged one: the decoder gives them with wrong pixels and without a complaint. So all
        frames up to the next key frame are left out, and those shown before it that are decoded after it: a frame is
        held until all that it may refer to are there.
        """
        packets, last, spoiled, begun = self._packets, start - 1, 0, start == 1
        held: deque[tuple[int, VideoFrame]] = deque()
        for packet in _packets_of(container, stream):
            if not begun and packets.position(packet.pts) != start:
                return  # The container cannot find its key frames.
            begun = True
            frames, failed = self._frames(packet)
            for frame in frames:
                position = last + 1 if packets.stamps is None else packets.position(frame.pts)
                if position is None or not last < position <= packets.count:
                    continue
                if frame.is_corrupt or (position > last + 1 and stream.codec_context.name in NEVER_SKIP):
                    spoiled = packets.key_after(last)
                    held.clear()
                last = position
                if position >= spoiled and not frame.is_corrupt:
                    held.append((position, frame))
                while held and packets.farthest[held[0][0] - 1] <= position:
                    yield held.popleft()
            if failed:
                spoiled = packets.key_after(last)
                held.clear()
        yield from held

    def _frames(self, packet: Packet[VideoStream]) -> tuple[list[VideoFrame], bool]:
        """The frames that the decoder gives after a packet, and whether it failed."""
        try:
            return packet.decode(), False
        except av.FFmpegError as error:
            self.errors += 1
            LOG.info("%s, time stamp %s: %s", self.path, packet.pts, error)
            return [], True

    def _image(self, number: int, frame: VideoFrame) -> Image:
        size = (frame.width, frame.height)
        self._size = self._size or size
        if size != self._size:
            raise ClipError(
                f"{self.path}: frame {number} has {size[0]}x{size[1]} pixels, those before {self._size[0]}x"
                f"{self._size[1]}; all must have one size: cut the video there"
            )
        return self._pictures.of(frame)

    def _damaged(self, number: int) -> ClipError:
        remedy = "copy the video again from the original, or use the frames before or after it"
        return ClipError(f"{self.path}: frame {number} is damaged; {remedy}")


def _packets_of(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The packets up to the end, or up to where the container cannot be read."""
    with suppress(av.FFmpegError):
        yield from container.demux(stream)
