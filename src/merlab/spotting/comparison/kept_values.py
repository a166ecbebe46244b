"""What is kept of a recording between two commands: one file of values for each feature, in a folder of its own.

Until all values of a feature are there, they are in pieces, so that an interrupted command continues. The places of the
blocks stay in pieces: those of an hour at 200 frames per second fill a gigabyte.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.frames import Float32Array, Image
from merlab.frames.clock import Clock
from merlab.outputs.kept_arrays import Array, read_arrays, write_arrays
from merlab.spotting.kept_places import KeptPieces, KeptPlaces
from merlab.spotting.stretches import block_places

Value = TypeVar("Value")

# The key of the places of the blocks, and the name of the array in each file.
PLACES, VALUES = "places", "values"
# Rises where the same features are kept in another form.
KEPT_VERSION = 3


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
    values = list(_whole(folder, key, pieces.all(pieces.count)))
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


def keep_places(folder: Path, images: Iterable[Image | None], clock: Clock, keys: int) -> None:
    """Measure and keep the places of the blocks in every frame, or continue; see ``block_places``.

    Beside their number, their file holds in which of them nothing is shown.
    """
    pieces, shown = KeptPlaces(folder / PLACES), list[bool]()

    def seen() -> Iterator[Image | None]:
        for image in images:
            shown.append(image is not None)
            yield image

    deque(pieces.keep(block_places(seen(), clock, pieces.read(), keys)), maxlen=0)
    pieces.close()
    keep(folder, PLACES, np.array(shown))


def kept_places(folder: Path) -> Iterator[Float32Array]:
    """The places of the blocks, (ROWS, COLUMNS, 2) of every frame, one after the other; raises MerlabError as kept."""
    return _whole(folder, PLACES, KeptPlaces(folder / PLACES).all(len(shown_frames(folder))))


def shown_frames(folder: Path) -> NDArray[np.bool_]:
    """Which frames of those that the places are kept of show something, (n,); raises MerlabError as kept."""
    return np.asarray(kept(folder, PLACES), bool)


def _whole(folder: Path, key: str, values: Iterator[Value]) -> Iterator[Value]:
    """All values of a feature from its pieces; raises MerlabError as kept."""
    try:
        yield from values
    except MerlabError as error:
        raise _made_anew(folder, key) from error
