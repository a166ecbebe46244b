"""Decodes the frames of a video from any key frame on, and reads them in any order."""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.video.frame import PictureType

from merlab.frames.container import opened_video
from merlab.frames.packets import MOST_REORDERED, Packets

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

# Codecs whose frames have no long runs of zeros, which are what was never written to the file, or lost on the disk; not
# all decoders report them (HEVC, VP9). Of half the size of a sector, so that a lost one is found wherever it lies.
WITHOUT_ZEROS = ("h264", "hevc", "av1", "vp8", "vp9", "mpeg4")
HOLE = bytes(256)
# Zeros before a start code or at the end fill a stream up, to a constant rate for example (H.264 and HEVC, annex B).
HOLE_IN_STREAM = re.compile(rb"(?<!\0)\0{256,}[^\0\x01]")
# Copied to MP4 or Matroska, they stay at the end of a unit. There, a unit begins with its length; the two last bits of
# this byte of the header of the file say of how many bytes, less one (ISO/IEC 14496-15).
LENGTH_SIZE_AT = {"h264": 4, "hevc": 21}

STRICT = {"err_detect": "explode"}

# Codecs whose decoder marks a frame as damaged where it conceals an error. With several threads, a frame may be given
# before the thread that decodes it has come to the error, unmarked (seen with H.264; MPEG-4 conceals in the same way).
MARKED_LATE = ("h264", "mpeg4")

# Reading elsewhere opens the file again; if it has an hour of frames, that takes as long as decoding so many of them.
LEAST_JUMP = 50

Decoded = Iterator[tuple[int, "VideoFrame"]]
# Packets, each with the two that follow it.
PacketsAhead = Iterator[tuple["Packet[VideoStream]", ...]]


