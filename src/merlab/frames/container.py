"""Which files are videos, by their first bytes, and how they are opened: containers of frames only.

FFmpeg also opens lists that name other files (HLS, ffconcat, SDP, DASH), and finds them under any suffix. Therefore its
guess is not used: the first bytes give the one demuxer that may open a file, no demuxer of lists is among them, and no
protocol but that of local files is allowed. What a QuickTime file refers to stays closed by FFmpeg's default.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import av
from av.video.stream import VideoStream

from merlab.errors import cannot_read
from merlab.frames.boxes import boxes
from merlab.frames.frame import ClipError
from merlab.frames.joined import is_joined
from merlab.spelling import readable

if TYPE_CHECKING:
    from av.container import InputContainer

# Suffixes of videos, for choosing and listing files; what is opened is decided by the first bytes.
VIDEO_SUFFIXES = (
    *(".avi", ".mp4", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".mts", ".m2ts", ".ts", ".wmv", ".asf", ".3gp"),
    *(".3g2", ".ogv", ".flv", ".mxf", ".gif", ".dv", ".ivf", ".y4m", ".h264", ".264", ".hevc", ".265", ".mjpeg"),
)
HEAD = 4096

# The kinds of the first box of a QuickTime or MP4 file.
BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"moof")
# Offset -> bytes that are there -> the demuxer of FFmpeg.
SIGNATURES = {
    4: dict.fromkeys(BOXES, "mov"),
    8: {b"AVI": "avi"},
    0: {
        b"\x1aE\xdf\xa3": "matroska",
        b"\x00\x00\x01\xba": "mpeg",
        b"\x00\x00\x01\xb3": "mpegvideo",
        b"\x00\x00\x01\xb0": "m4v",
        b"0&\xb2u\x8ef\xcf\x11\xa6\xd9\x00\xaa\x00b\xcel": "asf",
        b"OggS": "ogg",
        b"FLV": "flv",
        b"GIF8": "gif",
        b"\x06\x0e+4\x02\x05\x01\x01\r\x01\x02": "mxf",
        b"DKIF": "ivf",
        b"YUV4MPEG2": "yuv4mpegpipe",
        b"\x1f\x07\x00": "dv",
    },
}
# Streams of a codec without a container: they have no time stamps, FFmpeg invents some.
RAW = ("h264", "hevc", "m4v", "mpegvideo", "mjpeg")
# Brands of ISO files that hold sound, or still images.
SOUND_BRANDS, IMAGE_BRANDS = (b"M4A ", b"M4B ", b"M4P "), (b"heic", b"heix", b"mif1", b"avif", b"crx ")
# The magic bytes of Ogg's video codecs.
OGG_VIDEO = (b"theora", b"OVP80", b"BBCD", b"\x01video")
TS_PACKETS = (188, 192, 204)
# The types of units with which a stream of HEVC may begin: pictures that need no others, as in a stream that was cut,
# three kinds of parameters, a delimiter, supplemental information.
HEVC_FIRST = (*range(16, 22), 32, 33, 34, 35, 39)
# The same of H.264, without pictures; only parameters have a reference importance, which is above the type.
H264_FIRST = (6, 7, 9, 0x27, 0x47, 0x67)
# A JPEG image is a stream of images if another one follows it; the first is searched for its end in so many bytes.
LARGEST_JPEG = 8 * 2**20

LISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"v=0", b"<MPD", b"<?xml", b"<smil", b"[Reference]", b"RTSPtext")
IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"RIFF")
TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
# How an animated WebP or PNG begins, and the name of the chunk that makes it one.
ANIMATED = ((b"WEBP", b"ANIM"), (b"\x89PNG", b"acTL"))
SOUNDS = (b"ID3", b"fLaC", b"\xff\xfb", b"\xff\xf3", b"\xff\xf1", b"\xff\xf9", b"OggS", b"RIFF")

ANIMATION = "it is an animated image; convert it to MP4 or Matroska with a program that shows it"
ONE_IMAGE = "it is a single image; give a folder of images whose names end in their number"
PAGES = f"{ONE_IMAGE}, of a TIFF with several pages each page as a file of its own"
SOUND = "it contains sound only; give the file that holds the images"
NO_INDEX = (
    "it ends before its index (moov), as a recording that was interrupted; copy it again from the camera, or repair it "
    "with a program for unfinished MP4 files"
)
JOINED = (
    "it holds several recordings, one after the other, of which not all could be read; give each as a file of its own, "
    "or join them with a program that edits videos"
)
CONVERT = "convert it to MP4 or Matroska (for example with ffmpeg)"


def is_video(path: Path) -> bool:
    """Whether the first bytes of a file are those of a video that merlab opens; False if it cannot be read."""
    try:
        return path.is_file() and container_format(path) is not None
    except OSError:
        return False


def looks_like_video(path: Path) -> bool:
    """Whether a file is a video by its first bytes or its suffix: a damaged one is listed too, and refused by name."""
    return is_video(path) or (path.suffix.lower() in VIDEO_SUFFIXES and path.is_file())


def name_of(source: Path | str) -> str:
    """The name of a video: that of its file without the suffix of a video, or that of its folder of images."""
    path = Path(source)
    # A folder may have a dot in its name, as in sub1.take2.
    return path.stem if path.suffix.lower() in VIDEO_SUFFIXES else path.name


def container_format(path: Path) -> str | None:
    """The demuxer for a file according to its first bytes; None if it is not a container of frames."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        if head.startswith(b"\xff\xd8\xff"):
            return "mjpeg" if _follows_another(file) else None
    for offset, names in SIGNATURES.items():
        for magic, name in names.items():
            if head.startswith(magic, offset):
                return None if _holds_no_video(name, head) else name
    return _stream_format(head)


