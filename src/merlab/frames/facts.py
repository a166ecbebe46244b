"""What a video file says about itself, for the metadata of results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

# FFmpeg's numbers of what ITU-T H.273 lists: matrix coefficients, ranges, transfer characteristics.
COLOR_SPACES = {0: "rgb", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc"}
COLOR_RANGES = {1: "limited", 2: "full"}
TRANSFERS = {1: "bt709", 4: "gamma22", 6: "smpte170m", 8: "linear", 13: "srgb", 14: "bt2020-10", 16: "pq", 18: "hlg"}
HDR = ("pq", "hlg")
# A rate of the camera that is so many times the played rate (or less than one by so many) may mean another speed.
OTHER_SPEED = 1.5


def pace(slowed: float) -> str:
    """``8 times slower``, ``3 times faster``: how a player shows a file that plays ``slowed`` times slower."""
    return f"{slowed:.4g} times slower" if slowed > 1 else f"{1 / slowed:.4g} times faster"


@dataclass(frozen=True)
class MediaFacts:
    """What a video file says about itself.

    Attributes:
        container, codec, pixel_format: FFmpeg's names.
        color_space, color_range, transfer: the matrix, the range and the transfer function; empty if not stated.
        width, height: pixels of the images that are read, turned and with square pixels.
        stored_width, stored_height: pixels of the stored frames.
        pixel_aspect: width of a stored pixel by its height; 1 if it is square.
        rotation, mirrored: how a player turns stored frames, see ``Orientation``; images are read that way.
        interlaced: whether frames consist of two fields, or are one (HEVC): the first, or one of 8 key frames.
        fps: recorded frames per second by the time stamps; None without.
        stated_rate: frames per second that the container states; None if it states none.
        capture_rate: frames per second of the camera that the file states; None if it states none.
        slowed: how many times slower the file plays than it was recorded.
        start: the time stamp of the first frame in seconds; None without time stamps.
        gaps: the numbers of the frames before which time is missing.
        frames, promised: the number of frames, and the number that there should be.
        cut_off: whether bytes are missing at the end of the file.
        missing: seconds that the header states beyond the end of the last frame in the file; 0 if there are none.
        streams: the number of video streams, without cover pictures.
        stream: which of them is read, from 1.

    """

    container: str
    codec: str
    pixel_format: str
    color_space: str
    color_range: str
    transfer: str
    width: int
    height: int
    stored_width: int
    stored_height: int
    pixel_aspect: float
    rotation: int
    mirrored: bool
    interlaced: bool
    fps: float | None
    stated_rate: float | None
    capture_rate: float | None
    slowed: float
    start: float | None
    gaps: tuple[int, ...]
    frames: int
    promised: int
    cut_off: bool
    missing: float = 0.0
    streams: int = 1
    stream: int = 1

    @property
    def other_streams(self) -> str:
        """That the file has other video streams, and the remedy; empty if it has one."""
        if self.streams == 1:
            return ""
        return (
            f"the file has {self.streams} video streams, and only number {self.stream} is read, of {self.stored_width}x"
            f"{self.stored_height} pixels; to process another one, copy it into a file of its own"
        )

    @property
    def _fields(self) -> str:
        """What the frames of an interlaced video are; FFmpeg gives the fields of HEVC one by one."""
        if self.codec == "hevc":
            return "each frame is one field (interlaced): half of the lines, in every second frame those between"
        return "frames consist of two fields (interlaced), whose lines are from two moments"

    def at_rate(self, fps: float | None) -> MediaFacts:
        """The same without what is stated of the speed, where the user gave the rate ``fps``, or a database has it."""
        return self if fps in (None, self.fps) else replace(self, slowed=1.0, capture_rate=None)

    def notes(self) -> Iterator[str]:
        """What a user should know, one sentence each; gaps and damaged frames are reported with the results."""
        if self.slowed != 1:
            yield (
                f"the file plays {pace(self.slowed)} than it was recorded ({self.capture_rate:g} frames per second); "
                "all seconds are those of the recording"
            )
        elif self.capture_rate and self.fps and self.capture_rate > OTHER_SPEED * self.fps:
            yield (
                f"the file states {self.capture_rate:g} frames per second of its camera, its time stamps give "
                f"{self.fps:.4g}, which are used; if it is slow motion, give --fps {self.capture_rate:g}"
            )
        if self.mirrored:
            yield (
                "the file has its frames mirrored when they are shown, and they are read that way: left and right are "
                "those on the screen"
            )
        if (self.stored_width, self.stored_height) not in ((self.width, self.height), (self.height, self.width)):
            yield (
                f"pixels are {self.pixel_aspect:.4g} times as wide as high: frames of {self.stored_width}x"
                f"{self.stored_height} are read as {self.width}x{self.height}"
            )
        if self.other_streams:
            yield self.other_streams
        if self.interlaced:
            yield f"{self._fields}; deinterlace the video before, for example with ffmpeg -vf bwdif"
        if self.transfer in HDR:
            yield f"colors are HDR ({self.transfer}) and are read without conversion, so that they look flat"
        if self.cut_off:
            yield "the file was cut off: bytes are missing at its end, and frames with them"
        elif self.missing:
            yield (
                f"the header states {self.missing:.2f} s more than there are frames in the file; if it was not cut on "
                "purpose, copy it again"
            )
