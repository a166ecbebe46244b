"""The subject of a row, in all spellings, is the same person in each release with numbered subjects."""

from __future__ import annotations

import pytest

from merlab.databases import casme, casme2, casme_squared, dfme, mmew, samm, samm_long
from merlab.databases.smic_release import parse_subject

RELEASES = {
    "sub03": (casme.RELEASE.table.subject, casme2.RELEASE.table.subject),
    "s03": (casme_squared.RELEASE.table.subject, parse_subject),
    "003": (samm.RELEASE.table.subject, samm_long.RELEASE.table.subject),
    "sub0003": (dfme.RELEASE.table.subject,),
    "S03": (mmew.RELEASE.table.subject,),
}
READERS = [(subject, name) for name, readers in RELEASES.items() for subject in readers]


@pytest.mark.parametrize(("subject", "name"), READERS)
def test_has_one_name_in_all_spellings(subject, name):
    spellings = ("3", "03", "3.0", " sub 3", "Sub03", "S03", "s_3", "p3", "SUBJECT 03", "subj.3", "0003", name)
    assert {spelled: subject(spelled) for spelled in spellings} == dict.fromkeys(spellings, name)


@pytest.mark.parametrize(("subject", "name"), READERS)
def test_is_unknown_where_it_is_no_number(subject, name):
    assert [subject(text) for text in ("", "s", "anna", "3a", "3.5", "x3", "-3", "12345")] == [None] * 8


@pytest.mark.parametrize(
    ("subject", "clip", "name"),
    [
        (dfme.RELEASE.table.subject, "sub0003_01", "sub0003"),
        (mmew.RELEASE.table.subject, "S03-01-002", "S03"),
        (samm_long.RELEASE.table.subject, "006_1", "006"),
    ],
)
def test_is_read_from_the_name_of_a_clip_where_a_table_has_that(subject, clip, name):
    assert subject(clip) == name
    assert subject(f"{clip}_x") is None
