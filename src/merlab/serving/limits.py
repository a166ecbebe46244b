"""The limits of the service, and the error for what it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from merlab.errors import MerlabError
from merlab.frames import ImageFolder, Video, read_image, require_rate

MEBIBYTE = 2**20
# As many as 4096 x 3072; frames of the databases' cameras have a tenth of this.
MAX_PIXELS = 12_600_000


class RefusedError(MerlabError):
    """The service refuses a request: an HTTP status, and a message with the remedy."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Limits:
    """The limits of the service.

    Attributes:
        bytes: size of an upload.
        seconds: duration of a video.
        pixels: number of pixels of a frame.
        job_seconds: running time of a job.
        memory: bytes that a process of a job may allocate, if the system can limit this.
        queue: number of jobs that wait; an upload that began before is accepted beyond it.
        kept: number of jobs on the disk, finished jobs included; an upload that began before is accepted beyond it.
        keep_days: days after which a finished job is removed, from its end or the last decision of a coder; None
            keeps it until it is deleted.
        uploads: number of uploads that arrive at the same time; where it is reached, the slowest one makes room.
        idle_seconds: duration of a pause in an upload, which may take as long as it keeps the pace.
        slowest, pace_seconds: bytes per second that an upload must reach in every period of so many seconds.

    """

    bytes: int = 2048 * MEBIBYTE
    seconds: float = 3600.0
    pixels: int = MAX_PIXELS
    job_seconds: float = 4 * 3600.0
    memory: int = 6144 * MEBIBYTE
    queue: int = 16
    kept: int = 200
    keep_days: float | None = None
    uploads: int = 32
    idle_seconds: float = 60.0
    slowest: float = 16 * 1024
    pace_seconds: float = 20.0


def limit_memory(most: int) -> None:
    """Let this process allocate at most ``most`` bytes.

    Windows has no such limit, and macOS does not count most of what is allocated.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def require_within(source: Path, fps: float | None, limits: Limits) -> None:
    """Check that a video, or a folder of images, can be read and is within the limits; decodes its first sound frame.

    If ``fps`` differs from the frame rate of the file, the longer of the two durations counts. Raises MerlabError with
    what is wrong and the remedy.
    """
    if fps is not None:
        require_rate(fps)
    frames, own = _check_folder(source, limits) if source.is_dir() else _check_video(source, limits)
    rates = [rate for rate in (fps, own) if rate]
    if not rates:
        raise MerlabError(f"{source} gives no frame rate; send it again with fps")
    seconds = frames / min(rates)
    if seconds > limits.seconds:
        raise MerlabError(
            f"{source} is {seconds:.0f} s long, more than the {limits.seconds:g} s that this service accepts; cut "
            "it, or run `merlab recognize` on it"
        )


def _check_folder(folder: Path, limits: Limits) -> tuple[int, None]:
    """The number of images; a folder has no frame rate."""
    inside = folder.resolve()
    frames = ImageFolder(folder)
    files = [frames.file(number) for number in frames.numbers]
    outside = [path.name for path in files if not path.resolve().is_relative_to(inside)]
    if outside:
        raise MerlabError(f"{folder}: {outside[0]} is a link to a file outside of the folder; copy the file itself")
    if not files:
        raise MerlabError(
            f"{folder} contains no images with numbers in their names; send a folder that itself holds the images of "
            "one video, or send each video alone"
        )
    images = (frame.image for frame in frames.walk(lambda number: True))
    image = next((image for image in images if image is not None), None)
    # Where none can be decoded, the first shows why.
    height, width = (read_image(files[0]) if image is None else image).shape[:2]
    _require_pixels(folder, width * height, limits)
    return len(files), None


def _check_video(source: Path, limits: Limits) -> tuple[int, float | None]:
    """The number of frames, and the frame rate; raises ClipError if the first frame cannot be decoded."""
    video = Video(source)
    _require_pixels(source, video.pixels, limits)
    facts = video.facts
    _require_pixels(source, facts.width * facts.height, limits)
    return video.promised, video.fps


def _require_pixels(source: Path, pixels: int, limits: Limits) -> None:
    if pixels > limits.pixels:
        raise MerlabError(
            f"{source} has frames of {pixels / 1e6:.1f} million pixels, more than the {limits.pixels / 1e6:.1f} "
            "million that this service accepts; scale it down"
        )
