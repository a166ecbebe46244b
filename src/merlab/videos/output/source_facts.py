"""What a report says about the source: when its frames were recorded, and what its file is."""

from __future__ import annotations

from collections.abc import Iterator

from merlab.frames import MediaFacts
from merlab.spelling import counted, seconds_text, tenths_of_seconds
from merlab.spotting.timing import Gap
from merlab.videos.metadata import SourceVideo

MOST_GAPS = 20
MINUTE = 60
RATE_SOURCES = {"stamps": "by its time stamps", "tag": "by a tag of the camera", "given": "as given"}


def source_facts(video: SourceVideo) -> Iterator[tuple[str, str]]:
    """Terms and texts, for a list."""
    varies = ", varies" if video.frame_rate_varies else ""
    yield "Frame rate", f"{video.fps:.5g} frames per second, {RATE_SOURCES[video.fps_source]}{varies}"
    late = f", from {video.start_s:.2f} s on" if video.start_s else ""
    yield "Length", f"{counted(video.frames, 'frame')}, {duration_text(video.seconds)}{late}"
    if video.speed:
        yield "Speed", f"a player shows the file {video.speed} than it was recorded"
    if video.gaps:
        more = ", ..." if len(video.gaps) > MOST_GAPS else ""
        yield "Missing time", ", ".join(map(_gap_text, video.gaps[:MOST_GAPS])) + more
    if video.damaged:
        yield "Damaged", f"{counted(video.damaged, 'frame')}: not decoded, or blank"
    yield "Size", f"{video.width} x {video.height} px"
    if video.file:
        yield "File", ", ".join(_file_texts(video.file))


def duration_text(seconds: float) -> str:
    """``1 h 02 min``, ``2 min 03 s``, ``3.4 s``."""
    if seconds < MINUTE:
        return f"{tenths_of_seconds(seconds)} s"
    minutes, second = divmod(round(seconds), MINUTE)
    hours, minute = divmod(minutes, MINUTE)
    return f"{hours} h {minute:02d} min" if hours else f"{minutes} min {second:02d} s"


def _gap_text(gap: Gap) -> str:
    return f"{seconds_text(gap.missing_s)} s before frame {gap.frame} (at {gap.time_s:.2f} s)"


def _file_texts(file: MediaFacts) -> Iterator[str]:
    yield f"{file.container}, {file.codec}"
    yield f"stored as {file.stored_width} x {file.stored_height} px, {file.pixel_format}"
    colors = [name for name in (file.color_space, file.color_range, file.transfer) if name]
    if colors:
        yield f"colors {' '.join(colors)}"
    if file.pixel_aspect != 1:
        yield f"pixel aspect {file.pixel_aspect:.4g}"
    if file.rotation:
        yield f"turned by {file.rotation} degrees"
    if file.mirrored:
        yield "mirrored"
    if file.interlaced:
        yield "interlaced"
    if file.stated_rate:
        yield f"states {file.stated_rate:.5g} frames per second"
