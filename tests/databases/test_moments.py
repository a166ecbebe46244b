"""Onset, apex and offset in the cells of a coding table, and what is done where one is unknown."""

from __future__ import annotations

import pytest

from merlab.databases.coded.moments import Moments, frame_number, read_moments
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
    [("46", 46), ("46.0", 46), ("999999999", 999_999_999), ("0", None), ("46.5", None), ("-1", None), ("", None)],
)
def test_a_frame_number_is_a_whole_number_from_1(text, number):
    assert frame_number(text) == number


@pytest.mark.parametrize("apex", ["", "/"])
def test_an_apex_may_be_unknown_but_an_onset_and_an_offset_may_not(apex):
    assert read("3", apex, "8") == Moments(3, None, 8)
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
        (("3", "5", "8"), Moments(3, 5, 8)),
        (("3.5", "5.49", "8.0"), Moments(4, 5, 8, ("fraction",))),
        (("0", "5", "8"), Moments(1, 5, 8, ("before the video",))),
        (("-1", "5", "8"), Moments(1, 5, 8, ("before the video",))),
        (("-2", "5", "8"), Moments(1, 5, 8, ("below 1", "before the video"))),
        (("3", "5", "0"), Moments(3, 5, 5, ("no offset",))),
        (("3", "5", ""), Moments(3, 5, 5, ("no offset",))),
        (("0", "5", "0"), Moments(1, 5, 5, ("before the video", "no offset"))),
        (("3", "0", "8"), Moments(3, None, 8)),
        (("3", "0", "0"), "offset"),
        (("three", "5", "8"), "onset"),
    ],
)
def test_unknown_frames_and_fractions_of_a_table_that_has_them_are_completed(cells, expected):
    assert read(*cells, unknown_frames=True) == expected


def test_documented_numbers_replace_those_that_are_unknown_alone():
    documented = (2, 6, 9)
    assert read("0", "5", "0", unknown_frames=True, documented=documented) == Moments(2, 5, 9, ("documented",))
    assert read("3", "5", "8", unknown_frames=True, documented=documented) == Moments(3, 5, 8)
