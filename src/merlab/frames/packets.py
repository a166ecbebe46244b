"""What a video file says about its frames without decoding them: time stamps, key frames, the rate of the camera."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray

from merlab.errors import cannot_read
from merlab.frames.clock import Clock, ClockError
from merlab.frames.container import RAW, opened_video, require_one_recording, require_utf8
from merlab.frames.ending import is_cut_off, stated_seconds
from merlab.frames.facts import OTHER_SPEED
from merlab.frames.fields import is_interlaced
from merlab.frames.frame import ClipError, SourceChangedError
from merlab.frames.seen_packets import UNKNOWN, SeenPackets, Stamps

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

# Frames arrive at most so many places before or after their turn (H.264 and HEVC); more is a new beginning.
MOST_REORDERED = 16
# Frames per second of the camera, where it differs from the rate at which the file plays (Android; since then others).
CAPTURE_RATE = "com.android.capture.fps"
# Cameras also write this key without slow motion, as the rate that was wanted; in dim light they record fewer frames.
SLOW_MOTION_RATE = 90.0
# FFmpeg states the beginning of a file in microseconds.
MICROSECOND = 1e-6


@dataclass(frozen=True, eq=False)
class Packets:
    """The frames of a video file, in the order in which they are shown; positions count from 1.

    Attributes:
        count: the number of frames, N.
        promised: the number of frames that the file should have; more than ``count`` if it was cut off.
        stamps: (N,) time stamps in ticks, ascending; None if decoded frames are matched by their order.
        places: (N,) where the packet of each frame begins in the file, in bytes; UNKNOWN where that is not known.
        keys: (K,) the positions of key frames, ascending.
        farthest: (N,) for each frame the last position that it may refer to, itself or one decoded before it.
        clock: when each frame was recorded; None if there are no stamps that can be used.
        no_clock: why there is no clock; empty if there is one.
        start: the time stamp of the first frame in seconds; None without stamps.
        stated_rate: frames per second that the container states; None if it states none.
        capture_rate: frames per second of the camera that the file states; None if it states none.
        size: width and height of a stored frame, as the header states them.
        aspect: width of a pixel by its height.
        predicts: whether the codec stores frames with less detail, as differences from others: H.264, HEVC, VP9, AV1.
        bits: of the file, for each pixel of all frames.
        cut_off: whether bytes are missing at the end of the file.
        missing: seconds that the header states beyond the end of the last frame in the file; 0 if there are none.
        codec: FFmpeg's name.

    """

    count: int
    promised: int
    stamps: Stamps | None
    places: NDArray[np.int64]
    keys: NDArray[np.intp]
    farthest: NDArray[np.intp]
    clock: Clock | None
    no_clock: str
    start: float | None
    stated_rate: float | None
    capture_rate: float | None
    size: tuple[int, int]
    aspect: Fraction
    predicts: bool
    bits: float
    cut_off: bool
    missing: float
    codec: str

    @property
    def key_stamps(self) -> Stamps:
        """(K,) the time stamps of the key frames; none without stamps."""
        return np.empty(0, np.int64) if self.stamps is None else self.stamps[self.keys - 1]

    def position(self, stamp: int | None) -> int | None:
        """The position of the frame with this time stamp; None if there is none."""
        if self.stamps is None or stamp is None:
            return None
        at = int(np.searchsorted(self.stamps, stamp))
        return at + 1 if at < self.count and self.stamps[at] == stamp else None

    def is_at(self, position: int, packet: Packet[VideoStream]) -> bool:
        """Whether a packet is that of the key frame at ``position``, from which reading can begin.

        The stamps of an AVI count its frames: behind damage, they name another frame than when the file is read whole.
        """
        place = self.places[position - 1]
        same_place = packet.pos is None or place in (UNKNOWN, packet.pos)
        return packet.is_keyframe and self.position(packet.pts) == position and same_place

    def key_before(self, position: int, keys: int = 1) -> int:
        """The last key frame at or before ``position`` from which reading can begin, or the one ``keys`` - 1 before.

        1 if there is none.
        """
        at = int(np.searchsorted(self.keys, position, side="right")) if self.stamps is not None else 0
        return int(self.keys[at - keys]) if at >= keys else 1

    def key_after(self, position: int) -> int:
        """The first key frame after ``position``; one more than the number of frames if there is none."""
        at = int(np.searchsorted(self.keys, position, side="right"))
        return int(self.keys[at]) if at < len(self.keys) else self.count + 1


def packets_of(path: Path) -> Packets:
    """Read the packets of a video file, or recall them if the file was read before and is still the same.

    Raises ClipError with the remedy for what is not a video, or grows while it is read.
    """
    require_utf8(path)
    return _read(path, *_state(path))


def _state(path: Path) -> tuple[int, int]:
    """The size of a file, and when it was changed last; raises ClipError where it is gone."""
    try:
        state = path.stat()
    except OSError as error:
        raise ClipError(cannot_read(path, error, "check the path")) from error
    return state.st_size, state.st_mtime_ns


def forget() -> None:
    """Forget all files, so that the next reading takes as long as the first."""
    _read.cache_clear()


@lru_cache(maxsize=32)
def _read(path: Path, size: int, modified: int) -> Packets:  # size and modified tell a changed file
    packets = _scanned(path, of_fields=False)
    if packets.codec == "h264" and is_interlaced(path, packets.key_stamps):
        # A packet may be one field of a frame; only decoding shows which two are one frame.
        packets = _scanned(path, of_fields=True)
    if _state(path) != (size, modified):
        raise SourceChangedError.of(path)
    return packets


def _scanned(path: Path, of_fields: bool) -> Packets:
    """The packets, or the frames that they become, of an open file."""
    with opened_video(path) as (container, stream):
        seen = SeenPackets(hides_frames=stream.codec_context.name == "vp8")
        # After an error of the container, the frames up to it are there; what is missing is promised.
        with suppress(av.FFmpegError):
            for packet in container.demux(stream):
                seen.cover(packet)
                if of_fields:
                    seen.add_decoded(packet)
                elif packet.size:
                    seen.add(packet)
        require_one_recording(path, container.format.name, max(seen.places, default=0))
        return _packets(path, container, stream, seen, of_fields)


def _packets(path: Path, container: InputContainer, stream: VideoStream, seen: SeenPackets, of_fields: bool) -> Packets:
    name, tick = container.format.name, float(stream.time_base or 1)
    stamps = None if name in RAW else seen.usable_stamps()
    # Of H.264 in AVI, stamps only count frames in the order of decoding: they say when, and not which frame.
    count_only = name == "avi" and bool(stream.codec_context.has_b_frames) and _ascend(stamps)
    frames = seen.in_time(None if count_only else stamps)
    in_time = None if stamps is None else stamps[frames]
    rates = [float(rate) for rate in (stream.base_rate, stream.average_rate) if rate]
    capture = _capture_rate(container, stream)
    # AVI has the times of decoding only. FFmpeg adds a delay to them, but not to the beginning of the file.
    delay = seen.least_delay if name == "avi" else 0
    clock, no_clock = _clock(path, in_time, tick, _offset(container, in_time, tick, delay), rates, capture)
    if _displaced(frames):
        clock, no_clock = None, f"the time stamps of {path} start again in the middle"
        frames = seen.in_time(None)
    matched = clock is not None and not count_only
    # The index of MP4 lists the frames that are gone.
    listed = len(stream.index_entries) if name.startswith("mov") and not of_fields else 0
    lost = seen.lost + max(0, listed - len(seen))
    return Packets(
        count=len(frames),
        promised=len(frames) + lost,
        stamps=in_time if matched else None,
        places=np.array(seen.places, np.int64)[frames],
        keys=np.flatnonzero(np.frombuffer(seen.key, bool)[frames]) + 1,
        farthest=_farthest(frames),
        clock=clock,
        no_clock=no_clock,
        start=None if in_time is None or not len(in_time) else float(in_time[0] * tick),
        stated_rate=rates[-1] if rates and name not in RAW else None,
        capture_rate=capture,
        size=(stream.codec_context.width, stream.codec_context.height),
        aspect=stream.sample_aspect_ratio or Fraction(1),
        predicts=stream.codec_context.codec.lossy and not stream.codec_context.codec.intra_only,
        bits=8 * path.stat().st_size / max(1, len(frames) * stream.codec_context.width * stream.codec_context.height),
        cut_off=is_cut_off(path, name),
        missing=_missing(name, stream, seen, tick),
        codec=stream.codec_context.name,
    )


def _missing(container: str, stream: VideoStream, seen: SeenPackets, tick: float) -> float:
    """Seconds of frames that the header states, but that are not in the file."""
    stated = stated_seconds(container, stream)
    if stated is None or seen.first is None or seen.end is None:
        return 0.0
    # MP4 counts from the first frame, AVI and Matroska from the beginning of the file. Matroska rounds to its ticks.
    # The durations of MP4 are the steps from one decoding to the next: at a varying rate, their sum may be longer.
    found = (max(seen.end - seen.first, seen.total) if container.startswith("mov") else seen.end) * tick
    step = (seen.end - seen.first) * tick / max(1, len(seen))
    least = max(step / 2, 1.5 * tick) if container.startswith("matroska") else step / 2
    return stated - found if stated - found > least else 0.0


def _ascend(stamps: Stamps | None) -> bool:
    return stamps is not None and bool((np.diff(stamps) > 0).all())


def _displaced(frames: NDArray[np.intp]) -> bool:
    """Whether frames are shown so long before or after they are decoded as no codec does."""
    in_file = np.argsort(frames, kind="stable")
    return len(frames) > 0 and bool(np.abs(in_file - np.arange(len(frames))).max() > MOST_REORDERED)


def _farthest(frames: NDArray[np.intp]) -> NDArray[np.intp]:
    """See ``Packets.farthest``; ``frames`` are in the order in which they are shown, by their places in the file."""
    in_file = np.argsort(frames, kind="stable")
    farthest = np.empty_like(frames)
    farthest[in_file] = np.maximum.accumulate(in_file) + 1
    return farthest


def _offset(container: InputContainer, stamps: Stamps | None, tick: float, delay: int) -> float:
    """Seconds from the beginning of the file, over all its streams, to its first frame, without ``delay`` ticks."""
    if stamps is None or not len(stamps) or container.start_time is None:
        return 0.0
    offset = float((stamps[0] - delay) * tick - container.start_time * MICROSECOND)
    return offset if offset > 2 * MICROSECOND else 0.0


def _clock(
    path: Path, stamps: Stamps | None, tick: float, offset: float, rates: list[float], capture: float | None
) -> tuple[Clock | None, str]:
    """The clock, or why there is none."""
    if stamps is None:
        return None, f"{path} has no time stamps"
    try:
        played = Clock.of_stamps((stamps - stamps[:1]) * tick + offset, tick, stated=rates)
        return (played.at_rate(capture) if capture and _is_other_speed(capture, played.fps) else played), ""
    except ClockError as error:
        return None, f"{path}: {error}"


def _is_other_speed(capture: float, played: float) -> bool:
    """Whether the stated rate of the camera means slow motion or time lapse."""
    return (capture >= SLOW_MOTION_RATE and capture >= OTHER_SPEED * played) or capture <= played / OTHER_SPEED


def _capture_rate(container: InputContainer, stream: VideoStream) -> float | None:
    for tags in (stream.metadata, container.metadata):
        try:
            rate = float(tags.get(CAPTURE_RATE, "nan"))
        except ValueError:
            continue
        if 0 < rate < float("inf"):
            return rate
    return None
