"""Listed action units of the hits, compared with the true ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from merlab.evaluation.metrics import IntArray, ratio
from merlab.spelling import quoted
from merlab.spotting.scoring.hits import HitEvent, interval_of
from merlab.spotting.scoring.read_intervals import ACTION_UNITS, EMOTION
from merlab.spotting.scoring.score_models import Guesses, UnitScores
from merlab.table_files.action_units import states_units
from merlab.table_files.cell_texts import FACS_NUMBERS, NO_ACTION_UNITS
from merlab.table_files.cells import CellTable

# The number of a unit, also as 4.0; not a fraction, and not a strength in px.
UNIT = re.compile(r"(?<![\d.])(\d+)(?:\.0)?(?!\d|\.\d|\s*px)")


def note_on_units(table: CellTable, scored: bool) -> Iterator[str]:
    """Notes on cells with action units as an emotion, and, if they are ``scored``, on those that should list some.

    All are counted as they are.
    """
    if EMOTION in table.cells and (units := table.cells[EMOTION].map(states_units).astype(bool)).any():
        first = quoted(table.cells[EMOTION][units].iloc[0])
        yield (
            f"{table.name}, {table.where(units)}: {EMOTION} has {first}, which counts as a class; write action units "
            f"into the column {ACTION_UNITS}"
        )
    if ACTION_UNITS not in table.cells or not scored:
        return
    wrong = table.cells[ACTION_UNITS].map(lambda text: not _are_units(text)).astype(bool)
    if wrong.any():
        first = quoted(table.cells[ACTION_UNITS][wrong].iloc[0])
        yield (
            f"{table.name}, {table.where(wrong)}: {ACTION_UNITS} has {first}, which is not only action units of FACS; "
            "correct the cells, or action units are scored wrongly"
        )


def _are_units(text: str) -> bool:
    numbers = _numbers(text)
    return FACS_NUMBERS.issuperset(numbers) if numbers else text.lower() in NO_ACTION_UNITS


def score_units(hits: Sequence[HitEvent], owners: IntArray) -> UnitScores | None:
    """The share of hits for which the first listed unit is a true one, whatever its side; an empty list is wrong.

    None if no hit has true units, or the spotted events list none. The constant guess is the most frequent unit of the
    hits; the random guess is the unit listed for another hit, the mean over all others. ``owners`` are those of all
    videos, see ``owners_of``.
    """
    labeled = [hit for hit in hits if _numbers(hit.true.get(ACTION_UNITS, "")) and ACTION_UNITS in hit.found]
    if not labeled:
        return None
    true = [_numbers(hit.true[ACTION_UNITS]) for hit in labeled]
    listed = [next(iter(_numbers(hit.found[ACTION_UNITS])), None) for hit in labeled]
    right = np.array([unit in units for unit, units in zip(listed, true, strict=True)])
    having, listing = Counter(unit for units in true for unit in set(units)), Counter(listed)
    by_chance = sum(times * listing[unit] for unit, times in having.items()) - int(right.sum())
    counts = np.zeros((len(owners), 2), np.int64)
    np.add.at(counts, [hit.video for hit in labeled], np.stack([right, np.ones(len(labeled), bool)], axis=-1))
    return UnitScores(
        n=len(labeled),
        named=sum(unit is not None for unit in listed),
        first_right=float(right.mean()),
        interval=interval_of(counts, owners, lambda pooled: ratio(*np.moveaxis(np.asarray(pooled), -1, 0))),
        baselines=Guesses(
            constant=max(having.values()) / len(labeled),
            random=by_chance / (len(labeled) * (len(labeled) - 1)) if len(labeled) > 1 else None,
        ),
    )


def _numbers(units: str) -> list[int]:
    """12 and 4 of ``AU12 left 1.90; AU4 0.72``, of ``L12+4`` and of ``12, 4``, in this order."""
    return [int(number) for number in UNIT.findall(units)]
