"""Tables of events: true ones and spotted ones, of merlab or of anybody."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.schemes import Scheme

VIDEO, ONSET, APEX, OFFSET, EMOTION = "video", "onset", "apex", "offset", "emotion"
ACTION_UNITS = "action_units"
CLASS, NO_EMOTION = "class", "(none)"


def in_scheme(events: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """True events with the classes of a scheme for emotions; those outside of it have none, and are only spotted.

    Raises MerlabError where the events have no emotions.
    """
    if EMOTION not in events:
        raise MerlabError(f"the true events have no column {EMOTION}, which {scheme.name} could give classes")
    return events.assign(**{EMOTION: events[EMOTION].str.lower().map(scheme.emotions).fillna(NO_EMOTION)})


def read_events(path: Path) -> pd.DataFrame:
    """Events of a CSV: columns onset and offset in frames; video, apex, emotion, action_units where present.

    Without a column video all rows are of one. A column ``class``, as `merlab recognize` writes it, counts as emotion;
    empty, the event has none.

    Raises MerlabError when the file is missing, is no CSV, or a row is no interval.
    """
    try:
        table = pd.read_csv(path, dtype={VIDEO: str, EMOTION: str, CLASS: str, ACTION_UNITS: str})
    except FileNotFoundError as error:
        raise MerlabError(f"{path} does not exist") from error
    except (OSError, ValueError) as error:
        raise MerlabError(f"{path} cannot be read as CSV: {str(error).splitlines()[0]}") from error
    if EMOTION not in table:
        table = table.rename(columns={CLASS: EMOTION})
    missing = [column for column in (ONSET, OFFSET) if column not in table]
    if missing:
        raise MerlabError(f"{path} has no column {' and no column '.join(missing)}; it has {', '.join(table.columns)}")
    for column in (ONSET, APEX, OFFSET):
        if column in table:
            table[column] = pd.to_numeric(table[column], errors="coerce")
    wrong = table.index[~(table[ONSET] <= table[OFFSET])]
    if len(wrong):
        raise MerlabError(f"{path}: row {wrong[0] + 1} is no interval: onset and offset must be numbers, in this order")
    for column, nothing in ((EMOTION, NO_EMOTION), (ACTION_UNITS, "")):
        if column in table:
            table[column] = table[column].fillna(nothing)
    if VIDEO not in table:
        table[VIDEO] = ""
    if table[VIDEO].isna().any():
        raise MerlabError(f"{path}: row {table.index[table[VIDEO].isna()][0] + 1} does not say of which video it is")
    return table
