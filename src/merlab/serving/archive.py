"""A folder as one zip, made while it is sent: no second copy on the disk, no more than a chunk in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from typing import Any

CHUNK = 256 * 1024
PACKED_ALREADY = {".png", ".jpg", ".mp4"}


class _Outlet(RawIOBase):
    """Keeps what was written since it was last emptied."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def empty(self) -> bytes:
        content = b"".join(self._parts)
        self._parts.clear()
        return content


def zipped(files: dict[str, Path]) -> Iterator[bytes]:
    """The bytes of a zip that holds these files under these names."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w") as archive:
        for name, path in files.items():
            entry = zipfile.ZipInfo.from_file(path, name)
            entry.compress_type = zipfile.ZIP_STORED if path.suffix in PACKED_ALREADY else zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(entry, "w") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
                    yield outlet.empty()
    yield outlet.empty()
