"""Whether a file was cut off or lost frames: it is shorter than its own headers say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from merlab.frames.boxes import boxes
from merlab.frames.container import HEAD

if TYPE_CHECKING:
    from av.video.stream import VideoStream

# Matroska: when the last frame of a track ends.
DURATION = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
GIF_TRAILER = b";"
SEGMENT = b"\x18S\x80g"


def is_cut_off(path: Path, container: str) -> bool:
    """Whether bytes are missing at the end, as far as the container says where it ends (MP4, AVI, Matroska, GIF)."""
    length = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(max(0, length - HEAD))
        tail = file.read()
    if container.startswith("mov"):
        return any(end > length for _, end in boxes(path))
    if container == "avi":
        return int.from_bytes(head[4:8], "little") + 8 > length + 1
    if container == "gif":
        return not tail.rstrip(b"\0").endswith(GIF_TRAILER)
    return container.startswith("matroska") and _end_of_segment(head) > length


def stated_seconds(container: str, stream: VideoStream) -> float | None:
    """How long the frames of a video are shown, as its header says (MP4, AVI, Matroska); None if it does not."""
    if container.startswith("matroska"):
        found = DURATION.match(stream.metadata.get("DURATION", ""))
        return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else None
    known = container.startswith("mov") or container == "avi"
    return float(stream.duration * stream.time_base) if known and stream.duration and stream.time_base else None


def _end_of_segment(head: bytes) -> int:
    """Where the segment of a Matroska file should end; 0 if that is not known, as in a live recording."""
    at = head.find(SEGMENT)
    if at < 0 or at + 5 > len(head):
        return 0
    first = head[at + 4]
    width = 9 - first.bit_length()
    if width > 8:
        return 0
    size = int.from_bytes(head[at + 4 : at + 4 + width], "big") & ((1 << 7 * width) - 1)
    return 0 if size == (1 << 7 * width) - 1 else at + 4 + width + size
