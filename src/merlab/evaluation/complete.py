"""What a complete table of predictions is: every clip of the run once for each method and seed, decided by arg-max."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from merlab.errors import MerlabError
from merlab.evaluation.predictions import CLIP_COLUMNS, probabilities_in
from merlab.spelling import counted, first_of

CLIP = list(CLIP_COLUMNS)
UNIT = ["method", "seed"]
NAMED = 3


def require_clips(table: pd.DataFrame, clips: pd.DataFrame, where: str) -> None:
    """Raise MerlabError unless every method and seed has exactly these clips (columns CLIP), each once."""
    wanted = set(clips[CLIP].itertuples(index=False, name=None))
    for (method, seed), rows in table.groupby(UNIT):
        unit = f"{where}: method {method}, seed {seed}"
        found = list(rows[CLIP].itertuples(index=False, name=None))
        _refuse(unit, "has no prediction for", wanted - set(found))
        _refuse(unit, "has predictions for clips that are not of the run:", set(found) - wanted)
        _refuse(
            unit,
            "has more than one prediction for",
            set(rows.loc[rows.duplicated(CLIP), CLIP].itertuples(index=False, name=None)),
        )


def require_same_clips(table: pd.DataFrame, count: int | None, where: str) -> None:
    """Raise MerlabError unless all methods and seeds have the same ``count`` clips, each once; None: any number."""
    sizes = table.groupby(UNIT).size()
    if sizes.nunique() > 1:
        raise MerlabError(
            f"{where} contains from {sizes.min()} to {sizes.max()} clips per method and seed, but all need the same "
            "clips"
        )
    clips = table[CLIP].drop_duplicates()
    require_clips(table, clips, where)
    if count is not None and len(clips) != count:
        raise MerlabError(f"{where} contains predictions of {counted(len(clips), 'clip')}, but the run tested {count}")


def require_one_truth(table: pd.DataFrame, where: str) -> None:
    """Raise MerlabError unless a clip has the same truth for every method and seed."""
    truths = table[[*CLIP, "truth"]].drop_duplicates()
    several = truths[truths.duplicated(CLIP)]
    _refuse(where, "has more than one truth for", several[CLIP].itertuples(index=False, name=None))


def require_decisions(table: pd.DataFrame, classes: Sequence[str], where: str) -> None:
    """Raise MerlabError unless every prediction is the class of the highest probability; the first of equal ones."""
    probabilities = probabilities_in(table, classes)
    if probabilities is None:
        return
    highest = probabilities.argmax(axis=1)
    wrong = table[[classes[position] for position in highest] != table["prediction"].to_numpy()]
    _refuse(
        where,
        "has a prediction that is not the class of the highest probability, for",
        wrong[CLIP].itertuples(index=False, name=None),
    )


def _refuse(where: str, fault: str, clips: Iterable[tuple[object, ...]]) -> None:
    """Raise MerlabError naming the first of these clips, if there are any."""
    names = sorted({"/".join(map(str, clip)) for clip in clips})
    if names:
        raise MerlabError(f"{where} {fault} {first_of(names, NAMED)}")
