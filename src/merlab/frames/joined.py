"""Whether recordings were joined byte by byte, as `cat a.flv b.flv` does, where FFmpeg would not read all.

Of AVI, Ogg, GIF, DV and streams, FFmpeg reads the frames of all, of Matroska those of two; MXF files it does not open.
"""

from __future__ import annotations

import re
from pathlib import Path

from merlab.frames.boxes import boxes

# How a file of each demuxer begins; no file has these bytes a second time.
BEGINNINGS = {
    "flv": rb"FLV\x01[\x00-\x05]\x00{3}\x09\x00{4}",
    "asf": re.escape(b"0&\xb2u\x8ef\xcf\x11\xa6\xd9\x00\xaa\x00b\xcel"),
    "ivf": rb"DKIF\x00\x00 \x00",
    "yuv4mpegpipe": rb"YUV4MPEG2 [A-Z]",
    # Its number, its size, and its first element: a version, or another of the header.
    "matroska": rb"\x1aE\xdf\xa3(?s:.){1,8}B[\x82\x85-\x87\xf2-\xf7]",
    "mxf": rb"\x06\x0e\+4\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02",
}
LONGEST_BEGINNING = 16
BLOCK = 2**20


def is_joined(path: Path, container: str, last: int) -> bool:
    """Whether other recordings follow the one of which the last frame that can be read begins at ``last``."""
    demuxer = container.partition(",")[0]
    if demuxer == "mov":
        return _has_several_indexes(path)
    return demuxer in BEGINNINGS and _begins_after(path, BEGINNINGS[demuxer], max(1, last))


def _begins_after(path: Path, beginning: bytes, start: int) -> bool:
    with path.open("rb") as file:
        file.seek(start)
        before = b""
        while block := file.read(BLOCK):
            if re.search(beginning, before + block):
                return True
            before = block[-LONGEST_BEGINNING:]
    return False


def _has_several_indexes(path: Path) -> bool:
    """Whether a QuickTime or MP4 file has a second beginning with an index.

    A stream of fragments may repeat the beginning of its own file: the numbers of its fragments then go on.
    """
    found = list(boxes(path))
    kinds, starts = [kind for kind, _ in found], [0, *(end for _, end in found)]
    if min(kinds.count(b"ftyp"), kinds.count(b"moov")) < 2:
        return False
    placed = list(zip(kinds, starts, strict=False))
    index = max(start for kind, start in placed if kind == b"moov")
    fragments = [start for kind, start in placed if kind == b"moof"]
    before, after = [each for each in fragments if each < index], [each for each in fragments if each > index]
    return not (before and after and _number_of_fragment(path, before[-1]) < _number_of_fragment(path, after[0]))


def _number_of_fragment(path: Path, start: int) -> int:
    """The number of the fragment (moof) that begins there: behind its header and that of mfhd, its first box."""
    with path.open("rb") as file:
        file.seek(start + 20)
        return int.from_bytes(file.read(4), "big")
