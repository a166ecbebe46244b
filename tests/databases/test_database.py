"""Loading any database, and the registry of databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from merlab.clips import ClipTable, Finding
from merlab.databases import DATABASES, find_database
from merlab.databases.database import Database, Examination, load_clips
from merlab.errors import MerlabError
from merlab.progress import Progress
from tests.helpers import make_clip

CLIP = make_clip(Path("clip"))
DAMAGED = Finding("unusable", "sub01 EP02_01f", "frames 46 to 86", "no frames", "copy the folder again")
ODD = Finding("differs", "sub01 EP02_01f", "a row", "none", "look at it")


def database(*findings: Finding, clips: tuple[object, ...] = (CLIP,)) -> Database:
    def examine(root: Path, deep: bool, progress: Progress) -> Examination:
        assert not deep
        return Examination(ClipTable(clips), findings)  # type: ignore[arg-type]

    return Database("mine", "my database", "mine alone", examine)


class TestLoadingForUse:
    def test_gives_the_clips_of_a_copy_without_faults(self):
        assert list(load_clips(database(ODD), Path("root"))) == [CLIP]

    def test_refuses_unusable_clips_with_the_first_fault_and_both_remedies(self):
        with pytest.raises(MerlabError) as error:
            load_clips(database(DAMAGED, DAMAGED), Path("root"))
        for part in (
            "because of 2 faults",
            "sub01 EP02_01f",
            "no frames",
            "merlab doctor mine root",
            "--allow-unusable",
        ):
            assert part in str(error.value)

    def test_leaves_out_unusable_clips_if_this_is_allowed(self):
        table = load_clips(database(DAMAGED), Path("root"), allow_unusable=True)
        assert list(table) == [CLIP]
        assert table.findings == (DAMAGED,)
        assert table.stamps == ("INCOMPLETE: 1 fault in mine",)

    def test_without_any_usable_clip_is_always_an_error(self):
        with pytest.raises(MerlabError, match="root yields no usable clip; `merlab doctor mine root`"):
            load_clips(database(DAMAGED, clips=()), Path("root"), allow_unusable=True)


class TestTheRegistry:
    def test_knows_each_database_by_its_own_name(self):
        assert all(database.name == name for name, database in DATABASES.items())
        assert {"casme2", "ststnet-flow"} <= set(DATABASES)

    def test_finds_a_database(self):
        assert find_database("casme2") is DATABASES["casme2"]

    def test_suggests_the_closest_name(self):
        with pytest.raises(MerlabError, match=r"unknown database 'casme_2'; did you mean casme2\? databases are "):
            find_database("casme_2")

    def test_lists_all_names_if_none_is_close(self):
        with pytest.raises(MerlabError, match=r"unknown database 'xyz'; databases are .*casme2"):
            find_database("xyz")