def _holds_no_video(name: str, head: bytes) -> bool:
    """Whether a container holds sound or still images, by its first bytes."""
    if name == "ogg":
        return not any(magic in head for magic in OGG_VIDEO)
    if name == "avi":
        return not head.startswith((b"RIFF", b"ON2 "))
    return head[8:12] in SOUND_BRANDS + IMAGE_BRANDS and head[4:8] == b"ftyp"


def _stream_format(head: bytes) -> str | None:
    """The formats without a fixed beginning: transport streams, and the raw streams of H.264, HEVC and MPEG-4."""
    for size in TS_PACKETS:
        for start in range(min(size, len(head))):
            if head[start] == 0x47 and len(syncs := head[start::size]) > 2 and set(syncs) == {0x47}:
                return "mpegts"
    unit = head[3:] if head.startswith(b"\x00\x00\x01") else head[4:] if head.startswith(b"\x00\x00\x00\x01") else b""
    if len(unit) < 2:
        return None
    if unit[1] == 1 and unit[0] >> 1 in HEVC_FIRST:
        return "hevc"
    if unit[0] in H264_FIRST:
        return "h264"
    return "m4v" if unit[0] <= 0x2F and unit[1:5] == b"\x00\x00\x01\x20" else None


def _follows_another(file: BinaryIO) -> bool:
    """Whether another JPEG image follows the first one of ``file``, segment by segment."""
    file.seek(2)
    content, at = file.read(LARGEST_JPEG), 0
    while content[at : at + 1] == b"\xff" and content[at + 1 : at + 2] != b"\xda":
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    end = content.find(b"\xff\xd9", at)
    return end >= 0 and content[end + 2 : end + 5] == b"\xff\xd8\xff"


@contextmanager
def opened_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A container and its video stream, for reading; raises ClipError with the remedy for anything else."""
    with _open(path) as container:
        stream = container.streams.best("video")
        if not isinstance(stream, VideoStream) or _is_cover(stream):
            raise _unusable(path, _without_images(path, container))
        if not stream.codec_context:
            raise _unusable(path, f"its codec is not known to FFmpeg; {CONVERT}")
        yield container, stream


def video_streams(container: InputContainer) -> list[VideoStream]:
    """The video streams of a container, without cover pictures, which are streams of one image."""
    return [each for each in container.streams.video if not _is_cover(each)]


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _open(path: Path) -> InputContainer:
    try:
        name = container_format(path)
        if name is None:
            raise _unusable(path, _what_else(path))
    except OSError as error:
        raise ClipError(cannot_read(shown(path), error, "check the path")) from error
    options = {"format_whitelist": name, "protocol_whitelist": "file"}
    try:
        return av.open(f"file:{os.fspath(path)}", format=name, options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        require_one_recording(path, name, last=0)
        if name == "mov" and not _has_index(path):
            raise _unusable(path, NO_INDEX) from error
        reason = getattr(error, "strerror", None) or str(error)
        raise _unusable(path, f"it begins as one ({name}), then: {reason}; copy it again from the original") from error


def _without_images(path: Path, container: InputContainer) -> str:
    """Why a container has no stream of images, and the remedy."""
    if container.format.name.startswith("mov") and not _has_index(path):
        return NO_INDEX
    sound = any(stream.type == "audio" for stream in container.streams)
    return SOUND if sound else "it has no video stream; give the file that holds the images"


def _has_index(path: Path) -> bool:
    """Whether the index of a QuickTime or MP4 file is there, to its end."""
    return any(kind == b"moov" and end <= path.stat().st_size for kind, end in boxes(path))


def require_one_recording(path: Path, name: str, last: int) -> None:
    """Raises ClipError for a file of a demuxer that others were joined to, behind the frame that begins at ``last``."""
    if is_joined(path, name, last):
        raise _unusable(path, JOINED)


def _unusable(path: Path, reason: str) -> ClipError:
    return ClipError(f"{shown(path)} cannot be opened as a video: {reason}")


def _what_else(path: Path) -> str:
    """What a file is that is not a video, and the remedy."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        return "it is empty (0 bytes); copy it again from the original"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(LISTS):
        return "it is a list that names other files; give the video itself"
    if (head.startswith(SOUNDS) and head[8:12] != b"WEBP") or head[8:12] in SOUND_BRANDS:
        return SOUND
    if head.startswith((*IMAGES, *TIFF)) or head[8:12] in IMAGE_BRANDS:
        is_animated = any(kind in head[:12] and mark in head for kind, mark in ANIMATED)
        return ANIMATION if is_animated else PAGES if head.startswith(TIFF) else ONE_IMAGE
    if _is_text(head):
        return "it is a text; give a video, or a folder of images"
    return f"its first bytes are not those of a container that merlab opens; if it is a video, {CONVERT}"


def _is_text(head: bytes) -> bool:
    try:
        text = head[: HEAD - 4].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\r\n\t\f" for letter in text)


def shown(path: Path) -> str:
    """A path whose name may not be valid UTF-8, for a message."""
    return readable(str(path))


def require_utf8(path: Path) -> None:
    """Raises ClipError for a path that is not valid UTF-8, because tables and metadata could not hold it."""
    if shown(path) == str(path):
        return
    encoding = sys.getfilesystemencoding()
    if encoding != "utf-8":
        raise ClipError(f"{shown(path)} has a name that Python reads as {encoding}; set PYTHONUTF8=1 for this program")
    raise ClipError(f"{shown(path)} has a name that is not valid UTF-8; rename the file or the folder")
