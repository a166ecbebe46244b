"""What is kept of a recording between two commands: one file of values for each feature, in a folder of its own.

Until all values of a feature are there, they are in pieces, so that an interrupted command continues. The places of the
blocks stay in pieces: those of an hour at 200 frames per second fill a gigabyte. Their file holds how many there are.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from merlab.errors import MerlabError
from merlab.frames import Float32Array, Image
from merlab.frames.clock import Clock
from merlab.outputs.kept_arrays import Array, read_arrays, write_arrays
from merlab.spotting.kept_places import KeptPieces
from merlab.spotting.stretches import block_places

# The key of the places of the blocks, and the name of the array in each file.
PLACES, VALUES = "places", "values"
# Rises where the same features are kept in another form.
KEPT_VERSION = 2


def file_of(folder: Path, key: str) -> Path:
    """The file of a feature."""
    return folder / f"{key}.npz"


def pieces_of(folder: Path, key: str) -> KeptPieces:
    """The values of a feature while they are measured."""
    return KeptPieces(folder / key, VALUES)


def keep(folder: Path, key: str, values: Array) -> None:
    """Keep the values of a feature."""
    write_arrays(file_of(folder, key), {VALUES: values})


def keep_pieces(folder: Path, key: str, pieces: KeptPieces) -> None:
    """Keep the values of a feature, (n, ...), of which all are in pieces; (0,) for a recording that is too short."""
    pieces.close()
    values = list(pieces.read())
    if len(values) != pieces.count:
        raise _made_anew(folder, key)
    keep(folder, key, np.stack(values) if values else np.zeros(0, np.float32))
    shutil.rmtree(pieces.folder, ignore_errors=True)


def kept(folder: Path, key: str) -> Array:
    """The values of a feature; raises MerlabError if its file is missing or damaged, and removes it."""
    arrays = read_arrays(file_of(folder, key))
    if arrays is None:
        raise _made_anew(folder, key)
    return arrays[VALUES]


def _made_anew(folder: Path, key: str) -> MerlabError:
    """The error for a feature whose file is missing or damaged; removes it: only one without a file is made anew."""
    path = file_of(folder, key)
    path.unlink(missing_ok=True)
    return MerlabError(f"the kept feature {path} is missing or damaged; run the same command again to make it anew")


def keep_places(folder: Path, images: Iterable[Image], clock: Clock, keys: int) -> None:
    """Measure and keep the places of the blocks in every frame, or continue; see ``block_places``."""
    pieces = pieces_of(folder, PLACES)
    known = (np.asarray(place, np.float32) for place in pieces.read())
    for place in block_places(images, clock, known, keys):
        pieces.add(place)
    pieces.close()
    keep(folder, PLACES, np.array(pieces.count))


def kept_places(folder: Path) -> Iterator[Float32Array]:
    """The places of the blocks, (ROWS, COLUMNS, 2) of every frame, one after the other; raises MerlabError as kept."""
    count, found = int(np.asarray(kept(folder, PLACES), np.int64)), 0
    for place in pieces_of(folder, PLACES).read():
        found += 1
        yield np.asarray(place, np.float32)
    if found != count:
        raise _made_anew(folder, PLACES)
