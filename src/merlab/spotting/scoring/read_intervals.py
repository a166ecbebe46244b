"""Tables of true or spotted events, from merlab or from any other tool."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.schemes import Scheme

VIDEO, ONSET, APEX, OFFSET, EMOTION = "video", "onset", "apex", "offset", "emotion"
ACTION_UNITS = "action_units"
CLASS, NO_EMOTION = "class", "(none)"

Events = pd.DataFrame | Path | str


def in_scheme(events: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """True events with the classes of a scheme as emotions; an event outside the scheme has none, and is only spotted.

    Raises MerlabError if the events have no emotions.
    """
    if EMOTION not in events:
        raise MerlabError(f"the true events have no column {EMOTION}, which scheme {scheme.name} needs")
    return events.assign(**{EMOTION: events[EMOTION].str.lower().map(scheme.emotions).fillna(NO_EMOTION)})


def read_events(given: Events | Sequence[Events]) -> pd.DataFrame:
    """The events of a CSV file or of a DataFrame, checked; of several, all their events.

    The columns are onset and offset in frames, and video, apex, emotion and action_units where present. Without a
    column video, all rows belong to one video. A column ``class``, as `merlab recognize` writes it, is read as emotion;
    where it is empty, the event has none.

    Raises MerlabError if a file is missing or is not a CSV, and for a row that is not an interval.
    """
    if isinstance(given, (pd.DataFrame, Path, str)):
        return _read(given)
    if not given:
        raise MerlabError("no table of events is given; give a CSV or a DataFrame")
    # If a table lacks a column of another, its values there are missing.
    return _read(pd.concat([_read(each) for each in given], ignore_index=True))


def _read(given: Events) -> pd.DataFrame:
    name = "the table of events" if isinstance(given, pd.DataFrame) else str(given)
    table = given.reset_index(drop=True) if isinstance(given, pd.DataFrame) else _read_csv(Path(given))
    if EMOTION not in table:
        table = table.rename(columns={CLASS: EMOTION})
    missing = [column for column in (ONSET, OFFSET) if column not in table]
    if missing:
        columns = ", ".join(map(str, table.columns))
        raise MerlabError(f"{name} has no column {' and no column '.join(missing)}; it has {columns}")
    for column in (ONSET, APEX, OFFSET):
        if column in table:
            table = table.assign(**{column: pd.to_numeric(table[column], errors="coerce")})
    wrong = table.index[~(table[ONSET] <= table[OFFSET])]
    if len(wrong):
        raise MerlabError(
            f"{name}: row {wrong[0] + 1} is not an interval; onset and offset must be numbers, onset first"
        )
    return _with_texts(table, name)


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype={VIDEO: str, EMOTION: str, CLASS: str, ACTION_UNITS: str})
    except FileNotFoundError as error:
        raise MerlabError(f"{path} does not exist; give a CSV of events") from error
    except (OSError, ValueError) as error:
        raise MerlabError(f"{path} cannot be read as CSV: {str(error).splitlines()[0]}") from error


def _with_texts(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with video, emotion and action units as text."""
    for column, missing in ((VIDEO, None), (EMOTION, NO_EMOTION), (ACTION_UNITS, "")):
        if column in table:
            texts = table[column].astype(object).map(str, na_action="ignore")
            table = table.assign(**{column: texts if missing is None else texts.replace("", missing).fillna(missing)})
    if VIDEO not in table:
        return table.assign(**{VIDEO: ""})
    nameless = table.index[table[VIDEO].isna()]
    if len(nameless):
        raise MerlabError(f"{name}: row {nameless[0] + 1} has no video; fill in the column, or remove it")
    return table
