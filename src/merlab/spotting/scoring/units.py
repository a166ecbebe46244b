"""Action units that are named for the events that were hit, beside the true ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from merlab.evaluation.metrics import ratio
from merlab.spotting.scoring.hits import HitEvent, interval_of
from merlab.spotting.scoring.read_intervals import ACTION_UNITS


def score_units(hits: Sequence[HitEvent], videos: int) -> dict[str, Any] | None:
    """The share of hits for which the first unit that is named is a true one, whatever the side; none named is wrong.

    None where no hit has true units, or nothing is said about units. ``baselines``: ``constant`` always names the unit
    that is most frequent among the hits, ``random`` names what was named for another hit, the mean over all others.
    """
    told = [hit for hit in hits if hit.true.get(ACTION_UNITS) and ACTION_UNITS in hit.found]
    if not told:
        return None
    true = [_numbers(hit.true[ACTION_UNITS]) for hit in told]
    named = [next(iter(_numbers(hit.found[ACTION_UNITS])), None) for hit in told]
    # Row: a hit; column: the unit that was named for a hit.
    known = {unit for units in true for unit in units}
    right = np.array([[unit in units for unit in named] for units in true])
    others = ~np.eye(len(told), dtype=bool)
    counts = np.zeros((videos, 2), np.int64)
    np.add.at(counts, [hit.video for hit in told], np.stack([np.diag(right), np.ones(len(told), bool)], axis=-1))
    return {
        "n": len(told),
        "named": sum(unit is not None for unit in named),
        "first_right": float(np.diag(right).mean()),
        "interval": interval_of(counts, lambda pooled: ratio(*np.moveaxis(np.asarray(pooled), -1, 0))),
        "baselines": {
            "constant": max(float(np.mean([unit in units for units in true])) for unit in known),
            "random": float(right[others].mean()) if len(told) > 1 else None,
        },
    }


def _numbers(units: str) -> list[int]:
    """12 and 4 of ``AU12 left 1.90; AU4 0.72`` and of ``L12+4``, in this order."""
    return [int(found) for part in re.split(r"[;+]", units) for found in re.findall(r"\d+", part)[:1]]
