"""The cache of inputs on disk: every entry is checked when it is read, and its name depends on the content of files.

An entry is a ``.npy`` file with a text about it, which may be empty, and the digest of ``write_kept_bytes`` at its
end. ``numpy.load`` reads such a file too.
"""

from __future__ import annotations

import hashlib
import io
import math
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.outputs.claims import require_no_file
from merlab.outputs.kept_arrays import read_kept_bytes, write_kept_bytes
from merlab.spelling import counted

# It is part of the key of an entry: versions of merlab that share a cache keep entries of their own.
ENTRY_FORMAT = 2
GIGABYTE = 1e9
PIECE = 1 << 20  # bytes; a video is never in memory as a whole
# A file that is not changed is read once in a process; folds and methods ask for the same inputs many times.
MOST_REMEMBERED = 100_000


def missing_entries(folder: Path, entries: int) -> int:
    """How many of so many entries are not in a folder; entries of other clips count as needed ones."""
    return entries - sum(1 for _ in folder.glob("*.npy"))


def require_space(folder: Path, entries: int, values: int) -> None:
    """Raises MerlabError if the disk has too little space for the entries that are not in the folder yet.

    ``entries`` are needed, each of so many ``values``. Entries of other clips count as needed ones, so that a run that
    has all it needs is never refused. Raises it also for a file in the place of the folder.
    """
    missing = missing_entries(folder, entries)
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    require_no_file(place, "the cache of inputs")
    needed, free = 4 * values * missing, shutil.disk_usage(place).free
    if needed > free:
        raise MerlabError(
            f"the inputs of {counted(missing, 'clip')} take {needed / GIGABYTE:.1f} GB in {folder}, but the disk has "
            f"{free / GIGABYTE:.1f} GB left; free some space, or choose a cache folder on another disk (--cache)"
        )


def stored_or_made(
    path: Path, shape: tuple[int, ...], make: Callable[[], tuple[Float32Array, str]]
) -> tuple[Float32Array, str]:
    """The array in the entry ``path``, and the text about it; if there is no entry, what ``make`` computes is stored.

    A damaged entry is made anew, with a warning that names it.
    """
    header, values = _header(shape), math.prod(shape)
    content = read_kept_bytes(path, "cached input", header)
    if content is not None:
        array = np.frombuffer(content, np.float32, values, len(header))
        return array.reshape(shape), content[len(header) + array.nbytes :].decode()
    made, text = make()
    array = np.ascontiguousarray(made, np.float32)
    write_kept_bytes(path, _header(array.shape), array.data, text.encode())
    return array, text


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, hexadecimal; raises OSError.

    It is remembered while the size and the times of the file are unchanged. The second of these times (ctime) also
    changes when a program writes a file and sets its date back; on Windows, it is when the file was made.
    """
    stat = path.stat()
    return _digest_of(path, stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def _header(shape: tuple[int, ...]) -> bytes:
    """The first bytes of a ``.npy`` file of float32 values in C order."""
    header = io.BytesIO()
    facts = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, facts)
    return header.getvalue()


@lru_cache(MOST_REMEMBERED)
def _digest_of(path: Path, *_state: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
