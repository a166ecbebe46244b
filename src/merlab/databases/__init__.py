"""Databases: a folder on disk becomes a validated clip table, with every difference named."""

from merlab.databases.casme import CASME
from merlab.databases.casme2 import CASME2
from merlab.databases.database import Database
from merlab.databases.samm import SAMM
from merlab.databases.smic import SMIC
from merlab.databases.ststnet_flow import STSTNET_FLOW
from merlab.databases.synthetic import SYNTHETIC_FACES
from merlab.databases.synthetic_long import SYNTHETIC_LONG
from merlab.registry import look_up

DATABASES: dict[str, Database] = {
    database.name: database for database in (SYNTHETIC_FACES, SYNTHETIC_LONG, CASME2, SMIC, SAMM, CASME, STSTNET_FLOW)
}


def find_database(name: str) -> Database:
    """The database of this name; raises MerlabError naming those that exist."""
    return look_up(name, DATABASES, "database")


__all__ = ["DATABASES", "Database", "find_database"]
