"""Databases that show the same people, and names that may be one person."""

from __future__ import annotations

from collections.abc import Iterable

from merlab.databases.unread import known_name
from merlab.spelling import person

# Under the same names in both; synthetic ones if they were made with the same seed.
SAME_PEOPLE = {"samm-long": "samm", "synthetic-long": "synthetic"}


def as_person(database: str, subject: str) -> tuple[str, str]:
    """What all names share that may be one person: of databases that show the same people, however it is spelled."""
    return people_of(database), person(subject)


def people_of(database: str) -> str:
    """What all names share of one database, and of databases that show the same people."""
    same = {known_name(name): known_name(other) for name, other in SAME_PEOPLE.items()}
    return same.get(known_name(database), known_name(database))


def with_people_of(databases: Iterable[str], others: Iterable[str]) -> list[str]:
    """Those of the databases that show people of one of the others, sorted."""
    shown = set(map(people_of, others))
    return sorted(database for database in set(databases) if people_of(database) in shown)
