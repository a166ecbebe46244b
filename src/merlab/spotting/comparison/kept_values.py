"""What is kept of a recording between two commands: one file of values for each feature, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from merlab.errors import MerlabError
from merlab.frames import Image
from merlab.frames.clock import Clock
from merlab.outputs.kept_arrays import Array, read_arrays, write_arrays
from merlab.spotting.stretches import block_places

# The key of the places of the blocks, and the name of the array in each file.
PLACES, VALUES = "places", "values"


def file_of(folder: Path, key: str) -> Path:
    """The file of a feature."""
    return folder / f"{key}.npz"


def keep(folder: Path, key: str, values: Array) -> None:
    """Keep the values of a feature."""
    write_arrays(file_of(folder, key), {VALUES: values})


def kept(folder: Path, key: str) -> Array:
    """The values of a feature; raises MerlabError if its file is missing or damaged, and removes it."""
    path = file_of(folder, key)
    arrays = read_arrays(path)
    if arrays is None:
        # Only a feature without a file is made anew.
        path.unlink(missing_ok=True)
        raise MerlabError(f"the kept feature {path} is missing or damaged; run the same command again to make it anew")
    return arrays[VALUES]


def keep_places(folder: Path, images: Iterable[Image], clock: Clock, keys: int) -> None:
    """Measure and keep the places of the blocks in every frame, (frames, ROWS, COLUMNS, 2); see ``block_places``."""
    keep(folder, PLACES, np.stack(list(block_places(images, clock, keys=keys))))
