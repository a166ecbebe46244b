"""Agreement as tables of text, for the terminal, notebooks and the page."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from merlab.coding.agreement.models import AgreementScores, Coefficient, Difference, Pair
from merlab.spelling import counted, decimals, three_decimals
from merlab.videos.moved import UNIT_NAMES

UNDEFINED = "–"
COLUMNS = ["agreement on", "n", "agree", "kappa", "alpha"]
RATIO = "FACS ratio"


def pair_heading(pair: Pair) -> str:
    """``AB and CD: of 10 and 9 events, 8 match (F1 .842), in 1 video``."""
    return (
        f"{pair.first} and {pair.second}: of {pair.events[0]} and {counted(pair.events[1], 'event')}, {pair.matched} "
        f"match (F1 {number(pair.f1)}), in {counted(pair.videos, 'video')}"
    )


def pair_table(pair: Pair) -> pd.DataFrame:
    """One row per kind of value: how many units, the share that agrees, kappa, alpha, the ratio of FACS."""
    rows = [
        _row("movements found: accepted or rejected", pair.movements),
        _row("frames: in an event or not", pair.frames),
        _row("label of matched events", pair.labels),
        _row("action units of matched events", pair.action_units),
        *(_row(f"AU{unit} {UNIT_NAMES.get(unit, '')}".strip(), each) for unit, each in pair.by_unit.items()),
    ]
    of_units = [pair.action_units, *pair.by_unit.values()]
    ratios = [*[None] * (len(rows) - len(of_units)), *(each.ratio for each in of_units)]
    return pd.DataFrame(rows, columns=COLUMNS).assign(**{RATIO: list(map(number, ratios))})


def together_table(scores: AgreementScores) -> pd.DataFrame:
    """The same for all coders together."""
    together = scores.together
    rows = [
        _row("label of matched events", together.labels),
        _row("action units of matched events", together.action_units),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def boundary_table(pair: Pair) -> pd.DataFrame:
    """One row per boundary and unit (frames, ms): the quartiles of second minus first, and the median size."""
    columns = ["boundary", "n", "lower quartile", "median", "upper quartile", "median size"]
    return pd.DataFrame(list(_boundaries(pair)), columns=columns)


def number(value: float | None) -> str:
    """``.743``, ``-.050``, ``1.000``; ``–`` where it is undefined."""
    return UNDEFINED if value is None else three_decimals(value).replace("0.", ".", 1)


def _row(name: str, of: Coefficient | None) -> list[str]:
    if of is None:
        return [name, *[UNDEFINED] * 4]
    return [name, str(of.n), number(of.agreement), number(of.kappa), number(of.alpha)]


def _boundaries(pair: Pair) -> Iterator[list[str]]:
    for name, of in (("onset", pair.onset), ("apex", pair.apex), ("offset", pair.offset)):
        if of is not None:
            yield [f"{name}, frames", str(of.n), *_texts(of, "frames")]
            if of.median_ms is not None:
                yield [f"{name}, ms", str(of.n), *_texts(of, "ms")]


def _texts(of: Difference, unit: str) -> list[str]:
    values = [getattr(of, f"{which}_{unit}") for which in ("lower", "median", "upper", "median_size")]
    return [decimals(value, 1) for value in values]
