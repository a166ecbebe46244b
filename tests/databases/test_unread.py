"""Names of databases that merlab does not read: the message names that database, and never another one."""

from __future__ import annotations

import pytest

from merlab.databases import find_database
from merlab.errors import MerlabError


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("MEVIEW", "MEVIEW"),
    ],
)
def test_a_database_without_a_reader_is_named_with_what_can_be_done(name, title):
    with pytest.raises(MerlabError) as error:
        find_database(name)
    assert f"merlab does not read {title}" in str(error.value)
    assert 'merlab.load("table", FILE)' in str(error.value)
    assert "did you mean" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "instead"), [("SMIC-E", "merlab doctor smic"), ("megc2019", "the union of casme2, smic and samm")]
)
def test_a_name_for_what_merlab_reads_otherwise_says_how(name, instead):
    with pytest.raises(MerlabError, match=instead):
        find_database(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CASME II", "casme2"),
        ("casme_2", "casme2"),
        ("CASME1", "casme"),
        ("SMIC-HS", "smic"),
        ("CAS(ME)^2", "casme-squared"),
        ("casme^2", "casme-squared"),
        ("cas(me)2", "casme-squared"),
        ("CAS(ME)³", "casme3"),
        ("CASME-III", "casme3"),
        ("4-DME", "4dme"),
        ("samm-lv", "samm-long"),
        ("SAMM_LongVideos", "samm-long"),
    ],
)
def test_another_spelling_of_a_known_name_is_suggested(name, meant):
    with pytest.raises(MerlabError, match=rf"did you mean {meant}\?"):
        find_database(name)
