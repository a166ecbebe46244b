"""Databases and names that may show one person."""

from __future__ import annotations

from merlab.evaluation.same_people import as_person, with_people_of


def test_one_person_in_two_spellings_or_in_two_databases_of_the_same_people():
    assert as_person("samm", "006") == as_person("samm-long", "6") == as_person("samm", "sub06")
    assert len({as_person("samm", "006"), as_person("samm", "007"), as_person("casme2", "006")}) == 3


def test_one_database_under_several_names():
    assert as_person("casme2", "sub01") == as_person("CASME II", "1") == as_person("CASME2", "01")
    assert as_person("SAMM-LV", "006") == as_person("samm", "006")
    assert len({as_person(database, "1") for database in ("casme", "casme2", "casme-squared", "casme3", "lab")}) == 5
    assert with_people_of(["casme2", "smic"], ["Casme_2"]) == ["casme2"]


def test_databases_that_show_people_of_others():
    assert with_people_of(["smic", "samm", "casme2"], ["samm-long", "casme2"]) == ["casme2", "samm"]
    assert with_people_of(["samm-long"], ["samm"]) == ["samm-long"]
    assert with_people_of(["synthetic"], ["synthetic-long"]) == ["synthetic"]
    assert with_people_of(["smic"], ["samm-long"]) == []