class Decoder:
    """Decodes the frames of a video file, ascending.

    Nothing in it refers to what reads from it: when a video is released, its file is closed and its memory is free at
    once, and not only when Python searches for cycles.

    Attributes:
        errors: how often the decoder has failed.

    """

    def __init__(self, path: Path, packets: Packets, threads: int) -> None:
        self.errors = 0
        self.packets = packets
        self._path, self._threads = path, threads

    def after(self, key: int) -> Decoded:
        """The frames from a key frame on that can be decoded.

        If a decoder of several threads fails near the end, it keeps back sound frames; one thread gives them.
        """
        last = 0
        for last, frame in self._from(key, self._threads):
            yield last, frame
        if key <= last < self.packets.count:
            rest = self._from(self.packets.key_before(last + 1), 1)
            yield from ((position, frame) for position, frame in rest if position > last)

    def _from(self, start: int, threads: int) -> Decoded:
        """Frames from the key frame ``start``; none if the container cannot find it."""
        with opened_video(self._path) as (container, stream):
            is_late = stream.codec_context.name in MARKED_LATE
            stream.thread_type, stream.thread_count = "AUTO", 1 if is_late else threads
            if self._is_strict:
                stream.codec_context.options = STRICT
            yield from self.decode(container, stream, start)

    @cached_property
    def _is_strict(self) -> bool:
        """Whether the decoder shall refuse damaged images of Motion JPEG, which it otherwise gives with a green rest.

        Not where it refuses the first one: some cameras write all of them in a way of their own.
        """
        with opened_video(self._path) as (container, stream):
            if stream.codec_context.name != "mjpeg":
                return False
            stream.codec_context.options = STRICT
            with suppress(av.FFmpegError, StopIteration):
                next(container.decode(stream))
                return True
            return False

    def decode(self, container: InputContainer, stream: VideoStream, start: int = 1) -> Decoded:
        """Position and frame of what can be decoded, ascending.

        Other frames refer to a damaged one: the decoder gives them with wrong pixels and without a complaint. So all
        frames up to the next key frame are left out, and those shown before it that are decoded after it: a frame is
        held until all that it may refer to are there.
        """
        packets, last, spoiled, begun, leads = self.packets, start - 1, 0, False, False
        codec, holes = stream.codec_context.name, set[int | None]()
        held: deque[tuple[int, VideoFrame]] = deque()
        for packet, *following in self._packets_from(start, container, stream):
            if not begun:
                # A recording may begin before its first key frame, with packets that cannot be decoded.
                leads = packets.stamps is not None and packets.position(packet.pts) is None
                begun = True
            holes.update(packets.position(each.pts) for each in _known_as_damaged(packet, following, stream))
            frames, failed = self._frames(packet)
            for frame in frames:
                position = last + 1 if packets.stamps is None else packets.position(frame.pts)
                if position is None or not last < position <= packets.count:
                    continue
                if position in holes:
                    spoiled = packets.key_after(position)
                    held.clear()
                elif frame.is_corrupt or self._lacks(range(last + 1, position), codec):
                    spoiled = packets.key_after(_last_spoiled(frame, position, last, start, codec))
                    held.clear()
                last = position
                if position >= spoiled and not frame.is_corrupt:
                    held.append((position, frame))
                while held and packets.farthest[held[0][0] - 1] <= position:
                    yield held.popleft()
            if failed and (last or not leads):
                spoiled = packets.key_after(last + 1)
                held.clear()
        yield from held

    def _packets_from(self, start: int, container: InputContainer, stream: VideoStream) -> PacketsAhead:
        """The packets from the key frame ``start`` on; none if the container cannot find it.

        A transport stream is sought by when frames are decoded, and begins with any frame there: behind the key frame,
        unless that of some frames before is sought. MPEG may find the second half of a key frame.
        """
        packets = self.packets
        if start == 1 or packets.stamps is None:
            return _packets_of(container, stream)
        for sought in (start, max(1, start - MOST_REORDERED), 1):
            with suppress(av.FFmpegError):
                container.seek(int(packets.stamps[sought - 1]), stream=stream)
            coming = _packets_of(container, stream)
            for ahead in coming:
                if packets.is_at(start, ahead[0]):
                    return chain([ahead], coming)
                if (packets.position(ahead[0].pts) or 0) > start:
                    break
        return iter(())

    def _lacks(self, missing: range, codec: str) -> bool:
        """Whether frames that the decoder did not give were damaged, and not coded as nothing, as no key frame is."""
        has_key = bool(missing) and self.packets.key_after(missing.start - 1) < missing.stop
        return has_key or (bool(missing) and codec in NEVER_SKIP)

    def _frames(self, packet: Packet[VideoStream]) -> tuple[list[VideoFrame], bool]:
        """The frames that the decoder gives after a packet, and whether it failed."""
        try:
            return packet.decode(), False
        except av.FFmpegError as error:
            self.errors += 1
            LOG.info("%s, time stamp %s: %s", self._path, packet.pts, error)
            return [], True


