"""Counts of a table beside the published ones, in words."""

from __future__ import annotations

import pytest

from merlab.databases import casme2, casme_squared, dfme, fourdme, mmew, samm_long
from merlab.databases.coded.published_counts import (
    compare_counts,
    compare_kinds,
    compare_subjects,
    describe_counts,
    unknown_emotions,
    version_of,
)

# Of the 255 rows of CASME II, three changed from sadness to surprise in 2019.
OF_2014 = {"others": 99, "disgust": 63, "happiness": 32, "repression": 27, "surprise": 25, "sadness": 7, "fear": 2}
OF_2019 = {**OF_2014, "surprise": 28, "sadness": 4}
DIFFER = "; the counts differ from the published counts"


@pytest.mark.parametrize(("what", "published", "found"), [("row", "2 rows", "1 row"), ("clip", "2 clips", "1 clip")])
def test_one_row_or_clip_of_a_subject_is_called_so(what, published, found):
    (finding,) = compare_subjects("sheet", {"sub01": 1}, {"sub01": 2}, what)
    assert (finding.where, finding.expected, finding.found) == ("sheet, sub01", published, found)


def test_subjects_without_any_row_are_named_together():
    (finding,) = compare_subjects("sheet", {"sub01": 2}, {"sub01": 2, "sub02": 3, "sub03": 1}, "row")
    assert (finding.expected, finding.found) == ("rows of 3 subjects", "no rows of 2 of them: sub02, sub03")


@pytest.mark.parametrize(
    ("release", "emotions", "has_classes", "version", "how"),
    [
        (casme2, OF_2014, True, "2014", "by its counts of emotions"),
        (casme2, OF_2019, False, "2019", "by its counts of emotions"),
        (casme2, {"fear": 3}, True, "2019", f"by its column Objective Classes{DIFFER}"),
        (casme2, {"fear": 3}, False, "2014", f"it has no column Objective Classes{DIFFER}"),
        (mmew, {"fear": 3}, False, "2021", f"the only published version{DIFFER}"),
        (dfme, {"fear": 400, "anger": 74}, False, "test A", "by its number of rows"),
        (
            dfme,
            {"fear": 3},
            False,
            "unknown",
            "its number of rows is that of none of test B, test A, training",
        ),
        (samm_long, {"": 159}, False, "V2", "by its number of rows"),
        (samm_long, {"": 3}, False, "V2", f"the only published version{DIFFER}"),
        (fourdme, {"negative": 3}, False, "release", "no counts are published that merlab knows"),
    ],
)
def test_the_version_of_a_table_follows_from_its_counts(release, emotions, has_classes, version, how):
    assert version_of(emotions, has_classes, release.RELEASE.table) == (version, how)


@pytest.mark.parametrize(
    ("release", "version", "emotions", "expected"),
    [
        (casme2, "2014", OF_2014, []),
        (casme2, "2014", OF_2019, ["emotions others 99, disgust 63, happiness 32, repression 27, surprise 25"]),
        (casme2, "2014", {**OF_2014, "fear": 1}, ["255 rows", "emotions others 99, disgust 63"]),
        (casme_squared, "code_final", {"negative": 57}, ["emotions negative 21, others 19, surprise 9, positive 8"]),
        (casme_squared, "code_final", {"negative": 2}, ["57 micro-expressions", "emotions negative 21"]),
        (samm_long, "V2", {"": 159}, []),
        (samm_long, "V2", {"": 158}, ["159 micro-expressions"]),
        (dfme, "unknown", {"fear": 3}, ["299 rows (test B) or 474 rows (test A) or 1856 rows (training)"]),
        (fourdme, "release", {"negative": 3}, []),
    ],
)
def test_other_counts_than_the_published_ones_are_found(release, version, emotions, expected):
    subjects = release.RELEASE.table.clips_per_subject
    found = list(compare_counts("sheet", version, emotions, subjects, release.RELEASE.table))
    assert [(each.severity, each.where) for each in found] == [("differs", "sheet")] * len(expected)
    assert all(each.expected.startswith(start) for each, start in zip(found, expected, strict=True))


def test_other_counts_of_subjects_are_found_too():
    subjects = {**casme2.RELEASE.table.clips_per_subject, "sub01": 8}
    (finding,) = compare_counts("sheet", "2014", OF_2014, subjects, casme2.RELEASE.table)
    assert (finding.where, finding.expected, finding.found) == ("sheet, sub01", "9 rows", "8 rows")


@pytest.mark.parametrize(
    ("release", "kinds", "videos", "found"),
    [
        (casme_squared, {"macro": 300, "micro": 57}, 9, []),
        (casme_squared, {"macro": 299, "micro": 57}, 9, ["macro 299, micro 57"]),
        # A table of micro-expressions alone has no kinds.
        (casme_squared, {"": 57}, 9, []),
        (casme2, {"micro": 3}, 9, []),
        (samm_long, {"macro": 343, "micro": 159}, 147, []),
        (samm_long, {"macro": 343, "micro": 159}, 146, ["146 videos"]),
        # Where movements are missing, their videos are too.
        (samm_long, {"macro": 340, "micro": 159}, 146, ["macro 340, micro 159"]),
    ],
)
def test_other_counts_of_kinds_and_of_videos_are_found(release, kinds, videos, found):
    assert [each.found for each in compare_kinds("sheet", kinds, videos, release.RELEASE.table)] == found


def test_an_emotion_that_no_version_has_is_named_with_the_one_that_was_meant():
    labeled = [("row 2", "fear"), ("row 3", "hapiness"), ("row 4", "boredom")]
    misspelled, other = unknown_emotions(labeled, casme2.RELEASE.table)
    assert (misspelled.where, misspelled.found) == ("row 3", "'hapiness'")
    assert misspelled.remedy.startswith("correct it to happiness? label schemes")
    assert (other.where, other.remedy) == ("row 4", "label schemes leave out unknown emotions")
    assert list(unknown_emotions(labeled, samm_long.RELEASE.table)) == []


def test_counts_are_listed_from_the_largest_and_equal_ones_by_name():
    assert describe_counts({"fear": 2, "": 1, "anger": 2, "others": 99}) == "others 99, anger 2, fear 2, (empty) 1"


def test_a_subject_that_is_not_published_has_none_of_the_rows():
    (finding,) = compare_subjects("sheet", {"sub01": 2, "sub99": 1}, {"sub01": 2}, "row")
    assert (finding.where, finding.expected, finding.found) == ("sheet, sub99", "0 rows", "1 row")
    assert list(compare_subjects("sheet", {"sub01": 2}, {}, "row")) == []
