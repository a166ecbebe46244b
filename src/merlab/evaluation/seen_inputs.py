"""Inputs that a network was trained on, known by their content, whatever their database and their clips are called."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.frames import Float32Array


def input_digests(inputs: Iterable[NDArray[np.float32]]) -> list[str]:
    """One short digest for each input.

    It is empty for an input of one value, such as that of a still clip, which says nothing about the clip.
    """
    # 12 digits: one false match in 3e7 for a thousand clips beside ten thousand.
    return [hashlib.sha256(np.ascontiguousarray(each).data).hexdigest()[:12] if np.ptp(each) else "" for each in inputs]


def require_unseen_inputs(
    network: str, trained_on: Collection[str], inputs: Float32Array, keys: pd.DataFrame, what: str
) -> None:
    """Raise MerlabError for inputs (N, ...) that a network was trained on; ``keys`` and ``what`` name them."""
    seen = set(trained_on)
    known = [row for row, digest in enumerate(input_digests(inputs)) if digest in seen] if seen else []
    if known:
        raise MerlabError(
            f"{network} was trained on {len(known)} of the clips of {what}, such as {'/'.join(keys.iloc[known[0]])}, "
            "perhaps under the name of another database, so a score on them would be too high; score other clips"
        )
