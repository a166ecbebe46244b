"""Loading any database, and the registry of databases."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from merlab.clips import ClipTable, Finding
from merlab.databases import DATABASES, Database, Examination, examine_copy, examine_table, find_database, load
from merlab.databases.database import BUILT_IN, load_clips, usable_videos
from merlab.errors import MerlabError
from merlab.progress import Progress, silent
from merlab.synthesis.flow_clips import read_flow
from tests.helpers import make_clip

CLIP = make_clip(Path("clip"))
DAMAGED = Finding("unusable", "sub01 EP02_01f", "frames 46 to 86", "no frames", "copy the folder again")
ODD = Finding("differs", "sub01 EP02_01f", "a row", "none", "look at it")


def database(*findings: Finding, clips: tuple[object, ...] = (CLIP,)) -> Database:
    def examine(root: Path, deep: bool, progress: Progress) -> Examination:
        assert not deep
        return Examination(ClipTable(clips), findings)  # type: ignore[arg-type]

    return Database("mine", "my database", "mine alone", examine)


def always(answer: object) -> Any:
    return lambda root: answer


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


class TestADatabaseOfYourOwn:
    def test_an_error_in_its_code_is_named_with_the_line(self):
        def examine(root: Path, deep: bool, progress: Progress) -> Examination:
            raise ValueError(f"no labels in {root}")

        mine = Database("mine", "my database", "mine alone", examine)
        where = r"database mine: examine raised ValueError: no labels in root \(.*test_database\.py, line \d+\)"
        for use in (load_clips, partial(examine_copy, deep=False, progress=silent)):
            with pytest.raises(MerlabError, match=where):
                use(mine, Path("root"))

    def test_what_another_function_of_it_returns_is_checked_too(self):
        mine = replace(database(), examine_table=always(None), videos=always([]))
        with pytest.raises(MerlabError, match="database mine: examine_table returned None, which is no Examination"):
            examine_table(mine, Path("root"))
        with pytest.raises(MerlabError, match=r"database mine: videos returned \[\], which is no LongVideos"):
            usable_videos(mine, Path("root"), allow_unusable=False)

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"clips": [CLIP]}, r"clips of an Examination must be a ClipTable \(merlab.ClipTable\(clips\) makes one\)"),
            ({"findings": None}, "findings of an Examination must be Finding objects, got None"),
            ({"findings": ["no apex"]}, r"findings of an Examination must be Finding objects, got \['no apex'\]"),
            ({"facts": "two"}, "facts of an Examination must be a dictionary, got 'two'"),
        ],
    )
    def test_a_field_of_another_kind_is_named(self, fields, message):
        def examine(root: Path, deep: bool, progress: Progress) -> Examination:
            return Examination(**{"clips": ClipTable((CLIP,)), "findings": (), **fields})

        with pytest.raises(MerlabError, match=message):
            load_clips(Database("mine", "my database", "mine alone", examine), Path("root"))

    def test_facts_of_any_kind_are_texts(self):
        assert Examination(ClipTable((CLIP,)), (), {"clips": cast(Any, 1)}).facts == {"clips": "1"}

    def test_is_not_loaded_as_an_object_and_needs_not_be(self):
        with pytest.raises(
            MerlabError, match=r"given by its name, got a Database; clips that .* are a merlab.ClipTable"
        ):
            load(cast(Any, database()), "root")

    def test_an_error_in_code_of_merlab_keeps_its_traceback(self, monkeypatch):
        monkeypatch.setitem(BUILT_IN, "mine", database())
        with pytest.raises(TypeError):
            load_clips(replace(database(), examine=always(None)), Path("root"))


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


def test_a_command_in_a_message_can_be_copied_where_the_folder_has_a_blank_in_its_name(tmp_path):
    (folder := tmp_path / "my faces").mkdir()
    for name, command in (("synthetic", "make-faces"), ("synthetic-long", "make-videos")):
        with pytest.raises(MerlabError, match=re.escape(f"`merlab {command} '{folder}'`")):
            load(name, folder)
    with pytest.raises(MerlabError, match=re.escape(f"`merlab make-flow '{folder}'`")):
        read_flow(folder)
