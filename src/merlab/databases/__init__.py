"""Databases: a folder on disk becomes a validated clip table, with every difference named."""

from pathlib import Path

import pandas as pd

from merlab.clips import ClipTable
from merlab.databases.casme import CASME
from merlab.databases.casme2 import CASME2
from merlab.databases.database import Database, load_clips
from merlab.databases.samm import SAMM
from merlab.databases.smic import SMIC
from merlab.databases.ststnet_flow import STSTNET_FLOW
from merlab.databases.synthetic import SYNTHETIC_FACES
from merlab.databases.synthetic_long import SYNTHETIC_LONG
from merlab.databases.table import TABLE
from merlab.registry import Extensions, callable_as_listing, instance_of

DATABASES: dict[str, Database] = {
    database.name: database
    for database in (SYNTHETIC_FACES, SYNTHETIC_LONG, CASME2, SMIC, SAMM, CASME, STSTNET_FLOW, TABLE)
}


def find_database(name: str) -> Database:
    """The database of this name; raises MerlabError naming those that exist.

    A name is one of merlab's own, or one that an installed package adds by the entry point group ``merlab.databases``.
    """
    return EXTENSIONS.find(name, DATABASES)


def load(name: str, root: Path | str, *, allow_unusable: bool = False) -> ClipTable:
    """The usable clips of a database's copy at ``root``, with what was found while reading it.

    ``root`` is the folder that holds the database; for ``table`` it is the table file. Raises MerlabError for an
    unknown name, and where clips are unusable, unless ``allow_unusable``, which stamps the table INCOMPLETE.
    """
    return load_clips(find_database(name), Path(root), allow_unusable=allow_unusable)


def all_databases() -> dict[str, Database]:
    """Every database by name: merlab's, then those that installed packages add by ``merlab.databases``."""
    return EXTENSIONS.all(DATABASES)


def listing() -> pd.DataFrame:
    """One row per database: name, what it is, and how to obtain it."""
    rows = [{"name": each.name, "title": each.title, "access": each.access} for each in all_databases().values()]
    return pd.DataFrame(rows).set_index("name")


EXTENSIONS: Extensions[Database] = Extensions("database", instance_of(Database))
callable_as_listing(__name__)

__all__ = ["DATABASES", "Database", "all_databases", "find_database", "load"]
