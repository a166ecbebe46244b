"""coding.csv beside the tables of a result: read with checks, written whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

from merlab.coding.codable_result import CodableResult, MachineEvent
from merlab.coding.decisions import Coding, Decision, Verdict
from merlab.errors import MerlabError
from merlab.outputs.result_folder import CODING
from merlab.sinks import CsvSink
from merlab.spelling import quoted, shortened
from merlab.table_files.cell_texts import may_be_thousands, remedy_for_number
from merlab.table_files.cells import CellTable
from merlab.table_files.columns import read_cells
from merlab.table_files.sheets import folded_heading

COLUMNS = tuple(field.name for field in fields(Decision))
# The frames of a machine's event need not be repeated.
REQUIRED = ("event", "face_id", "decision")
OPTIONAL = tuple(column for column in COLUMNS if column not in REQUIRED)
WHOLE_NUMBER = re.compile(r"[0-9]{1,12}(\.0*)?", re.ASCII)


def read_coding(material: CodableResult) -> Coding:
    """The decisions beside a result; none where there is no coding.csv.

    Raises MerlabError, with the row and the remedy, for a cell that is wrong, for two decisions of one coder about the
    same movement, and for what does not fit the result: an unknown event, face or frame, or an event that is in other
    frames now, because the result was made again. Warns of what was repaired, and of columns that are not read, as
    another program may have written them.
    """
    path = material.folder / CODING
    if not path.is_file():
        return Coding()
    table = read_cells(path, str(path), REQUIRED, OPTIONAL)
    unread = (f"{note}; they are lost where merlab writes the file" for note in note_on_unread(table, COLUMNS))
    replace(table, notes=(*table.notes, *unread)).warn_of_notes()
    return decisions_of(table, material)


def note_on_unread(table: CellTable, known: Iterable[str]) -> list[str]:
    """A note that names the columns which are not read, but for the ``known`` ones and what other notes name."""
    folded, noted = set(map(folded_heading, known)), "".join(table.notes)
    unread = [each for each in table.unread if folded_heading(each) not in folded and quoted(each) not in noted]
    return [f"{table.name}: columns that are not read: {', '.join(map(shortened, unread))}"] if unread else []


def decisions_of(table: CellTable, material: CodableResult) -> Coding:
    """The decisions in a table that is read as text; raises MerlabError as ``read_coding`` does."""
    rows = table.cells.to_dict("records")
    decisions = [
        _checked(table, place, {str(name): str(text) for name, text in row.items()}, material)
        for place, row in zip(table.places, rows, strict=True)
    ]
    try:
        return Coding(tuple(decisions))
    except MerlabError as error:
        raise MerlabError(f"{table.name}: {error}") from error


def write_coding(folder: Path, coding: Coding) -> Path:
    """Write coding.csv into the folder of a result, whole or not at all, and return its path."""
    with CsvSink(folder / CODING, COLUMNS) as sink:
        for decision in coding.sorted().decisions:
            sink.write(getattr(decision, column) for column in COLUMNS)
    return folder / CODING


def require_fit(decision: Decision, material: CodableResult) -> None:
    """Raises MerlabError for a decision that does not fit a result: see ``read_coding``."""
    if decision.face_id not in material.faces:
        known = ", ".join(map(str, material.faces)) or "none"
        raise MerlabError(f"there is no face {decision.face_id} in the result (faces: {known}); correct face_id")
    for frame in (decision.onset, decision.apex, decision.offset):
        if frame is not None and not material.clock.has(frame):
            first, last = material.clock.numbers[[0, -1]]
            raise MerlabError(
                f"{material.video} has no frame {frame} (it has {first} to {last}); correct the cell, which must "
                "hold the number of a frame, not a time"
            )
    if decision.event:
        _require_event(decision, _event_of(decision.event, material))


def _require_event(decision: Decision, event: MachineEvent) -> None:
    if event.face_id != decision.face_id:
        raise MerlabError(f"{event.event} is of face {event.face_id}, not {decision.face_id}; correct face_id")
    same = (decision.onset, decision.apex, decision.offset) == (event.onset, event.apex, event.offset)
    if decision.decision in ("accept", "reject") and not same:
        raise MerlabError(
            f"{event.event} is in frames {event.onset}, {event.apex}, {event.offset}, not {decision.onset}, "
            f"{decision.apex}, {decision.offset}; if the result was made again, decide again; for other frames, write "
            "move"
        )
    if decision.onset > event.offset or decision.offset < event.onset:
        raise MerlabError(
            f"{event.event} is in frames {event.onset} to {event.offset}, and is moved to {decision.onset} to "
            f"{decision.offset}, where it has no frame; reject it and add an event of your own there; if the result "
            "was made again, decide again"
        )


def _event_of(name: str, material: CodableResult) -> MachineEvent:
    if name not in material.by_name:
        raise MerlabError(
            f"there is no event {name} in {material.folder / 'events.csv'}; if the result was made again, decide again"
        )
    return material.by_name[name]


def _checked(table: CellTable, place: str, row: Mapping[str, str], material: CodableResult) -> Decision:
    try:
        decision = _decision(row, material)
        require_fit(decision, material)
    except MerlabError as error:
        raise MerlabError(f"{table.name}, {place}: {error}") from error
    return decision


def _decision(row: Mapping[str, str], material: CodableResult) -> Decision:
    verdict, event = row["decision"], row["event"]
    found = _event_of(event, material) if event else None
    listed = {} if found is None or verdict == "move" else vars(found)
    onset, apex, offset = (_frame(row.get(column, ""), column, listed) for column in ("onset", "apex", "offset"))
    if onset is None or offset is None:
        raise MerlabError("onset or offset is empty; write the first and the last frame of the movement")
    face = whole_number(row["face_id"], "face_id")
    return Decision(
        event=event,
        face_id=face,
        decision=cast(Verdict, verdict),
        onset=onset,
        apex=apex,
        offset=offset,
        **{column: row.get(column, "") for column in ("action_units", "label", "comment", "coder", "time")},
    )


def _frame(text: str, column: str, listed: Mapping[str, Any]) -> int | None:
    return whole_number(text, column) if text else listed.get(column)


def whole_number(text: str, column: str) -> int:
    """The number in a cell; raises MerlabError for any other text."""
    if not WHOLE_NUMBER.fullmatch(text):
        raise MerlabError(f"{column} is {text[:40]!r}, not a whole number; correct the cell")
    if may_be_thousands(text):
        raise MerlabError(f"{column} is {text!r}, not clear; {remedy_for_number(text)}")
    return int(float(text))
