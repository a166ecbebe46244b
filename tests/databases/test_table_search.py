"""The coding table of a release below a folder, and the folders that are searched for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from merlab.databases.coded import table_search
from merlab.databases.coded.release import LayoutFormat, Release, Role, TableFormat
from merlab.databases.coded.table_search import find_coding_table, read_chosen_table, table_paths, walk_folders
from merlab.errors import MerlabError

FORM = TableFormat(
    files=".*coding.*",
    looked_for="*coding*",
    columns={"subject": "Subject", "clip": "Clip", "onset": "Onset", "offset": "Offset", "kind": "Kind"},
    subject=lambda text: text or None,
    subject_example="s1",
    clip_example="a",
    emotions={},
    optional=frozenset(get_args(Role)) - {"subject", "clip", "onset", "offset"},
)
RELEASE = Release("mine", "Mine", 30.0, FORM, LayoutFormat(r"s\d", "*", ()))
HEADER = "Subject,Clip,Onset,Offset"
ROW = "s1,a,3,8"


def with_form(**changes: Any) -> Release:
    return replace(RELEASE, table=replace(FORM, **changes))


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def found(root: Path, release: Release = RELEASE, **options: Any) -> str:
    """The path of the table below the root."""
    return find_coding_table(root, release, **options).path.relative_to(root).as_posix()


class TestTheFoldersThatAreSearched:
    def walked(self, root: Path) -> list[str]:
        return [folder.relative_to(root).as_posix() for folder, _, _ in walk_folders(root, RELEASE)]

    def test_are_four_levels_deep_without_those_of_subjects_and_hidden_ones(self, tmp_path):
        for folder in ("1/2/3/4/5", "s1/faces", ".hidden/faces", "__MACOSX/faces"):
            (tmp_path / folder).mkdir(parents=True)
        assert self.walked(tmp_path) == [".", "1", "1/2", "1/2/3", "1/2/3/4"]

    def test_are_named_with_all_they_hold_in_order(self, tmp_path):
        for folder in ("s2", "s1", "b", "a", ".hidden"):
            (tmp_path / folder).mkdir()
        for file in ("d", "c"):
            (tmp_path / file).touch()
        assert next(walk_folders(tmp_path, RELEASE)) == (tmp_path, ["a", "b", "s1", "s2"], ["c", "d"])
        assert self.walked(tmp_path) == [".", "a", "b"]

    def test_are_entered_once_and_links_come_last(self, tmp_path, monkeypatch):
        root = tmp_path / "root"
        for folder in (root / "b" / "c", tmp_path / "elsewhere" / "d"):
            folder.mkdir(parents=True)
        for name, target in (("a", root / "b"), ("up", tmp_path), ("loop", root), ("other", tmp_path / "elsewhere")):
            (root / name).symlink_to(target, target_is_directory=True)
        assert self.walked(root) == [".", "b", "b/c", "other", "other/d"]
        monkeypatch.chdir(tmp_path)
        assert self.walked(Path("root")) == [".", "b", "b/c", "other", "other/d"]

    def test_may_begin_at_a_link(self, tmp_path):
        (tmp_path / "root" / "a").mkdir(parents=True)
        (tmp_path / "root" / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
        (tmp_path / "link").symlink_to(tmp_path / "root", target_is_directory=True)
        assert self.walked(tmp_path / "link") == [".", "a"]

    def test_of_a_folder_of_subjects_are_also_up_to_two_levels_above(self, tmp_path, monkeypatch):
        root = tmp_path / "2" / "1" / "0"
        for folder in ("notes", "s1"):
            (root / folder).mkdir(parents=True)
        high = write(tmp_path / "coding.csv", ROW)
        with pytest.raises(MerlabError, match="has no coding table: searched 4 levels deep"):
            find_coding_table(root, RELEASE)
        middle = write(tmp_path / "2" / "coding.csv", ROW)
        assert table_paths(root, RELEASE) == [middle]
        near = write(tmp_path / "2" / "1" / "coding.csv", ROW)
        assert table_paths(root, RELEASE) == [near]
        monkeypatch.chdir(root)
        assert table_paths(Path(), RELEASE) == [near]
        own = write(root / "coding.csv", ROW)
        assert table_paths(root, RELEASE) == [own]
        assert table_paths(tmp_path, RELEASE)[0] == high

    def test_of_another_folder_are_not_those_above(self, tmp_path):
        write(tmp_path / "coding.csv", ROW)
        (tmp_path / "root" / "frames").mkdir(parents=True)
        assert table_paths(tmp_path / "root", RELEASE) == []


class TestATableByItsName:
    def test_is_read_before_any_other(self, tmp_path):
        write(tmp_path / "a.csv", "s2,b,3,8")
        write(tmp_path / "deeper" / "my coding.csv", ROW)
        assert found(tmp_path) == "deeper/my coding.csv"

    def test_with_other_columns_is_none(self, tmp_path):
        write(tmp_path / "coding.csv", "1", header="score")
        write(tmp_path / "coding 2.csv", ROW)
        table = find_coding_table(tmp_path, RELEASE)
        assert table.path.name == "coding 2.csv"
        lacks = "it lacks the columns Subject, Clip, Onset, Offset"
        assert table.facts["tables not read"] == f"{tmp_path / 'coding.csv'} ({lacks})"

    def test_with_other_columns_is_named_where_there_is_no_table(self, tmp_path):
        write(tmp_path / "coding.csv", "1", header="score")
        with pytest.raises(MerlabError, match=r"coding\.csv is not Mine's coding table: it lacks the columns Subject"):
            find_coding_table(tmp_path, RELEASE)

    def test_that_is_unclear_is_named(self, tmp_path):
        write(tmp_path / "coding.csv", f"{ROW},4", header=f"{HEADER},onset")
        with pytest.raises(MerlabError, match=r"coding\.csv: several columns have the name Onset"):
            find_coding_table(tmp_path, RELEASE)


class TestATableByItsColumns:
    def test_is_read_where_no_name_tells_it(self, tmp_path):
        write(tmp_path / "a.csv", "1", header="score")
        write(tmp_path / "b.csv", ROW)
        table = find_coding_table(tmp_path, RELEASE)
        assert (table.path.name, table.facts["coding table found"]) == (
            "b.csv",
            "by its columns; its name is another one",
        )

    def test_that_is_unclear_is_named_before_one_with_other_columns(self, tmp_path):
        write(tmp_path / "coding.csv", "1", header="score")
        write(tmp_path / "b.csv", f"{ROW},4", header=f"{HEADER},onset")
        with pytest.raises(MerlabError, match=r"b\.csv: several columns have the name Onset"):
            find_coding_table(tmp_path, RELEASE)

    def test_is_a_small_one(self, tmp_path, monkeypatch):
        size = write(tmp_path / "b.csv", ROW).stat().st_size
        monkeypatch.setattr(table_search, "LARGEST_TABLE", size)
        assert found(tmp_path) == "b.csv"
        monkeypatch.setattr(table_search, "LARGEST_TABLE", size - 1)
        with pytest.raises(MerlabError, match="has no coding table"):
            find_coding_table(tmp_path, RELEASE)

    def test_is_among_the_first_ones(self, tmp_path, monkeypatch):
        write(tmp_path / "a.csv", "1", header="score")
        write(tmp_path / "b.csv", ROW)
        monkeypatch.setattr(table_search, "MOST_TABLES", 2)
        assert found(tmp_path) == "b.csv"
        monkeypatch.setattr(table_search, "MOST_TABLES", 1)
        with pytest.raises(MerlabError, match="has no coding table"):
            find_coding_table(tmp_path, RELEASE)

    def test_is_a_file_and_no_folder_or_link_to_nothing(self, tmp_path):
        (tmp_path / "a.csv").mkdir()
        (tmp_path / "b.csv").symlink_to("nothing.csv")
        with pytest.raises(MerlabError, match="for the columns Subject, Clip, Onset, Offset in other tables"):
            find_coding_table(tmp_path, RELEASE)


class TestSeveralTables:
    def test_of_the_same_rows_are_one_whatever_the_notes_above_them(self, tmp_path):
        write(tmp_path / "coding 1.tsv", ROW.replace(",", "\t"), header=f"a note\n{HEADER}".replace(",", "\t"))
        # The formats have an order.
        write(tmp_path / "coding 2.CSV", ROW)
        assert found(tmp_path) == "coding 2.CSV"

    def test_are_refused_where_nothing_prefers_one(self, tmp_path):
        write(tmp_path / "coding 1.csv", ROW)
        write(tmp_path / "coding 2.csv", "s2,b,3,8")
        with pytest.raises(
            MerlabError,
            match=r"several different coding tables: .*coding 1\.csv \(release\), .*coding 2\.csv \(release\); "
            r"choose the one to read with --table FILE",
        ):
            find_coding_table(tmp_path, RELEASE)
        with pytest.raises(MerlabError, match="; leave one"):
            find_coding_table(tmp_path, RELEASE, remedy="leave one")

    def test_are_those_that_list_a_folder_that_is_there(self, tmp_path):
        write(tmp_path / "coding 1.csv", ROW)
        write(tmp_path / "coding 2.csv", "s2,b,3,8", "s3,c,3,8")
        table = find_coding_table(tmp_path, RELEASE, frozenset({("s2", "b")}))
        assert table.path.name == "coding 2.csv"
        assert table.facts["tables not read"] == f"{tmp_path / 'coding 1.csv'} (it lists no folder that is there)"

    def test_are_those_of_the_newest_version(self, tmp_path):
        release = with_form(rows={"old": 2, "new": 1})
        write(tmp_path / "coding 1.csv", ROW, "s2,b,3,8")
        write(tmp_path / "coding 2.csv", ROW)
        table = find_coding_table(tmp_path, release)
        assert (table.path.name, table.version) == ("coding 2.csv", "new")
        assert table.facts["tables not read"] == f"{tmp_path / 'coding 1.csv'} (the table of new is preferred)"

    def test_are_those_with_micro_and_macro_expressions(self, tmp_path):
        write(tmp_path / "coding 1.csv", ROW)
        write(tmp_path / "coding 2.csv", f"{ROW},micro", header=f"{HEADER},Kind")
        table = find_coding_table(tmp_path, RELEASE)
        reason = "a table with micro- and macro-expressions is preferred"
        assert (table.path.name, table.facts["tables not read"]) == (
            "coding 2.csv",
            f"{tmp_path / 'coding 1.csv'} ({reason})",
        )

    def test_have_several_reasons_where_one_rule_does_not_suffice(self, tmp_path):
        write(tmp_path / "coding 1.csv", ROW, "s2,b,3,8")
        write(tmp_path / "coding 2.csv", ROW)
        write(tmp_path / "coding 3.csv", "s3,c,3,8")
        release = with_form(rows={"old": 2, "new": 1})
        table = find_coding_table(tmp_path, release, frozenset({("s1", "a")}))
        assert (table.path.name, table.facts["tables not read"]) == (
            "coding 2.csv",
            f"{tmp_path / 'coding 3.csv'} (it lists no folder that is there), "
            f"{tmp_path / 'coding 1.csv'} (the table of new is preferred)",
        )
        with pytest.raises(MerlabError, match="several different coding tables"):
            find_coding_table(tmp_path, release)

    def test_need_no_choice_where_there_is_one(self, tmp_path):
        write(tmp_path / "coding.csv", ROW, "s2,b,3,8")
        table = find_coding_table(tmp_path, with_form(rows={"old": 2, "new": 1}), frozenset({("s9", "z")}))
        assert (table.version, "tables not read" in table.facts) == ("old", False)


class TestAChosenTable:
    def test_must_be_there(self, tmp_path):
        with pytest.raises(MerlabError, match=r"none\.csv does not exist; give the file of the coding table of Mine"):
            read_chosen_table(tmp_path / "none.csv", RELEASE)

    def test_is_read_whatever_its_name(self, tmp_path):
        assert read_chosen_table(write(tmp_path / "mine.CSV", ROW), RELEASE).rows[0].clip == "a"

    def test_of_another_format_is_refused(self, tmp_path):
        with pytest.raises(MerlabError, match=r"mine\.txt is not a table that merlab reads; save it as one of \.xlsx"):
            read_chosen_table(write(tmp_path / "mine.txt", ROW), RELEASE)
