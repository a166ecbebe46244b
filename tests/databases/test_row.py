"""One row of a coding table, in all databases that have one."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from merlab.clips import Finding
from merlab.databases import casme, casme2, casme3, casme_squared, dfme, fourdme, mmew, samm, samm_long, smic_release
from merlab.databases.coded.release import Release, Role
from merlab.databases.coded.row import CellsByRole, Row, parse_row
from merlab.databases.smic_facts import CAMERAS

RELEASES = [
    casme.RELEASE,
    casme2.RELEASE,
    casme3.PART_A,
    casme3.PART_C,
    casme_squared.RELEASE,
    dfme.RELEASE,
    fourdme.RELEASE,
    mmew.RELEASE,
    samm.RELEASE,
    samm_long.RELEASE,
]


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
@pytest.mark.parametrize("cell", ["", " ", "#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "Err:502"])
def test_a_cell_without_a_subject_makes_the_row_unusable(release: Release, cell: str):
    record: dict[Role, str] = {**dict.fromkeys(release.table.columns, "1"), "kind": "micro", "subject": cell}
    finding = parse_row(7, record, "table.xlsx", release)
    assert isinstance(finding, Finding)
    assert (finding.severity, finding.where, finding.found) == ("unusable", "table.xlsx, row 7", repr(cell))
    assert finding.expected.startswith("a subject such as")


def parsed(release: Release, **cells: str) -> Row | Finding:
    """A row of line 7 with these cells, and otherwise one that can be used."""
    given: dict[str, str] = {"subject": "1", "clip": "EP01_1", "onset": "3", "apex": "5", "offset": "8"}
    record = {**given, "emotion": "sadness", "action units": "4", **cells}
    return parse_row(7, cast(CellsByRole, record), "table.xlsx", release)


def test_a_row_is_named_by_its_subject_its_clip_and_its_line():
    row = parsed(casme.RELEASE)
    assert isinstance(row, Row)
    assert (row.where, replace(row, number=0).where) == ("sub01 EP01_1 (row 7)", "sub01 EP01_1")
    assert (row.onset, row.apex, row.offset, row.emotion, row.note) == (3, 5, 8, "sadness", "")
    assert (row.is_macro, replace(row, kind="macro").is_macro) == (False, True)


@pytest.mark.parametrize(
    ("release", "cells", "where", "expected"),
    [
        (casme.RELEASE, {"clip": ""}, "table.xlsx, row 7", "a clip name such as"),
        (casme.RELEASE, {"clip": "?"}, "sub01 ? (row 7)", "a clip name such as"),
        (casme.RELEASE, {"emotion": "#REF!"}, "sub01 EP01_1 (row 7)", "an emotion in column"),
        (casme_squared.RELEASE, {"folder": "#N/A"}, "s01 EP01_1 (row 7)", "a folder in column Folder"),
        (casme.RELEASE, {"onset": "three"}, "sub01 EP01_1 (row 7)", "a frame number (1 or higher) in column"),
        (casme.RELEASE, {"apex": "?"}, "sub01 EP01_1 (row 7)", "a frame number (1 or higher), or nothing if it is unk"),
        (casme_squared.RELEASE, {"kind": "me"}, "s01 EP01_1 (row 7)", "micro or macro in column"),
        (dfme.RELEASE, {"frames per second": "fast"}, "sub0001 EP01_1 (row 7)", "frames per second in column"),
        (dfme.RELEASE, {"frames per second": "99999"}, "sub0001 EP01_1 (row 7)", "frames per second in column"),
        (dfme.RELEASE, {"frames per second": "0"}, "sub0001 EP01_1 (row 7)", "frames per second in column"),
    ],
)
def test_a_row_with_a_wrong_cell_is_unusable_and_the_cell_is_named(release, cells, where, expected):
    finding = parsed(release, **cells)
    assert isinstance(finding, Finding)
    assert (finding.severity, finding.where) == ("unusable", where)
    assert finding.expected.startswith(expected)
    assert next(iter(cells.values())) in finding.found
    assert finding.remedy == "correct the row, or copy the table again from the original"


def test_a_frame_number_that_became_a_date_has_its_own_remedy():
    finding = parsed(casme.RELEASE, onset="1900-01-03 00:00:00")
    assert isinstance(finding, Finding)
    assert "the format of a date" in finding.remedy


@pytest.mark.parametrize(
    ("first", "second", "apex", "note"),
    [
        ("5", "7", 5, ""),
        ("/", "7", 7, "no first apex: the second one, 7, is used"),
        ("/", "", None, ""),
        ("5", "", 5, ""),
    ],
)
def test_the_second_apex_is_used_where_there_is_no_first_one(first, second, apex, note):
    row = parsed(casme.RELEASE, apex=first, **{"second apex": second})
    assert isinstance(row, Row)
    assert (row.apex, row.note) == (apex, note)


@pytest.mark.parametrize(
    ("onset", "offset", "second"),
    [("20", "25", ((20, 25),)), ("20", "20", ((20, 20),)), ("25", "20", ()), ("", "25", ()), ("20", "", ())],
)
def test_a_second_movement_has_an_onset_and_an_offset_in_their_order(onset, offset, second):
    row = parsed(
        smic_release.release_of(CAMERAS["HS"], smic_release.LONG), **{"second onset": onset, "second offset": offset}
    )
    assert isinstance(row, Row)
    assert row.further == second


def test_the_folder_of_a_clip_is_that_of_its_own_cell_or_has_its_name():
    rows = [
        parsed(casme_squared.RELEASE, kind="micro", **cells) for cells in ({"folder": "15_0101"}, {"folder": ""}, {})
    ]
    assert [row.folder for row in rows if isinstance(row, Row)] == ["15_0101", "EP01_1", "EP01_1"]


@pytest.mark.parametrize(("cell", "fps"), [("200", 200.0), ("59.94", 59.94)])
def test_a_row_may_state_its_frame_rate(cell, fps):
    row = parsed(dfme.RELEASE, **{"frames per second": cell})
    assert isinstance(row, Row)
    assert row.fps == fps


@pytest.mark.parametrize(("cell", "objective_class"), [("5", "V"), ("V", "V"), ("", ""), ("sadness", "")])
def test_a_row_may_have_an_objective_class(cell, objective_class):
    row = parsed(casme2.RELEASE, **{"objective class": cell})
    assert isinstance(row, Row)
    assert row.objective_class == objective_class


@pytest.mark.parametrize(("other", "is_note"), [({}, True), ({"onset": "3"}, False)])
def test_a_line_with_one_cell_may_be_a_note_below_the_table(other: dict[Role, str], is_note: bool):
    record = {**dict.fromkeys(samm.RELEASE.table.columns, ""), "subject": "* found by flow", **other}
    finding = parse_row(7, record, "table.xlsx", samm.RELEASE)
    assert isinstance(finding, Finding)
    assert finding.remedy.startswith("if this line is a note, delete it") == is_note
