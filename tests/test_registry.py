"""Names in merlab's registries and in those of installed packages."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

import merlab
from merlab.databases import DATABASES, find_database
from merlab.errors import MerlabError
from merlab.inputs import INPUTS, parse_recipe
from merlab.methods import METHODS, all_methods, find_method
from merlab.registry import look_up
from merlab.schemes import find_scheme

MODULE = """
from dataclasses import replace
from sklearn.dummy import DummyClassifier
from merlab.databases import DATABASES
from merlab.inputs import INPUTS
from merlab.schemes import own_scheme

guess = DummyClassifier(strategy="prior")
lab = replace(DATABASES["casme2"], name="lab")
thumb = replace(INPUTS["apex"], name="thumb", size="16x16")
good_bad = own_scheme("good-bad", {"happiness": "good", "disgust": "bad"})
kind_unkind = {"happiness": "kind", "disgust": "unkind"}
named = {"name": "mood", "labels": kind_unkind}
wrong = 3
"""
BROKEN = "raise KeyError('model')\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that adds a method, a database, an input, a label scheme, and a method that is none."""
    (tmp_path / "lab_tools.py").write_text(MODULE)
    (tmp_path / "lab_broken.py").write_text(BROKEN)
    info = tmp_path / "lab_tools-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-tools\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[merlab.methods]\nguess = lab_tools:guess\nwrong = lab_tools:wrong\nbroken = lab_broken:any\n"
        "[merlab.databases]\nlab = lab_tools:lab\n[merlab.inputs]\nthumb = lab_tools:thumb\n"
        "[merlab.label_schemes]\ngood-bad = lab_tools:good_bad\nkind = lab_tools:kind_unkind\nmood = lab_tools:named\n"
        "none = lab_tools:wrong\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("lab_tools", None)


def test_a_packages_entries_are_found_by_name(package):
    assert (find_method("guess").name, find_method("guess").origin) == ("guess", "guess")
    assert find_database("lab").name == "lab"
    assert parse_recipe("thumb").shape == (3, 16, 16)
    assert find_scheme("good-bad").classes == ("good", "bad")
    with pytest.warns(UserWarning, match="none is a int, not a merlab.Scheme or a dictionary of labels"):
        assert list(merlab.schemes().index)[-3:] == ["good-bad", "kind", "mood"]


@pytest.mark.parametrize("name", ["kind", "mood"])
def test_a_package_may_give_a_label_scheme_as_a_dictionary(package, name):
    scheme = find_scheme(name)
    assert (scheme.name, scheme.classes, scheme.emotions["disgust"]) == (name, ("kind", "unkind"), "unkind")


def test_merlabs_own_entries_stay(package):
    assert find_method("linear-svm") is METHODS["linear-svm"]
    assert find_database("casme2") is DATABASES["casme2"]


def test_an_entry_that_cannot_be_loaded_names_its_package_and_the_remedy(package):
    with pytest.raises(MerlabError, match=r"wrong of lab-tools cannot be loaded .*int is not a method.*uninstall"):
        find_method("wrong")


def test_an_entry_that_raises_names_the_error_and_the_line(package):
    fault = r"broken of lab-tools cannot be loaded \(lab_broken:any: KeyError: 'model' \(.*lab_broken.py, line 1\)\)"
    with pytest.raises(MerlabError, match=fault):
        find_method("broken")


def test_a_listing_leaves_it_out_with_a_warning(package):
    with pytest.warns(UserWarning, match="method wrong of lab-tools cannot be loaded"):
        assert [*all_methods()] == [*METHODS, "guess"]


def test_an_unknown_name_is_answered_with_the_closest_of_all(package):
    with pytest.raises(MerlabError, match="unknown method 'gues'; did you mean guess"):
        find_method("gues")


def test_an_unknown_database_is_answered_with_all_names_also_where_it_is_another_spelling(package):
    with pytest.raises(MerlabError, match=r"did you mean casme2\? databases are .*, table, lab$"):
        find_database("CASME II")


def test_a_name_in_another_case_is_answered_with_that_of_the_registry():
    with pytest.raises(MerlabError, match=r"unknown color 'RED_BROWN'; did you mean Red-brown\? colors are Red-brown"):
        look_up("RED_BROWN", {"Red-brown": 1, "green": 2}, "color")


def test_a_name_like_none_is_answered_with_all_names():
    with pytest.raises(MerlabError, match="unknown color 'xyzzy'; colors are red, green"):
        look_up("xyzzy", {"red": 1, "green": 2}, "color")


@pytest.mark.parametrize("name", [None, 3, ["red"], {}])
def test_what_is_no_name_is_answered_with_all_names(name):
    with pytest.raises(MerlabError, match=r"unknown color .*colors are red, green"):
        look_up(name, {"red": 1, "green": 2}, "color")


@pytest.mark.parametrize(
    ("listed", "registry"), [(merlab.methods, METHODS), (merlab.databases, DATABASES), (merlab.inputs, INPUTS)]
)
def test_a_room_that_is_called_lists_what_it_holds(listed, registry):
    table = listed()
    assert list(table.index) == list(registry)
    assert (table["title"].str.len() > 0).all()


@pytest.mark.parametrize(
    ("module", "name"),
    [(merlab.databases, "casme2"), (merlab.methods, "ststnet"), (merlab.inputs, "flow"), (merlab.schemes, "megc2019")],
)
def test_a_list_is_of_all_entries_or_of_those_that_are_named(module, name):
    every = module()
    assert len(every) > 1
    pd.testing.assert_frame_equal(module(name), every.loc[[name]])


def test_a_list_of_a_misspelled_name_suggests_the_closest():
    with pytest.raises(MerlabError, match=r"^unknown input 'flw'; did you mean flow\? inputs are apex, "):
        merlab.inputs("flow", "flw")
