"""Read frames by their number, and in time, from a folder of images or from a video."""

from merlab.frames.clock import HIGHEST_RATE, LOWEST_RATE, Clock, ClockError, is_rate, require_rate
from merlab.frames.container import VIDEO_SUFFIXES, is_video, looks_like_video, name_of, require_utf8
from merlab.frames.dim_images import dim_caveats, dim_images
from merlab.frames.facts import MediaFacts
from merlab.frames.frame import (
    MAX_FRAMES_NAMED,
    ClipError,
    DamagedFrameError,
    Float32Array,
    Frames,
    Image,
    WalkedFrame,
    describe_numbers,
    is_blank,
)
from merlab.frames.images import (
    IMAGE_SUFFIXES,
    DepthError,
    ImageFolder,
    UnfitImageError,
    folders_of_images,
    frame_number,
    read_image,
    write_image,
)
from merlab.frames.opening import clock_of, open_frames, opener
from merlab.frames.video import Video

__all__ = [
    "HIGHEST_RATE",
    "IMAGE_SUFFIXES",
    "LOWEST_RATE",
    "MAX_FRAMES_NAMED",
    "VIDEO_SUFFIXES",
    "ClipError",
    "Clock",
    "ClockError",
    "DamagedFrameError",
    "DepthError",
    "Float32Array",
    "Frames",
    "Image",
    "ImageFolder",
    "MediaFacts",
    "UnfitImageError",
    "Video",
    "WalkedFrame",
    "clock_of",
    "describe_numbers",
    "dim_caveats",
    "dim_images",
    "folders_of_images",
    "frame_number",
    "is_blank",
    "is_rate",
    "is_video",
    "looks_like_video",
    "name_of",
    "open_frames",
    "opener",
    "read_image",
    "require_rate",
    "require_utf8",
    "write_image",
]
