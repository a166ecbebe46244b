"""Synthetic faces of half the width and height, which take a fraction of the time where all frames are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from filelock import FileLock

from merlab.clips import Clip
from merlab.frames import Frames
from merlab.protocols import Labeled
from merlab.storage import whole_folder
from merlab.synthesis.clip_writing import as_jpeg

SIZE = 115, 141
JPEG_QUALITY = 95


def with_small_frames(labeled: Labeled, folder: Path) -> Labeled:
    """The same clips, which are in ``folder``, with frames of 115 x 141 px from onset to offset.

    One process writes these frames, also into ``folder``.
    """
    place = folder / "small"
    small = [replace(clip, source=place / clip.source.relative_to(folder)) for clip in labeled.table]
    with FileLock(f"{place}.lock"):
        for clip, written in zip(labeled.table, small, strict=True):
            if not written.source.exists():
                _write_small(clip, labeled.table.frames(clip), written.source)
    return replace(labeled, table=replace(labeled.table, clips=tuple(small)))


def _write_small(clip: Clip, frames: Frames, folder: Path) -> None:
    assert clip.onset is not None
    assert clip.offset is not None
    with whole_folder(folder) as temporary:
        for number in range(clip.onset, clip.offset + 1):
            frame = np.asarray(cv2.resize(frames.read(number), SIZE, interpolation=cv2.INTER_AREA), np.uint8)
            (temporary / f"reg_img{number}.jpg").write_bytes(as_jpeg(frame, JPEG_QUALITY))
