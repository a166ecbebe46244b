"""Small videos that tests make with PyAV; frame ``number`` (from 1) has a gray that tells it, and a red corner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream

from merlab.frames import Image

MILLISECOND = Fraction(1, 1000)
PIXEL_FORMATS = {"mjpeg": "yuvj420p", "gif": "rgb8", "rawvideo": "yuv420p"}
QUIET = {"libx265": {"x265-params": "log-level=none"}}


def picture(number: int, size: tuple[int, int] = (64, 48)) -> Image:
    """(H, W, 3) BGR: gray 24 + 5 for each number, and a red rectangle in the upper left corner."""
    width, height = size
    image = np.full((height, width, 3), 24 + 5 * number, np.uint8)
    image[: height // 3, : width // 4] = (0, 0, 255)
    return image


def number_in(image: Image) -> int:
    """The number of ``picture``, from the gray of its lower right; encoding makes it 2 to 4 darker."""
    height, width = image.shape[:2]
    return round((float(image[height // 2 :, width // 2 :].mean()) + 3 - 24) / 5)


def write_video(
    path: Path,
    codec: str = "mpeg4",
    *,
    numbers: Iterable[int] = range(1, 11),
    fps: float = 25.0,
    milliseconds: Sequence[int] | None = None,
    size: tuple[int, int] = (64, 48),
    pixels: str | None = None,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    aspect: str | None = None,
    matrix: Sequence[int] | None = None,
    images: Sequence[Image] | None = None,
) -> Path:
    """A video of ``picture(number)`` or ``images``, at ``fps`` or at ``milliseconds``.

    ``options`` are those of the encoder, ``container`` those of the muxer, ``tags`` its metadata; ``matrix`` is the
    display matrix, ``aspect`` the width of a pixel by its height.
    """
    rate = Fraction(fps).limit_denominator(100_000)
    with av.open(str(path), "w", options=container or {}) as output:
        stream = cast(VideoStream, output.add_stream(codec, rate))
        stream.width, stream.height = size
        stream.pix_fmt = pixels or PIXEL_FORMATS.get(codec, "yuv420p")
        stream.options = {**QUIET.get(codec, {}), **(options or {})}
        if milliseconds is not None:
            stream.codec_context.time_base = MILLISECOND
        if aspect:
            stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        if matrix:
            stream.set_display_matrix(list(matrix))
        output.metadata.update(tags or {})
        for at, image in enumerate(images or [picture(number, size) for number in numbers]):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = (at, 1 / rate) if milliseconds is None else (milliseconds[at], MILLISECOND)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def write_streams(path: Path, sizes: Sequence[tuple[int, int]], cover: int | None = None) -> Path:
    """A file with a video stream of each size; number ``cover`` is marked as a cover picture."""
    with av.open(str(path), "w") as output:
        streams = [output.add_stream("mjpeg", 25) for _ in sizes]
        for number, (stream, size) in enumerate(zip(streams, sizes, strict=True)):
            stream.width, stream.height = size
            stream.pix_fmt = "yuvj420p"
            if number == cover:
                stream.disposition = av.stream.Disposition.attached_pic
        for number, (stream, size) in enumerate(zip(streams, sizes, strict=True)):
            for at in range(1 if number == cover else 5):
                frame = av.VideoFrame.from_ndarray(picture(at, size), format="bgr24")
                frame.pts = at
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    return path


def remux(source: Path, path: Path, keep: slice = slice(None), shift: int = 0, **options: str) -> Path:
    """Copy the packets of ``keep`` into another file, their time stamps later by ``shift`` ticks."""
    with av.open(str(source)) as given, av.open(str(path), "w", options=options) as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        packets = [packet for packet in given.demux(given.streams.video[0]) if packet.size]
        for packet in packets[keep]:
            packet.stream = stream
            if packet.pts is not None:
                packet.pts += shift
            if packet.dts is not None:
                packet.dts += shift
            output.mux(packet)
    return path


def join(sources: Sequence[Path], path: Path) -> Path:
    """Copy the packets of several videos of one codec into one file, one after the other, 40 ms each."""
    with av.open(str(path), "w") as output:
        stream, shift = None, 0
        for source in sources:
            with av.open(str(source)) as given:
                stream = stream or output.add_stream_from_template(given.streams.video[0])
                packets = [packet for packet in given.demux(given.streams.video[0]) if packet.size]
                first = min(packet.pts or 0 for packet in packets)
                step = round(0.04 / (packets[0].time_base or 1))
                for packet in packets:
                    packet.stream = stream
                    packet.pts = (packet.pts or 0) - first + shift
                    packet.dts = (packet.dts or 0) - first + shift
                    output.mux(packet)
                shift += len(packets) * step
    return path


def with_packets(source: Path, path: Path, contents: Sequence[bytes]) -> Path:
    """Copy a video whose packets have other contents."""
    with av.open(str(source)) as given, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        coded = (packet for packet in given.demux(given.streams.video[0]) if packet.size)
        for packet, content in zip(coded, contents, strict=True):
            changed = av.Packet(content)
            changed.pts, changed.dts, changed.time_base = packet.pts, packet.dts, packet.time_base
            changed.is_keyframe, changed.stream = packet.is_keyframe, stream
            output.mux(changed)
    return path


def packet_bytes(path: Path) -> list[bytes]:
    """The packets of a video, in the order of the file."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.size]


def damage(path: Path, packets: Iterable[int], kept: int = 6) -> Path:
    """Overwrite these packets of a video (from 0, in the order of the file), up to their first ``kept`` bytes."""
    content, at = bytearray(path.read_bytes()), 0
    for number, packet in enumerate(packet_bytes(path)):
        at = content.index(packet, at)
        if number in packets:
            content[at + kept : at + len(packet)] = b"\xff" * (len(packet) - kept)
        at += len(packet)
    path.write_bytes(bytes(content))
    return path
