"""Counts of a table beside the published ones, in words."""

from __future__ import annotations

import pytest

from merlab.databases.coded.published_counts import compare_subjects


@pytest.mark.parametrize(("what", "published", "found"), [("row", "2 rows", "1 row"), ("clip", "2 clips", "1 clip")])
def test_one_row_or_clip_of_a_subject_is_called_so(what, published, found):
    (finding,) = compare_subjects("sheet", {"sub01": 1}, {"sub01": 2}, what)
    assert (finding.where, finding.expected, finding.found) == ("sheet, sub01", published, found)


def test_subjects_without_any_row_are_named_together():
    (finding,) = compare_subjects("sheet", {"sub01": 2}, {"sub01": 2, "sub02": 3, "sub03": 1}, "row")
    assert (finding.expected, finding.found) == ("rows of 3 subjects", "no rows of 2 of them: sub02, sub03")
