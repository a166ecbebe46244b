"""Values as Python gives them."""

from __future__ import annotations

import functools
import os
import re
import sys
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import merlab
from merlab.errors import MerlabError
from merlab.given import (
    as_jobs,
    as_names,
    as_path,
    as_settings,
    as_whole,
    is_number,
    is_whole,
    naming_fields,
    require_file,
    require_folder,
    require_instance,
    require_number,
    require_yes_or_no,
)


@pytest.mark.parametrize("value", [1, 2.5, np.float32(1), np.int64(3), Fraction(30000, 1001), float("nan")])
def test_numbers_of_any_type_are_numbers(value):
    assert is_number(value)


@pytest.mark.parametrize("value", [True, np.True_, "1", None, [1]])
def test_truth_values_and_texts_are_no_numbers(value):
    assert not is_number(value)


def test_a_number_is_within_its_limits():
    require_number(0, "share", 0, 1)
    require_number(1, "share", 0, 1)
    require_number(float("inf"), "largest", 0)
    for value in (1.1, -0.1, float("nan"), "1", True):
        with pytest.raises(MerlabError, match="share must be between 0 and 1, got"):
            require_number(value, "share", 0, 1)
    with pytest.raises(MerlabError, match=r"floor must be between 1e-06 and 1,000,000, got 0"):
        require_number(0, "floor", 1e-6, 1e6)
    with pytest.raises(MerlabError, match="largest must be 0 or more, got -1"):
        require_number(-1, "largest", 0)


def test_a_whole_number_of_any_type_becomes_a_plain_one():
    assert as_whole(2, "folds", 2) == as_whole(np.int64(2), "folds", 2) == 2
    assert type(as_whole(np.int64(2), "folds", 2)) is int
    assert is_whole(np.uint8(0))
    assert not any(map(is_whole, (True, np.True_, 2.0, np.float32(2), "2", None)))


@pytest.mark.parametrize("value", [1, -2, 2.5, 2.0, "2", True, None, [2], float("nan")])
def test_anything_else_than_a_whole_number_in_its_range_is_refused(value):
    with pytest.raises(MerlabError, match="folds must be a whole number from 2 up, got"):
        as_whole(value, "folds", 2)
    with pytest.raises(MerlabError, match="folds must be a whole number from 3 to 9, got"):
        as_whole(value, "folds", 3, 9)


def test_jobs_are_a_number_of_processes_or_none_for_one_per_core():
    assert as_jobs(None) is None
    assert as_jobs(np.int64(3)) == 3
    for value in (0, -1, "2", 1.5, True):
        with pytest.raises(MerlabError, match="jobs must be a whole number from 1 up, or None for one per core, got"):
            as_jobs(value)


@pytest.mark.parametrize("folder", ["", "folder-that-is-missing/"])
def test_a_path_that_is_too_long_is_refused_with_the_remedy(folder):
    name = folder + "a" * 300
    wanted = f"out cannot be used: '{name[:100]}'... ({len(name)} characters): File name too long; give a shorter name"
    for given in (name, Path(name)):
        with pytest.raises(MerlabError, match=f"^{re.escape(wanted)}$"):
            as_path(given, "out")


@pytest.mark.parametrize("address", ["https://example.org/a.mp4", "rtsp://camera/1", "s3://bucket/a.mp4"])
def test_an_address_is_no_path(address):
    with pytest.raises(MerlabError, match=f"source is an address, {address}, but .*; download it first"):
        as_path(address, "source")
    assert as_path("C://videos/a.mp4", "source") == Path("C://videos/a.mp4")


@pytest.mark.parametrize("name", ["a\0b", "folder-that-is-missing/\0", "\ud800"], ids=["NUL", "below", "surrogate"])
def test_a_path_with_a_character_that_no_path_has_is_refused_with_the_remedy(name):
    with pytest.raises(
        MerlabError, match=f"^out has a character that no path has: {re.escape(repr(name))}; remove it$"
    ):
        as_path(name, "out")


def test_one_name_is_a_list_of_one():
    assert as_names("casme2", "train_on") == as_names(["casme2"], "train_on") == ("casme2",)


@pytest.mark.parametrize("value", [3, [], [3], b"casme2"])
def test_other_names_are_refused(value):
    with pytest.raises(MerlabError, match="train_on must be a list of one or more names, got"):
        as_names(value, "train_on")


def test_settings_are_a_dictionary_from_names():
    assert as_settings({"epochs": 20}, "training", "it") == {"epochs": 20}
    assert as_settings(None, "training", "it") == {}


@pytest.mark.parametrize("value", ["epochs", ["epochs"], {1: 2}, 3])
def test_other_settings_are_refused(value):
    with pytest.raises(MerlabError, match="training must be a dictionary from names to values, such as it, got"):
        as_settings(value, "training", "it")


def test_yes_or_no_is_true_or_false_and_nothing_else():
    require_yes_or_no(again=True, aligned=False)
    for value in ("no", 1, None):
        with pytest.raises(MerlabError, match=f"again must be True or False, got {value!r}"):
            require_yes_or_no(aligned=True, again=value)


