"""Onset, apex and offset in the cells of a coding table, and what is done where one is unknown."""

from __future__ import annotations

import pytest

from merlab.databases.coded.moments import CodedMoments, Repair, coded_number, note_of, read_moments, repair_findings
from merlab.databases.coded.release import Role, TableFormat


def form(*, unknown_frames=False):
    return TableFormat(
        files="",
        looked_for="",
        columns={"onset": "Onset", "apex": "Apex", "offset": "Offset"},
        subject=str,
        subject_example="",
        clip_example="",
        emotions={},
        unknown_frames=unknown_frames,
    )


def read(onset, apex, offset, *, unknown_frames=False, documented=None):
    record: dict[Role, str] = {"onset": onset, "apex": apex, "offset": offset}
    return read_moments(record, form(unknown_frames=unknown_frames), documented)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("46", 46),
        ("46.0", 46),
        ("999999999", 999_999_999),
        ("0", None),
        ("46.5", None),
        ("-1", None),
        ("", None),
    ],
)
def test_a_frame_number_is_a_whole_number_from_1(text, number):
    assert coded_number(text) == number


@pytest.mark.parametrize("apex", ["", "/"])
def test_an_apex_may_be_unknown_but_an_onset_and_an_offset_may_not(apex):
    assert read("3", apex, "8") == CodedMoments(3, None, 8)
    assert read(apex, "5", "8") == "onset"
    assert read("3", "5", apex) == "offset"


@pytest.mark.parametrize(
    ("cells", "role"), [(("0", "5", "8"), "onset"), (("3", "5.5", "8"), "apex"), (("3", "5", "-1"), "offset")]
)
def test_a_table_without_unknown_frames_has_whole_numbers_from_1(cells, role):
    assert read(*cells) == role


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("3", "5", "8"), CodedMoments(3, 5, 8)),
        (("1", "1", "1.4"), CodedMoments(1, 1, 1, ("fraction",))),
        (("3.5", "5.49", "8.0"), CodedMoments(4, 5, 8, ("fraction",))),
        (("0", "5", "8"), CodedMoments(1, 5, 8, ("before the video",))),
        (("-1", "5", "8"), CodedMoments(1, 5, 8, ("before the video",))),
        (("-2", "5", "8"), CodedMoments(1, 5, 8, ("below 1", "before the video"))),
        (("3", "5", "0"), CodedMoments(3, 5, 5, ("no offset",))),
        (("3", "5", ""), CodedMoments(3, 5, 5, ("no offset",))),
        (("0", "5", "0"), CodedMoments(1, 5, 5, ("before the video", "no offset"))),
        (("3", "0", "8"), CodedMoments(3, None, 8)),
        (("3", "0", "0"), "offset"),
        (("three", "5", "8"), "onset"),
        (("", "5", "8"), "onset"),
        (("3", "5", "late"), "offset"),
    ],
)
def test_unknown_frames_and_fractions_of_a_table_that_has_them_are_completed(cells, expected):
    assert read(*cells, unknown_frames=True) == expected


@pytest.mark.parametrize("unknown_frames", [True, False])
@pytest.mark.parametrize(
    ("cells", "role"),
    [(("1.000", "1005", "1008"), "onset"), (("3", "1.005", "8"), "apex"), (("3", "5", "1.008"), "offset")],
)
def test_a_number_that_may_be_one_or_a_thousand_is_refused(cells, role, unknown_frames):
    assert read(*cells, unknown_frames=unknown_frames) == role


def test_a_table_without_a_column_of_apexes_has_none():
    record: dict[Role, str] = {"onset": "3", "offset": "8"}
    assert read_moments(record, form(), None) == CodedMoments(3, None, 8)


def test_documented_numbers_replace_those_that_are_unknown_alone():
    documented = (2, 6, 9)
    assert read("0", "5", "0", unknown_frames=True, documented=documented) == CodedMoments(2, 5, 9, ("documented",))
    assert read("3", "5", "8", unknown_frames=True, documented=documented) == CodedMoments(3, 5, 8)


def test_repairs_of_the_same_kind_are_one_finding_with_their_rows():
    repaired: list[tuple[int, tuple[Repair, ...]]] = [(2, ("fraction",)), (3, ()), (5, ("fraction", "below 1"))]
    found = [(each.severity, each.where, each.expected, each.found) for each in repair_findings("sheet", repaired)]
    assert found == [
        ("handled", "sheet", "whole numbers of frames", "2 rows without: 2, 5"),
        ("differs", "sheet", "frame numbers from 1 up (0 or -1: unknown)", "1 row without: 5"),
    ]


def test_the_note_on_a_clip_says_what_the_table_lacks_and_what_is_used():
    note = "the table lacks an onset: frame 1 is used: the movement begins before the video"
    assert note_of(("before the video",)) == note
    assert note_of(()) == ""
