"""Arrays that are kept between two commands, so that the second takes seconds; every file is checked when it is read.

A file of arrays is an ``.npz`` file, which ``numpy.load`` reads, followed by 32 bytes: the SHA-256 of its name and of
the bytes before. A damaged file counts as missing.
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.storage import whole_file

DIGEST_BYTES = hashlib.sha256().digest_size
Array: TypeAlias = "NDArray[np.generic]"


def computing_versions() -> dict[str, str]:
    """The versions of the libraries that read videos and compute what is kept: another one may give other numbers."""
    return {"opencv": cv2.__version__, "numpy": np.__version__, "pyav": version("av")}


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays of numbers or text; the file appears whole or not at all. The same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_kept_bytes(path, buffer.getbuffer())


def read_arrays(path: Path) -> dict[str, Array] | None:
    """The arrays in a file; None if there is none, or if it is damaged, of which a warning is given.

    None also where another version of merlab kept something else there.
    """
    content = read_kept_bytes(path)
    if content is None:
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return dict(stored)
    except (ValueError, OSError, zipfile.BadZipFile):
        return None


def write_kept_bytes(path: Path, *parts: bytes | memoryview) -> None:
    """Write bytes with their digest, without a copy of them: those of a recording of an hour may fill a gigabyte."""
    with whole_file(path) as aside, aside.open("wb") as file:
        for part in (*parts, _digest(path, *parts)):
            file.write(part)


def read_kept_bytes(path: Path, what: str = "kept file", begin: bytes = b"") -> bytes | None:
    """The bytes of ``write_kept_bytes``; None if there are none, or if they are damaged (with a warning).

    ``what`` is the word for the file in the warning. Bytes without this ``begin`` count as damaged.
    """
    try:
        stored = path.read_bytes()
    # The second is where the cache itself is a file, which is reported when it is written.
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        fault = error.strerror or str(error)
    else:
        content = stored[:-DIGEST_BYTES]
        if content.startswith(begin) and stored[-DIGEST_BYTES:] == _digest(path, content):
            return content
        fault = "its content is not what was written"
    warnings.warn(f"the {what} {path} is damaged ({fault}); it is made anew", stacklevel=3)
    return None


def _digest(path: Path, *parts: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(os.fsencode(path.name) + b"\0")
    for part in parts:
        digest.update(part)
    return digest.digest()
