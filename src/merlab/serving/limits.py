"""What the service takes: how large, how long, how many; and how a refusal reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2

from merlab.errors import MerlabError
from merlab.frames import ImageFolder, open_frames, read_image

MEBIBYTE = 2**20
# As many as 4096 x 3072; the databases' cameras have a tenth of it.
MOST_PIXELS = 12_600_000


class RefusedError(MerlabError):
    """What the service does not do for a client: an HTTP status, and a message with the remedy."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Limits:
    """Bounds of the service.

    Attributes:
        bytes: of one upload.
        seconds: of one video.
        pixels: of one frame.
        job_seconds: how long one job may run.
        memory: bytes that a job's process may allocate, where the system can hold it to that.
        queue: jobs that wait or arrive at a time.
        kept: jobs on the disk, finished ones included.
        keep_days: how long a finished job is kept; None: until it is deleted.
        upload_seconds, idle_seconds: how long an upload may take, and how long it may pause.

    """

    bytes: int = 2048 * MEBIBYTE
    seconds: float = 3600.0
    pixels: int = MOST_PIXELS
    job_seconds: float = 4 * 3600.0
    memory: int = 6144 * MEBIBYTE
    queue: int = 16
    kept: int = 200
    keep_days: float | None = None
    upload_seconds: float = 3600.0
    idle_seconds: float = 60.0


def confine_memory(most: int) -> None:
    """Let this process allocate at most so many bytes; does nothing where the system has no such limit."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def require_within(source: Path, fps: float | None, limits: Limits) -> None:
    """See that a video, or a folder of images, can be read and is within the limits; decodes it in this process.

    Where ``fps`` contradicts the file, the longer of the two lengths counts. Raises MerlabError with what is wrong and
    the remedy.
    """
    frames, own = _look_at_folder(source, limits) if source.is_dir() else _look_at_video(source, limits)
    if not frames:
        raise MerlabError(f"{source} holds no frame that can be decoded; is it a whole video?")
    rates = [rate for rate in (fps, own) if rate]
    if not rates:
        raise MerlabError(f"{source} does not say how many frames a second it has; send it again with fps")
    seconds = frames / min(rates)
    if seconds > limits.seconds:
        raise MerlabError(
            f"{source} is {seconds:.0f} s long, more than the {limits.seconds:g} s that this service takes; cut "
            "it, or run `merlab recognize` on it"
        )


def _look_at_folder(folder: Path, limits: Limits) -> tuple[int, None]:
    inside = folder.resolve()
    files = ImageFolder(folder).files
    outside = [path.name for path in files.values() if not path.resolve().is_relative_to(inside)]
    if outside:
        raise MerlabError(f"{folder}: {outside[0]} is a link to a file elsewhere; copy the file itself")
    if files:
        height, width = read_image(next(iter(files.values()))).shape[:2]
        _require_pixels(folder, width * height, limits)
    return len(files), None


def _look_at_video(source: Path, limits: Limits) -> tuple[int, float | None]:
    """Frames, as far as the container says, and frames a second of a video whose first frame can be decoded."""
    video = open_frames(source)
    capture = cv2.VideoCapture(str(source))
    width, height = (int(capture.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    _require_pixels(source, width * height, limits)
    decoded, _ = capture.read()
    capture.release()
    return max(video.promised, 1) if decoded else 0, video.fps


def _require_pixels(source: Path, pixels: int, limits: Limits) -> None:
    if pixels > limits.pixels:
        raise MerlabError(
            f"{source} has frames of {pixels / 1e6:.1f} million pixels, more than the {limits.pixels / 1e6:.1f} "
            "million that this service takes; scale it down"
        )
