"""A zip file that is made while it is sent: it needs no space on the disk, and one chunk of memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from typing import Any

CHUNK = 256 * 1024
COMPRESSED = {".png", ".jpg", ".mp4"}


class _Buffer(RawIOBase):
    """Holds the bytes that were written since it was last emptied."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._chunks.append(bytes(data))
        return len(data)

    def empty(self) -> bytes:
        content = b"".join(self._chunks)
        self._chunks.clear()
        return content


def zipped(files: dict[str, Path]) -> Iterator[bytes]:
    """The bytes of a zip file with these files under these names, chunk by chunk."""
    buffer = _Buffer()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, path in files.items():
            # A machine without a clock of its own writes files of 1970, which a zip file cannot state.
            entry = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
            entry.compress_type = zipfile.ZIP_STORED if path.suffix in COMPRESSED else zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(entry, "w") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
                    yield buffer.empty()
    yield buffer.empty()
