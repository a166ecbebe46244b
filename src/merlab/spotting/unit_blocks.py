"""How each action unit moves the blocks of a face, as stored with merlab: rendering it takes more than a second."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from merlab.frames import Float32Array
from merlab.spotting.motion import in_blocks

STORED = Path(__file__).with_suffix(".npz")


@cache
def unit_blocks() -> dict[str, Float32Array]:
    """The displacement (ROWS, COLUMNS, 2) of the blocks by each unit and side (``12l``), for a largest one of 1 px.

    The movement of the head, if there is any, is not subtracted. The file holds what ``rendered_unit_blocks`` gives.
    """
    with np.load(STORED, allow_pickle=False) as stored:
        return dict(stored)


def rendered_unit_blocks() -> dict[str, Float32Array]:
    """The same from the generator of synthetic faces, for the file: ``np.savez_compressed(STORED, **...)``."""
    # The generator takes longer to import than all the rest of spotting.
    from merlab.synthesis.unit_flow import unit_flows

    return {
        key: np.asarray(in_blocks(flow) / np.hypot(flow[..., 0], flow[..., 1]).max(), np.float32)
        for key, flow in unit_flows().items()
    }