def test_an_object_of_a_class():
    require_instance(3, int, "faces", "any")
    with pytest.raises(MerlabError, match=r"faces must be a int \(count them\), got \{\}"):
        require_instance({}, int, "faces", "count them")


def test_a_path_is_a_text_or_a_path_and_not_empty():
    assert as_path("a/b", "source") == as_path(Path("a/b"), "source") == Path("a/b")
    for value in ("", None, 3, b"a", ["a"]):
        with pytest.raises(MerlabError, match="source must be a path, as text or pathlib.Path, got"):
            as_path(value, "source")


def test_an_entry_of_a_folder_is_a_path_and_one_in_bytes_is_refused(tmp_path):
    (tmp_path / "a.mp4").touch()
    with os.scandir(tmp_path) as entries:
        assert [as_path(entry, "source") for entry in entries] == [tmp_path / "a.mp4"]
    with (
        os.scandir(os.fsencode(tmp_path)) as entries,
        pytest.raises(MerlabError, match="source must be a path, as text or pathlib.Path, got <DirEntry b'a.mp4'>"),
    ):
        as_path(next(entries), "source")


def test_a_path_may_begin_with_the_home_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert as_path("~/CASME2", "root") == tmp_path / "CASME2"
    assert as_path("a/~/b", "root") == Path("a/~/b")
    assert as_path("~$table.xlsx", "root") == Path("~$table.xlsx")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no folder in which a process works")
def test_a_relative_path_in_a_folder_that_was_deleted_is_refused(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(MerlabError, match="the current folder cannot be used: No such file or directory; it may have"):
        as_path("run", "out")
    assert as_path(tmp_path, "out") == tmp_path


def test_a_file_or_a_folder_that_is_missing_is_named_with_what_to_give(tmp_path):
    (tmp_path / "table.csv").write_text("")
    require_file(tmp_path / "table.csv", "give a table")
    require_folder(tmp_path, "give a folder")
    for check, path, fault in (
        (require_file, tmp_path / "none.csv", "none.csv does not exist; give another"),
        (require_file, tmp_path, f"{tmp_path.name} is a folder; give another"),
        (require_file, Path(os.devnull), f"{os.devnull} is not a file; give another"),
        (require_folder, tmp_path / "none", "none does not exist; give another"),
        (require_folder, tmp_path / "table.csv", "table.csv is not a folder; give another"),
    ):
        with pytest.raises(MerlabError, match=f"{fault}$"):
            check(path, "give another")


@pytest.mark.parametrize(
    ("name", "given", "fields"),
    [
        ("merlab.Scheme", {"labels": {"joy": "positive"}}, "name, .* dictionary"),
        ("merlab.Method", {"nam": "mine"}, "name, title, "),
        ("merlab.Task", {"class": 3}, "classes, channels, height, width"),
        ("merlab.Clip", {"emotions": "joy"}, "database, subject, "),
        ("merlab.ClipTable", {"rows": ()}, "clips, "),
        ("merlab.spotting.spot.SpottingSettings", {"florr": 3}, "p, floor, "),
        ("merlab.spotting.macro.MacroSettings", {"long": 3}, "threshold, px, "),
        ("merlab.spotting.motion_score.ScoreSettings", {"unit": 3}, "smoothing, reach, "),
        ("merlab.videos.words.WordSettings", {"longer": 3}, "longest, "),
        ("merlab.faces.alignment.FaceFinding", {"detectors": "yunet"}, "detector, model, config, landmarks"),
        ("merlab.preparation.settings.Settings", {"movement": "rigid"}, ".*motion"),
        ("merlab.preparation.frame_range.FrameRange", {"from": 3}, "first, last, start, end"),
    ],
)
def test_arguments_that_a_class_does_not_take_are_named_with_those_that_it_takes(name, given, fields):
    module, _, kind = name.rpartition(".")
    with pytest.raises(MerlabError, match=f"^{name} got an unexpected .*'{next(iter(given))}'; it takes {fields}"):
        getattr(import_module(module), kind)(**given)


def test_arguments_that_are_missing_are_named_too():
    with pytest.raises(MerlabError, match=r"merlab.Task missing .*; it takes classes, channels, height, width"):
        merlab.Task(3)  # type: ignore[call-arg]


def test_the_suggestion_of_newer_pythons_does_not_come_between_the_fault_and_the_fields():
    class Named:
        def __init__(self, name: str = "") -> None: ...

    def as_python_3_13(self, *values, **named):
        raise TypeError(
            f"{Named.__init__.__qualname__}() got an unexpected keyword argument 'nam'. Did you mean 'name'?"
        )

    Named.__init__ = functools.wraps(Named.__init__)(as_python_3_13)  # type: ignore[method-assign]
    naming_fields()(Named)
    with pytest.raises(MerlabError, match="^merlab.Named got an unexpected keyword argument 'nam'; it takes name$"):
        Named(nam="x")  # type: ignore[call-arg]


def test_an_error_of_another_kind_inside_stays_what_it_is():
    @naming_fields()
    @dataclass
    class Faulty:
        number: int

        def __post_init__(self) -> None:
            self.number + ""  # type: ignore[operator]

    with pytest.raises(TypeError, match="unsupported operand"):
        Faulty(3)