class FrameSeeker:
    """Reads decodable frames in any order; of frames that follow each other, none is decoded twice."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder, self._packets = decoder, decoder.packets
        self._finds_keys, self._refreshes = True, False
        self._end = self._packets.count + 1, None
        # The frame that was decoded last, with its position, and the position of the one before.
        self._decoded: Decoded = iter(())
        self._current: tuple[int, VideoFrame | None] = self._end
        self._passed = self._packets.count

    def frame(self, number: int, safely: bool = False) -> VideoFrame | None:
        """The frame, read on from the last one or from its key frame; None if it is damaged.

        ``safely`` reads from two key frames before it: with open groups of pictures, a frame may refer to those before
        its key frame. Where the key frame itself is not given, the picture is refreshed gradually: what is given first
        may lack blocks, up to the next key frame, and frames there are read from three key frames before them.
        """
        key = self._key_for(number, safely)
        if number <= self._passed or (self._finds_keys and self._current[0] + LEAST_JUMP < key):
            self._restart(key)
            begun = self._current[0]
            if 1 < key < begun:
                self._refreshes = True
                if number < self._packets.key_after(begun):
                    key = self._key_for(number, safely)
                    self._restart(key)
            if key > 1 and self._current == self._end:
                self._finds_keys = False
                self._restart(1)
        while self._current[0] < number:
            self._passed, self._current = self._current[0], next(self._decoded, self._end)
        position, frame = self._current
        return frame if position == number else None

    def _key_for(self, number: int, safely: bool) -> int:
        if self._refreshes:
            return self._packets.key_before(number - 1, 3)
        return self._packets.key_before(number - 1, 2) if safely else self._packets.key_before(number)

    def _restart(self, key: int) -> None:
        self._decoded = self._decoder.after(key)
        self._passed, self._current = key - 1, next(self._decoded, self._end)


def _known_as_damaged(
    packet: Packet[VideoStream], following: Sequence[Packet[VideoStream]], stream: VideoStream
) -> list[Packet[VideoStream]]:
    """The packets of damaged frames that this one shows, whatever the decoder says of them."""
    return [*_marked(packet, following), *([packet] if _has_hole(packet, following, stream) else [])]


def _marked(packet: Packet[VideoStream], following: Sequence[Packet[VideoStream]]) -> list[Packet[VideoStream]]:
    """The frames of which a transport stream may have lost a part; FFmpeg may mark the one before.

    Where streams were joined, as the parts of a live one, their counts of packets do not fit either: then the last
    frame before a key frame is meant, and taken as sound.
    """
    if not packet.is_corrupt:
        return []
    keys = [each.is_keyframe for each in following]
    if keys == [False, True]:
        return []
    return [packet, *following[:1]] if keys[:1] == [True] else [packet]


def _has_hole(packet: Packet[VideoStream], following: Sequence[Packet[VideoStream]], stream: VideoStream) -> bool:
    """Whether a part of a frame was never written, or was lost."""
    context = stream.codec_context
    if context.name not in WITHOUT_ZEROS or HOLE not in (content := bytes(packet)):
        return False
    if context.name not in LENGTH_SIZE_AT:
        return True
    header = context.extradata or b"\0"
    if header[0] == 0:
        return HOLE_IN_STREAM.search(content) is not None
    # A hole over the end of a frame goes on where the length of the next one should be.
    if following and following[0].size > 0 and not any(memoryview(following[0])[:4]):
        return True
    at = LENGTH_SIZE_AT[context.name]
    units = (unit.rstrip(b"\0") for unit in _units(content, 1 + (header[at] & 3 if at < len(header) else 3)))
    return any(not unit or HOLE in unit for unit in units)


def _units(content: bytes, size: int) -> Iterator[bytes]:
    """The units of a packet, each of which follows its length, of ``size`` bytes."""
    at = 0
    while at < len(content):
        end = at + size + int.from_bytes(content[at : at + size], "big")
        yield content[at + size : end]
        at = end


def _last_spoiled(frame: VideoFrame, position: int, last: int, start: int, codec: str) -> int:
    """The last frame that is known to be damaged or absent; it may be a key frame itself.

    One that is no picture of its own begins a gradual refresh: as long as frames lack blocks, the decoder marks
    them too, or gives none where reading began there.
    """
    if frame.is_corrupt:
        return position if frame.pict_type == PictureType.I else last
    # A recording of H.264 may begin with one itself.
    may_refresh = start == last + 1 and (start > 1 or codec == "h264")
    return last if may_refresh else position - 1


def _packets_of(container: InputContainer, stream: VideoStream) -> PacketsAhead:
    """The packets up to the end, or up to where the container cannot be read, each with the two that follow it."""
    read: deque[Packet[VideoStream]] = deque()
    with suppress(av.FFmpegError):
        for packet in container.demux(stream):
            read.append(packet)
            if len(read) == 3:
                yield tuple(read)
                read.popleft()
    while read:
        yield tuple(read)
        read.popleft()
