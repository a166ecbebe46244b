"""Tables of true or spotted events, from merlab or from any other tool.

Beside merlab's tables: answers of the Micro-Expression Grand Challenges (``vid, onset, offset, emotion`` or ``vid,
pred_onset, pred_offset, type``), LGSNet's detections and its tables of intervals, and documents of ELAN.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from os import PathLike
from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.given import as_path, is_number
from merlab.schemes import Scheme
from merlab.spelling import counted, first_of, quoted, without_fraction
from merlab.spotting.scoring import detections, elan
from merlab.spotting.scoring.aliases import Names, folder_free, names_in
from merlab.spotting.scoring.kinds import KIND, with_kinds
from merlab.table_files.cells import CellTable, is_no_value
from merlab.table_files.columns import read_cells

VIDEO, ONSET, APEX, OFFSET, EMOTION = "video", "onset", "apex", "offset", "emotion"
ACTION_UNITS = "action_units"
CLASS, NO_EMOTION = "class", "(none)"
FRAMES = (ONSET, APEX, OFFSET)
# The times of onset and offset, from which no interval is taken: they show which frame rate the frames have.
SECONDS = (ONSET_S, OFFSET_S) = ("onset_s", "offset_s")
# Two faces of a video may move in the same frames.
FACES = ("face", "face_id")
SCORE = "score"
# What coders decided about movements, and who they are: see `merlab coding`.
DECISION, REJECTED, CODER = "decision", "reject", "coder"
# Why a table without onset and offset cannot be read.
INTERVAL_NEEDED = "an event needs the first and the last frame of the movement, its apex alone is not enough"
OPTIONAL = (APEX, EMOTION, CLASS, ACTION_UNITS, *FACES, *SECONDS)
# How the coding tables of some databases mark an unknown apex.
NO_APEX = {"/", "-"}
FRAME_NUMBER = r"[0-9]{1,12}(\.0*)?"

Events = pd.DataFrame | Path | str


@dataclass(frozen=True)
class ReadingOptions:
    """How tables of events are read.

    ``threshold``: only events whose ``score`` is above it, which detections need. ``fps``, ``rates`` by the names of
    videos, ``tier``, and ``first_of``, the number of the first frame of a video by its name, are for ELAN.
    Raises MerlabError for a threshold that is not finite.
    """

    threshold: float | None = None
    fps: float | None = None
    tier: str | None = None
    rates: Mapping[str, float] | None = None
    first_of: Callable[[str], int | None] | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and not (is_number(self.threshold) and math.isfinite(self.threshold)):
            raise MerlabError(f"the threshold must be a finite number, got {self.threshold!r}")


def in_scheme(events: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """True events with the classes of a scheme as emotions; an event outside the scheme has none, and is only spotted.

    Raises MerlabError if the events have no emotions.
    """
    if EMOTION not in events:
        raise MerlabError(f"the true events have no column {EMOTION}, which scheme {scheme.name} needs")
    return events.assign(**{EMOTION: events[EMOTION].str.lower().map(scheme.emotions).fillna(NO_EMOTION)})


def read_events(given: Events | Sequence[Events], how: ReadingOptions | None = None) -> pd.DataFrame:
    """The events of a table file (CSV, TSV, XLSX, XLS, ODS, Parquet) or of a DataFrame, checked; of several, all.

    The columns are onset and offset in frames, and video, kind, apex, emotion and action_units where present. Without a
    column video, all rows belong to one video. A column ``class``, as `merlab recognize` writes it, is read as emotion;
    where it is empty, the event has none.

    Warns of what was repaired, and of columns that seem to be misspelled. Raises MerlabError, with the rows and the
    remedy, for a file that cannot be read, and for everything that would be counted wrongly (see ``event_cells``).
    """
    table = event_cells(given, "the table of events", how or ReadingOptions())
    table.warn_of_notes()
    return with_numbers(table)


def event_cells(given: Events | Sequence[Events], name: str, how: ReadingOptions) -> CellTable:
    """The events as checked text; ``name`` is what a DataFrame is called in messages.

    Raises MerlabError for an onset or offset that is not a frame number, an onset after its offset, an apex outside of
    its interval, rows without a video, two spellings of a video or an emotion, events that occur twice, and videos of
    one name in tables of several folders.
    """
    table = _read(given, name, how) if isinstance(given, (pd.DataFrame, Path, str)) else _read_all(given, name, how)
    spelled = table.with_one_spelling([VIDEO])
    spelled = spelled.with_one_spelling([EMOTION]) if EMOTION in spelled.cells else spelled
    remedy = "keep one row of it, such as that of one coder, or remove the table that is given twice"
    spelled.refuse(_repeated(spelled), "the event occurs twice", remedy)
    return spelled


def _repeated(table: CellTable) -> pd.Series:
    """Whether an earlier event has the same video, face, kind, onset and offset, whatever else its row says."""
    who = table.cells[[column for column in (VIDEO, KIND, *FACES) if column in table.cells]].map(without_fraction)
    frames = {column: pd.to_numeric(table.cells[column]) for column in (ONSET, OFFSET)}
    return who.assign(**frames).duplicated()


def with_composed_names(table: CellTable) -> CellTable:
    """The table with the names of videos as they are typed: macOS and its disks may store ``é`` as two characters."""
    names = table.cells[VIDEO].map(partial(unicodedata.normalize, "NFC"))
    return replace(table, cells=table.cells.assign(**{VIDEO: names}))


def joined_events(name: str, tables: Sequence[CellTable]) -> CellTable:
    """The rows of several tables as one table; a column that a table lacks is empty there."""
    cells = pd.concat([table.cells for table in tables], ignore_index=True).fillna("")
    places = tuple(f"{table.name}, {place}" for table in tables for place in table.places)
    notes = dict.fromkeys(note for table in tables for note in table.notes)
    return CellTable(name, cells, places, tuple(notes))


def with_numbers(table: CellTable) -> pd.DataFrame:
    """Events with onset, apex and offset as numbers; an unknown apex is NaN."""
    cells = table.cells
    return cells.assign(**{column: pd.to_numeric(cells[column]) for column in FRAMES if column in cells})


def rates_of_events(events: pd.DataFrame, rates: Mapping[str, float], fps: float | None) -> pd.Series[float]:
    """Frames per second of each event: those of its video in ``rates``, else ``fps``; NaN where neither is known."""
    return events[VIDEO].map(dict(rates)).fillna(math.nan if fps is None else fps).astype(float)


def _read_all(given: Sequence[Events], name: str, how: ReadingOptions) -> CellTable:
    if not (given is None or isinstance(given, Iterable)):
        raise MerlabError(f"{name} must be table files or DataFrames, got {given!r}")
    given = [] if given is None else list(given)
    if not given:
        raise MerlabError("no table of events is given; give a table file or a DataFrame")
    tables = [_read(each, name, how) for each in given]
    if len(tables) == 1:
        return tables[0]
    for table in tables:
        if not table.cells[VIDEO].all():
            raise MerlabError(f"{table.name} has no column {VIDEO}; with several tables, each row must name its video")
    with_kind = [table.name for table in tables if KIND in table.cells]
    if 0 < len(with_kind) < len(tables):
        raise MerlabError(f"{with_kind[0]} has kinds of movements and other tables have none; score them apart")
    notes = _shared_videos(given, tables)
    table = joined_events(name, tables)
    return replace(table, cells=table.cells.replace({EMOTION: {"": NO_EMOTION}}), notes=(*table.notes, *notes))


def _shared_videos(given: Sequence[Events], tables: Sequence[CellTable]) -> tuple[str, ...]:
    """One note if tables have videos of one name, as ``events.csv`` and ``weak.csv`` of a result do; else none.

    Raises MerlabError where two such tables are in different folders: they are about two videos, or twice about one.
    """
    videos = [set(with_composed_names(table).cells[VIDEO]) for table in tables]
    found = []
    for first, second in combinations(range(len(tables)), 2):
        if not (shared := sorted(videos[first] & videos[second])):
            continue
        # DataFrames have one name for all.
        names = " and ".join(dict.fromkeys((tables[first].name, tables[second].name)))
        found.append(f"{names}: two tables have videos of one name ({first_of(map(quoted, shared), 3)})")
        if _folder(given[first]) != _folder(given[second]):
            raise MerlabError(
                f"{found[-1]}, which would be scored as one video. If they are about different videos, score the "
                "tables apart or give the videos different names; if each has a part of the events of the same videos, "
                "such as micro and macro, put them into one folder"
            )
    return (f"{first_of(found, 1)}, which are scored as one video",) if found else ()


def reads_document(given: Events | Sequence[Events]) -> bool:
    """Whether a table of events is, or one of several is, a document of ELAN."""
    if isinstance(given, pd.DataFrame):
        return False
    if isinstance(given, str | PathLike):
        return as_path(given, "each table").suffix.lower() == elan.SUFFIX
    return any(map(reads_document, given))


def _folder(given: Events) -> Path | None:
    return None if isinstance(given, pd.DataFrame) else as_path(given, "each table").resolve().parent


def _read(given: Events, name: str, how: ReadingOptions) -> CellTable:
    if not isinstance(given, pd.DataFrame | str | PathLike):
        raise MerlabError(f"{name} must be table files or DataFrames, got {given!r}")
    path = Path() if isinstance(given, pd.DataFrame) else as_path(given, name)
    suffix = path.suffix.lower()
    if suffix == elan.SUFFIX:
        table = elan.read_annotations(path, how.fps, how.tier, how.rates, how.first_of)
    elif suffix == detections.SUFFIX:
        table = detections.read_detections(path)
        if how.threshold is None:
            raise MerlabError(f"{given} has scored detections; give the score above which they count (--threshold)")
    else:
        table = _read_table(given, name, how)
    table = _above_threshold(table, how.threshold)
    cells = table.cells
    if EMOTION not in cells:
        cells = cells.rename(columns={CLASS: EMOTION})
    if VIDEO in cells and not _has_one_video_without_a_name(given):
        table.require_values([VIDEO])
    for column, text in ((EMOTION, NO_EMOTION), (ACTION_UNITS, ""), (APEX, "")):
        if column in cells:
            unknown = cells[column].map(has_no_apex if column == APEX else is_no_value).astype(bool)
            cells = cells.assign(**{column: cells[column].where(~unknown, text)})
    table = replace(table, cells=cells if VIDEO in cells else cells.assign(**{VIDEO: ""}))
    _require_intervals(table, detections.FRACTION if suffix == detections.SUFFIX else FRAME_NUMBER)
    return table


def has_no_apex(cell: str) -> bool:
    """Whether a cell says that the apex is unknown."""
    return cell in NO_APEX or is_no_value(cell)


def _read_table(given: Events, name: str, how: ReadingOptions) -> CellTable:
    """A table with column names, which may be those of other tools."""
    names: Names = names_in(given, name if isinstance(given, pd.DataFrame) else str(given))
    scored = () if how.threshold is None else (SCORE,)
    optional = (names[VIDEO], names[KIND], *OPTIONAL, DECISION, CODER, *scored)
    table = read_cells(given, name, (names[ONSET], names[OFFSET]), optional, INTERVAL_NEEDED)
    columns = {written: column for column, written in names.items()}
    table = folder_free(replace(table, cells=table.cells.rename(columns=columns)), names)
    return with_kinds(_as_coded(table), names[KIND])


def _as_coded(table: CellTable) -> CellTable:
    """The events that coders did not reject, with a note on rejected ones, and one where several coders count."""
    cells, notes = table.cells, table.notes
    rejected = cells[DECISION].str.casefold() == REJECTED if DECISION in cells else pd.Series(False, index=cells.index)
    if rejected.any():
        notes = (*notes, f"{table.name}: without {counted(int(rejected.sum()), 'event')} that a coder rejected")
    kept = table.kept(~rejected)
    coders = sorted(set(kept.cells[CODER])) if CODER in cells else []
    if len(coders) > 1:
        some = first_of(map(quoted, coders), 3)
        notes = (*notes, f"{table.name}: events of several coders ({some}) all count; score one coder at a time")
    return replace(kept, cells=kept.cells.drop(columns=[DECISION, CODER], errors="ignore"), notes=notes)


def _above_threshold(table: CellTable, threshold: float | None) -> CellTable:
    """The events whose score is above the threshold; the same table without one."""
    if threshold is None:
        return table
    if SCORE not in table.cells:
        raise MerlabError(f"{table.name} has no column {SCORE}, which a threshold needs; leave --threshold out")
    scores = pd.to_numeric(table.cells[SCORE], errors="coerce")
    table.refuse(scores.isna(), f"{SCORE} is not a number", "correct the cell")
    above = table.kept(scores > threshold)
    return replace(above, cells=above.cells.drop(columns=SCORE))


def _has_one_video_without_a_name(given: Events) -> bool:
    """Whether this is what ``read_events`` gives for a table without a column video."""
    return isinstance(given, pd.DataFrame) and VIDEO in given and bool((given[VIDEO] == "").all())


def _require_intervals(table: CellTable, pattern: str) -> None:
    for column in FRAMES:
        if column in table.cells:
            known = table.cells[column] != "" if column == APEX else True
            wrong = known & ~table.cells[column].str.fullmatch(pattern).astype(bool)
            texts = ", ".join(sorted(set(table.cells[column][wrong]))[:3])
            remedy = "write frame numbers; multiply seconds by the frame rate, and remove rows without an interval"
            table.refuse(wrong, f"{column} is not the whole number of a frame ({texts or 'empty'})", remedy)
            if pattern == FRAME_NUMBER:
                table.refuse_thousands(column)
    events = with_numbers(table)
    table.refuse(events[ONSET] > events[OFFSET], "onset is after offset", "exchange or correct them")
    if APEX in events:
        outside = (events[APEX] < events[ONSET]) | (events[APEX] > events[OFFSET])
        table.refuse(outside, "apex is outside of onset to offset", "correct it; leave it empty where it is unknown")
