"""The registry entry of a database that is described by a release."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from merlab.clips import Clip
from merlab.databases.coded.examine import examine_release, read_table, videos_of_release
from merlab.databases.coded.release import Release
from merlab.databases.coded.table_only import table_alone
from merlab.databases.database import Database, Examination
from merlab.databases.long_video import LongVideos
from merlab.progress import Progress


def database_of(release: Release, title: str, access: str, table: Path | None = None) -> Database:
    """The registry entry of a release that is read from its coding table; ``table`` is its file if it was chosen."""

    def examine(root: Path, deep: bool, progress: Progress, *, heads: bool = False) -> Examination:
        return examine_release(
            release, root, database=release.name, deep=deep, progress=progress, heads=heads, table_file=table
        )

    def cropped(root: Path, clip: Clip) -> Path:
        return root / "Cropped" / release.layout.below(clip)

    def examine_table(root: Path) -> Examination:
        file = root if table is None and root.is_file() else table
        return table_alone(read_table(release, root.parent if root.is_file() else root, file), release)

    def videos(root: Path) -> LongVideos:
        return videos_of_release(release, root, table)

    return Database(
        release.name,
        title,
        access,
        examine,
        examine_heads=partial(examine, heads=True),
        cropped=cropped,
        with_table=partial(database_of, release, title, access),
        options=() if table is None else ("--table", str(table)),
        examine_table=examine_table,
        videos=videos if release.long else None,
    )
