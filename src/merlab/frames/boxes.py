"""The outermost boxes of a QuickTime or MP4 file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def boxes(path: Path) -> Iterator[tuple[bytes, int]]:
    """The kinds of the outermost boxes of a QuickTime or MP4 file, and where each should end."""
    with path.open("rb") as file:
        length, at = file.seek(0, os.SEEK_END), 0
        while at + 8 <= length:
            file.seek(at)
            header = file.read(16)
            size = int.from_bytes(header[:4], "big")
            if size == 1:
                # Of a header that is cut off, the size is as large as it can be.
                size = int.from_bytes(header[8:].ljust(8, b"\xff"), "big")
            size = size or length - at
            if size < 8:
                return
            at += size
            yield header[4:8], at
