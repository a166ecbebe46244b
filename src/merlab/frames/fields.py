"""Whether frames of a video consist of two fields."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from merlab.frames.container import opened_video

# Frames of a film among those of a camera, or a progressive title, may begin an interlaced video.
MOST_PLACES = 8


def is_interlaced(path: Path, keys: NDArray[np.int64]) -> bool:
    """Whether the first frame, or one of those at some key frames in the whole file, is interlaced.

    ``keys`` are the time stamps of key frames, ascending; empty where none can be found by its stamp.
    """
    chosen = np.unique(np.linspace(0, len(keys) - 1, min(len(keys), MOST_PLACES)).round().astype(int))
    with opened_video(path) as (container, stream):
        for stamp in (None, *(keys[at] for at in chosen)):
            with suppress(av.FFmpegError, StopIteration):
                if stamp is not None:
                    container.seek(int(stamp), stream=stream)
                if next(container.decode(stream)).interlaced_frame:
                    return True
    return False
