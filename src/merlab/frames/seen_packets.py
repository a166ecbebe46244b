"""What the packets of a video stream say, kept in little memory while the file is read once."""

from __future__ import annotations

from array import array
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

UNKNOWN = -(2**63)
Stamps = NDArray[np.int64]


@dataclass
class SeenPackets:
    """The packets in the order of the file: 27 bytes for each, because a recording may have a million.

    Attributes:
        hides_frames: whether the codec (VP8) has frames that are not shown.
        stamps, decoding: when each frame is shown and when it is decoded, in ticks; UNKNOWN without.
        key, becomes_frame, corrupt: a byte for each, 1 if it is a key frame, is shown, is there in part only.
        places: where each begins in the file, in bytes; UNKNOWN where the container does not say it.
        first, end: when the first packet begins and the last one ends, in ticks; None without time stamps.
        total: how long all packets last, in ticks.

    """

    hides_frames: bool
    stamps: array[int] = field(default_factory=lambda: array("q"))
    decoding: array[int] = field(default_factory=lambda: array("q"))
    key: bytearray = field(default_factory=bytearray)
    becomes_frame: bytearray = field(default_factory=bytearray)
    corrupt: bytearray = field(default_factory=bytearray)
    places: array[int] = field(default_factory=lambda: array("q"))
    first: int | None = None
    end: int | None = None
    total: int = 0
    _length: int = 0

    def add(self, packet: Packet[VideoStream]) -> None:
        """Keep the time stamps of a packet that is one frame, and what is known of the frame without decoding it."""
        self.places.append(UNKNOWN if packet.pos is None else packet.pos)
        self.stamps.append(UNKNOWN if packet.pts is None else packet.pts)
        self.decoding.append(UNKNOWN if packet.dts is None else packet.dts)
        self.key.append(packet.is_keyframe)
        self.corrupt.append(packet.is_corrupt)
        # Edit lists discard packets; VP8 has frames that only others refer to: the fifth bit of the first byte is 0.
        hidden = packet.is_discard or (self.hides_frames and not memoryview(packet)[0] & 0x10)
        self.becomes_frame.append(not hidden)

    def cover(self, packet: Packet[VideoStream]) -> None:
        """Keep when packets begin and end, and how long they last, whether they become frames or not."""
        begin = packet.dts if packet.pts is None else packet.pts
        # FFmpeg loses the durations of AVI at 119.88 frames a second after some packets: it rounds them to 0.
        self._length = packet.duration or self._length
        if begin is not None and self._length:
            self.total += packet.duration or 0
            end = begin + self._length
            self.first = begin if self.first is None else min(self.first, begin)
            self.end = end if self.end is None else max(self.end, end)

    def add_decoded(self, packet: Packet[VideoStream]) -> None:
        """Keep the frames that the decoder gives after this packet, where a packet may be one field of a frame."""
        with suppress(av.FFmpegError):
            for frame in packet.decode():
                self.places.append(UNKNOWN)
                self.stamps.append(UNKNOWN if frame.pts is None else frame.pts)
                self.decoding.append(UNKNOWN)
                self.key.append(frame.key_frame)
                self.corrupt.append(False)
                self.becomes_frame.append(True)

    def __len__(self) -> int:
        """The number of packets, or of decoded frames."""
        return len(self.stamps)

    @property
    def whole(self) -> int:
        """The number of packets without those at the end that are there in part only."""
        return len(self.corrupt.rstrip(b"\x01"))

    @property
    def lost(self) -> int:
        """How many frames those at the end would have become."""
        return sum(self.becomes_frame[self.whole :])

    def usable_stamps(self) -> Stamps | None:
        """Presentation stamps of the whole packets; decoding stamps where the container has only those."""
        for stamps in (self.stamps, self.decoding):
            if stamps and UNKNOWN not in stamps:
                return np.array(stamps[: self.whole], np.int64)
        return None

    @property
    def least_delay(self) -> int:
        """From when a packet is decoded to when it is shown, at least, in ticks; 0 where that is not known."""
        pairs = zip(self.stamps, self.decoding, strict=True)
        return min((shown - decoded for shown, decoded in pairs if UNKNOWN not in (shown, decoded)), default=0)

    def in_time(self, stamps: Stamps | None) -> NDArray[np.intp]:
        """The whole packets that become a frame, in the order of their stamps, or of the file."""
        becomes_frame = np.frombuffer(self.becomes_frame, bool)[: self.whole].copy()
        keys = np.flatnonzero(np.frombuffer(self.key, bool)[: self.whole])
        if len(keys):
            # What comes before the first key frame cannot be decoded.
            moments = np.arange(self.whole) if stamps is None else stamps
            becomes_frame &= moments >= moments[keys[0]]
        frames = np.flatnonzero(becomes_frame)
        return frames if stamps is None else frames[np.argsort(stamps[frames], kind="stable")]
