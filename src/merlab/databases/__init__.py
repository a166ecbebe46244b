"""Databases: a folder on disk becomes a validated clip table, with every difference named."""

from pathlib import Path

import pandas as pd

from merlab.clips import ClipTable
from merlab.databases.casme import CASME
from merlab.databases.casme2 import CASME2
from merlab.databases.casme3 import CASME3, CASME3_C
from merlab.databases.casme_squared import CASME_SQUARED
from merlab.databases.causalnet_flow import CAUSALNET_FLOW
from merlab.databases.database import (
    BUILT_IN,
    Database,
    Examination,
    examine_copy,
    examine_table,
    load_clips,
    usable_videos,
)
from merlab.databases.dfme import DFME
from merlab.databases.fourdme import FOUR_DME
from merlab.databases.long_video import LongVideos
from merlab.databases.mmew import MMEW
from merlab.databases.samm import SAMM
from merlab.databases.samm_long import SAMM_LONG
from merlab.databases.smic import SMIC
from merlab.databases.ststnet_flow import STSTNET_FLOW
from merlab.databases.synthetic import SYNTHETIC_FACES
from merlab.databases.synthetic_long import SYNTHETIC_LONG
from merlab.databases.table import TABLE
from merlab.databases.unread import refuse_unread
from merlab.errors import MerlabError
from merlab.given import as_path, require_yes_or_no
from merlab.registry import Extensions, callable_as_listing, instance_of

DATABASES: dict[str, Database] = {
    database.name: database
    for database in (
        *(SYNTHETIC_FACES, SYNTHETIC_LONG, CASME2, SMIC, SAMM, CASME),
        *(CASME_SQUARED, SAMM_LONG, CASME3, CASME3_C, MMEW, FOUR_DME, DFME),
        *(STSTNET_FLOW, CAUSALNET_FLOW, TABLE),
    )
}
BUILT_IN.update(DATABASES)


def find_database(name: str, *, table: Path | str | None = None) -> Database:
    """The database of this name; raises MerlabError naming those that exist.

    A name is one of merlab's own, or one that an installed package adds by the entry point group ``merlab.databases``.
    ``table`` is the file of its coding table, under any name.
    """
    if not isinstance(name, str):
        raise MerlabError(
            f"a database is given by its name, got a {type(name).__name__}; clips that you read yourself are a "
            "merlab.ClipTable, and need no database"
        )
    try:
        database = EXTENSIONS.find(name, DATABASES)
    except MerlabError:
        refuse_unread(name, EXTENSIONS.names(DATABASES))
        raise
    if table is None:
        return database
    if database.with_table is None:
        others = ", ".join(each for each, known in all_databases().items() if known.with_table)
        raise MerlabError(f"{name} has no coding table to choose; databases with one are {others}")
    return database.ask("with_table", Database, as_path(table, "table"))


def load(
    name: str,
    root: Path | str,
    *,
    table: Path | str | None = None,
    aligned: bool | None = None,
    allow_unusable: bool = False,
) -> ClipTable:
    """The usable clips of a database's copy at ``root``, with what was found while reading it.

    Args:
        name: a database that ``merlab.databases()`` lists.
        root: the folder that holds the database; for ``table`` it is the table file.
        table: the file of the coding table, if it is not found below ``root`` or has another name there.
        aligned: whether the frames show aligned faces; unless given, the layout of the database decides, or the
            proportions of the frames. Whole heads stamp the table WHOLE HEADS, with a warning.
        allow_unusable: leave unusable clips out, which stamps the table INCOMPLETE.

    Raises:
        MerlabError: for an unknown name, a copy that cannot be read, and for unusable clips unless ``allow_unusable``.

    """
    require_yes_or_no(allow_unusable=allow_unusable, **({} if aligned is None else {"aligned": aligned}))
    database = find_database(name, table=table)
    return load_clips(database, as_path(root, "root"), allow_unusable=allow_unusable, aligned=aligned)


def long_videos(
    name: str, root: Path | str, *, table: Path | str | None = None, allow_unusable: bool = False
) -> LongVideos:
    """The long videos of a database's copy at ``root`` with all their movements, to train and score spotting.

    Args:
        name: a database of long videos: casme-squared, samm-long, casme3, casme3-c, smic, synthetic-long.
        root: the folder that holds the database.
        table: the file of the coding table, if it is not found below ``root``.
        allow_unusable: leave movements and videos out that cannot be used, which stamps the result INCOMPLETE.

    Raises:
        MerlabError: for a database without long videos, a copy that cannot be read, and for unusable movements unless
            ``allow_unusable``.

    """
    require_yes_or_no(allow_unusable=allow_unusable)
    database = find_database(name, table=table)
    if database.videos is None:
        others = ", ".join(each for each, known in all_databases().items() if known.videos)
        raise MerlabError(f"{name} has no long videos; databases with long videos are {others}")
    return usable_videos(database, as_path(root, "root"), allow_unusable=allow_unusable)


def all_databases() -> dict[str, Database]:
    """Every database by name: merlab's, then those that installed packages add by ``merlab.databases``."""
    return EXTENSIONS.all(DATABASES)


def listing() -> pd.DataFrame:
    """One row per database: name, what it is, and how to obtain it."""
    rows = [{"name": each.name, "title": each.title, "access": each.access} for each in all_databases().values()]
    return pd.DataFrame(rows).set_index("name")


EXTENSIONS: Extensions[Database] = Extensions("database", instance_of(Database))
callable_as_listing(__name__)

__all__ = [
    "DATABASES",
    "Database",
    "Examination",
    "all_databases",
    "examine_copy",
    "examine_table",
    "find_database",
    "load",
    "long_videos",
]
