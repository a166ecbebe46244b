"""Databases: a folder on disk becomes a validated clip table, with every difference named."""

from difflib import get_close_matches

from merlab.databases.base import Database
from merlab.databases.casme2 import CASME2
from merlab.databases.ststnet_flow import STSTNET_FLOW
from merlab.databases.synthetic import SYNTHETIC
from merlab.errors import MerlabError

DATABASES: dict[str, Database] = {database.name: database for database in (SYNTHETIC, CASME2, STSTNET_FLOW)}


def find_database(name: str) -> Database:
    """The database of this name; raises MerlabError naming those that exist."""
    if name not in DATABASES:
        close = get_close_matches(name, DATABASES, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise MerlabError(f"unknown database {name!r}; {hint}databases are {', '.join(DATABASES)}")
    return DATABASES[name]


__all__ = ["DATABASES", "Database", "find_database"]
