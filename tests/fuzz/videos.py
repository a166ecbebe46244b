"""Videos in the containers of phones, cameras and web pages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from merlab.frames import Video, open_frames
from tests.fuzz.damage import damaged_bytes
from tests.fuzz.kind import Kind, Reading, SilentChangeError
from tests.helpers import moved, texture

FRAMES = 12
# Suffix -> format, codec and pixel format of FFmpeg.
CONTAINERS: Mapping[str, tuple[str, str, str]] = {
    ".mp4": ("mp4", "libx264", "yuv420p"),
    ".mov": ("mov", "mjpeg", "yuvj420p"),
    ".avi": ("avi", "mjpeg", "yuvj420p"),
    ".mkv": ("matroska", "libx264", "yuv420p"),
    ".webm": ("webm", "libvpx", "yuv420p"),
    ".gif": ("gif", "gif", "rgb8"),
    ".mjpeg": ("mjpeg", "mjpeg", "yuvj420p"),
}
# They do not state how many frames they have.
WITHOUT_COUNT = (".gif", ".mjpeg", ".webm")


class VideoFile(Kind):
    """A short video.

    Silent: another number of frames than the sound file has, without a word, in a container that states how many there
    are; unless all packets are there, and an edit list shows fewer of them. Bytes of a frame are other pixels wherever
    the decoder does not complain.
    """

    name = "video"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.contents = {suffix: _written(folder / f"sound{suffix}", *form) for suffix, form in CONTAINERS.items()}
        self.readings = {}
        for suffix, content in self.contents.items():
            self._write(suffix, content)
            self.readings[suffix] = self.read()

    def _write(self, suffix: str, content: bytes) -> None:
        self.path = self.folder / f"film{suffix}"
        self.path.write_bytes(content)

    def damage(self, random: np.random.Generator) -> str:
        """Bytes of one of the videos; sometimes the suffix of another one."""
        suffixes = list(self.contents)
        suffix = suffixes[int(random.integers(len(suffixes)))]
        done, content = damaged_bytes(self.contents[suffix], random)
        self._write(suffix, content)
        return f"{suffix}: {done}"

    def read(self) -> Reading:
        """All frames with their seconds; some are read out of order."""
        video = open_frames(self.path)
        assert isinstance(video, Video)
        facts, frames = video.facts, list(video.walk(lambda number: True))
        if FRAMES in video.numbers and not frames[-1].damaged:
            video.read(FRAMES)
            video.read(1)
        said = [*facts.notes(), *([video.no_clock] if video.no_clock else []), *map(str, facts.gaps)]
        said += [f"frame {frame.number} is damaged" for frame in frames if frame.damaged]
        said += [f"{video.promised} frames promised"] if video.promised > len(frames) else []
        said += ["the frame rate varies"] if video.clock and video.clock.varies else []
        pixels = hashlib.sha256(b"".join(frame.image.tobytes() for frame in frames if frame.image is not None))
        return Reading((len(frames), [frame.seconds for frame in frames], pixels.hexdigest()), tuple(said))

    def judge(self, reading: Reading) -> str:
        """See the class."""
        sound = self.readings[self.path.suffix]
        if reading.value == sound.value:
            return "same"
        if set(reading.said) - set(sound.said):
            return "said"
        stated = self.path.suffix not in WITHOUT_COUNT and self._packets() != FRAMES
        if reading.value[0] != sound.value[0] and stated:
            raise SilentChangeError(f"{reading.value[:2]} instead of {sound.value[:2]}")
        return "plausible"

    def _packets(self) -> int:
        with av.open(str(self.path)) as container:
            return sum(packet.size > 0 for packet in container.demux(video=0))


def _written(path: Path, container: str, codec: str, pixels: str) -> bytes:
    """The bytes of a video of a moving texture at 25 frames/s."""
    image = texture(3, 48, 64)
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=Fraction(25))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        for number in range(FRAMES):
            gray = moved(image, number / 2, 0).round().astype(np.uint8)
            picture = np.repeat(gray[..., None], 3, axis=-1)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path.read_bytes()
