"""A study states an experiment; whoever states it, the same plan comes out."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from merlab.clips import ClipTable
from merlab.databases import load
from merlab.errors import MerlabError
from merlab.evaluation.engines import LocalEngine
from merlab.evaluation.seeds import as_seeds
from merlab.evaluation.study import MethodSetup, Study, as_table
from merlab.inputs import INPUTS, parse_recipe
from merlab.methods import find_method
from merlab.recipes import find_experiment
from tests.helpers import texture, write_flow_tree, write_frames


@pytest.fixture
def clips(tmp_path):
    return load("ststnet-flow", write_flow_tree(tmp_path / "flow"))


def study(clips, methods="linear-svm", **options):
    return Study.of(clips, methods, **{"scheme": "megc2019", "protocol": "loso", **options})


def test_the_same_statement_gives_the_same_keys(clips):
    first, second = (study(clips, "ststnet", preset="paper", training={"epochs": "7"}).plan() for _ in range(2))
    assert first.digest() == second.digest()
    assert first.entries[0].key("a", "b", {}) == second.entries[0].key("a", "b", {})


def test_a_study_prints_what_a_notebook_shows_of_it(clips):
    printed = str(study(clips, "ststnet", seeds=2))
    assert printed.startswith("Study of ststnet on ")
    assert printed.endswith("; megc2019, loso, seeds (0, 1)")


def test_a_recipe_states_what_the_options_state(clips, tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "{paper: liong2019, method: ststnet, preset: reduced, input: 'flow:channels=uv,size=28x28', "
        "training: {epochs: 3}, network: {}, database: ststnet-flow, scheme: megc2019, protocol: loso, seeds: 2, "
        "published: [{metric: uf1, value: 0.7, source: Table 1}]}"
    )
    from_recipe = find_experiment(str(tmp_path / "mine.yaml")).setup.entry(clips, range(2))
    options = {"preset": "reduced", "input": "flow:channels=uv,size=28x28", "training": {"epochs": 3}, "seeds": 2}
    from_options = study(clips, "ststnet", **options).plan().entries[0]
    assert from_recipe.key("a", "b", {}) == from_options.key("a", "b", {})


def test_a_setup_takes_what_evaluate_takes_for_one_method_and_its_input():
    setup = MethodSetup(method="linear-svm", recipe="flow:size=28x28")
    assert (setup.method, setup.recipe) == (find_method("linear-svm"), parse_recipe("flow:size=28x28"))
    with pytest.raises(MerlabError, match="unknown method 'linear-swm'; did you mean linear-svm"):
        MethodSetup(method="linear-swm")
    with pytest.raises(MerlabError, match=r"\['random', 'ststnet'\] is 2 methods; name one of them"):
        MethodSetup(method=["random", "ststnet"])


def test_clips_may_be_a_table_several_tables_or_single_clips(clips):
    halves = [clips.take(range(12)), clips.take(range(12, 24))]
    assert as_table(halves).clips == as_table(list(clips)).clips == clips.clips


def test_a_table_of_your_own_below_synthetic_faces_is_marked_as_one_of_a_database_is(clips, tmp_path):
    assert as_table(clips).stamps == ()
    (tmp_path / "SYNTHETIC_manifest.json").touch()
    rows = [{**vars(clip), "source": tmp_path / clip.name} for clip in clips]
    assert as_table(ClipTable.from_rows(rows)).stamps == ("SYNTHETIC",)
    assert as_table(ClipTable.from_rows(rows, stamps=["MINE", "SYNTHETIC"])).stamps == ("MINE", "SYNTHETIC")


def test_a_clip_of_two_tables_is_refused(clips):
    with pytest.raises(MerlabError, match=r"24 clips given twice, such as .*; give each database once"):
        as_table([clips, clips])


@pytest.mark.parametrize(
    ("names", "database", "told"),
    [
        (["lab/clips.csv", "clinic/clips.csv"], "", True),
        (["lab/clips.csv", "clinic/patients.csv"], "", False),
        (["lab/clips.csv", "clinic/clips.csv"], "one study", False),
    ],
)
def test_table_files_that_become_one_database_because_of_their_name_are_told(tmp_path, names, database, told):
    tables = []
    for number, name in enumerate(names):
        file = tmp_path / name
        write_frames(file.parent / "frames", [texture(number), texture(number + 2)])
        file.write_text(f"database,subject,clip,frames,fps\n{database},1,clip{number},frames,200\n")
        tables.append(load("table", file))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        as_table(tables)
    files = " and ".join(sorted(str(tmp_path / name) for name in names))
    wanted = f"{files} are read as one database, clips, after the name of the file: a person of one name in both"
    assert [str(each.message)[: len(wanted)] for each in caught] == [wanted][:told]


@pytest.mark.parametrize("given", [[], "casme2", 3, [1, 2], pd.DataFrame({"clip": ["EP01"]})])
def test_anything_else_is_refused_with_the_remedy(given):
    kind = {0: "nothing", 2: "int"}[len(given)] if isinstance(given, list) else type(given).__name__
    with pytest.raises(MerlabError, match=rf'clips must be a ClipTable.*got {kind}; .*merlab.load\("table", FILE\)'):
        as_table(given)


def test_seeds_are_a_number_or_the_seeds_themselves():
    assert as_seeds(3) == (0, 1, 2)
    assert as_seeds([4, 2]) == (4, 2)
    assert as_seeds(list(np.arange(3))) == (0, 1, 2)


def test_numbers_may_be_of_numpy():
    two: Any = np.int64(2)
    assert LocalEngine(two) == LocalEngine(2)
    assert as_seeds(two) == (0, 1)


@pytest.mark.parametrize("jobs", [0, -1, "2", 1.5, True])
def test_an_engine_refuses_other_jobs(jobs):
    with pytest.raises(MerlabError, match="jobs must be a whole number from 1 up, or None for one per core, got"):
        LocalEngine(jobs)


@pytest.mark.parametrize("seeds", [0, -1, 2.0, True, "3", None, [], [1, 1], [-1], ["a"], [True], [2**32], 2**70])
def test_other_seeds_are_refused(seeds):
    with pytest.raises(MerlabError, match="seeds must be"):
        as_seeds(seeds)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"protocol": "lopo"}, "unknown protocol 'lopo'"),
        ({"scheme": "casme"}, "unknown label scheme 'casme'; did you mean casme-8"),
        ({"input": "flw"}, "unknown input 'flw'"),
        ({"protocol": None}, "unknown protocol None; protocols are loso"),
        ({"input": 3}, "an input is a text such as .* got 3"),
        ({"training": ["epochs"]}, "training must be a dictionary from names to values, such as .* got \\['epochs'\\]"),
        ({"network": "width"}, "network must be a dictionary"),
        ({"training": {"epoch": 3}, "methods": "ststnet"}, "unknown training setting 'epoch'; did you mean epochs"),
        ({"training": {"epochs": "x"}, "methods": "ststnet"}, "training setting epochs: .*, got 'x'"),
        ({"training": {"epocs": 3}}, "unknown training setting 'epocs'; did you mean epochs"),
        ({"protocol": "hold-out-database", "train_on": 3}, "train_on must be a list of one or more names, got 3"),
        ({"folds": 2.5}, "folds must be a whole number from 2 up, got 2.5"),
        ({"folds": 1}, "folds must be a whole number from 2 up"),
        ({"preset": "huge"}, "has no preset 'huge'"),
    ],
)
def test_a_faulty_option_is_named(clips, options, fault):
    with pytest.raises(MerlabError, match=fault):
        study(clips, **options).plan()


@pytest.mark.parametrize(
    ("methods", "view", "told"),
    [
        (["linear-svm"], "local", ["regions=mask of the input changes nothing: linear-svm takes the whole face"]),
        (
            ["constant", "linear-svm"],
            "both",
            ["regions=mask of the input changes nothing: constant, linear-svm take the whole face"],
        ),
        (["ltfem", "linear-svm"], "local", []),
    ],
)
def test_regions_that_no_method_takes_are_told(clips, methods, view, told):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        entries = study(clips, methods, input=f"flow:scale=minmax,size=28x28,regions=mask,view={view}").plan().entries
    texts = [str(each.message) for each in caught if "regions=mask" in str(each.message)]
    assert [text.partition(";")[0] for text in texts] == told
    assert {entry.name: entry.recipe.regions for entry in entries}["linear-svm"] == "none"


@pytest.mark.parametrize(
    ("given", "what"), [({"training": {"epochs": 3}}, "training settings .epochs."), ({"network": {"w": 3}}, "network")]
)
def test_settings_of_networks_that_no_method_takes_are_told(clips, given, what):
    with pytest.warns(UserWarning, match=f"{what} .*change nothing: .* this run has none: constant, linear-svm"):
        study(clips, ["constant", "linear-svm"], **given)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study(clips, ["linear-svm", "ststnet"], **given)


def test_a_preset_is_told_where_every_method_is_your_own_without_presets(clips):
    mine = {"first": DummyClassifier(), "second": DummyClassifier()}
    with pytest.warns(UserWarning, match=r"preset papr changes nothing: no method .* has presets: first, second"):
        study(clips, mine, preset="papr")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study(clips, mine, preset="default")
        study(clips, {**mine, "linear-svm": "linear-svm"}, preset="paper")


@pytest.mark.parametrize(
    ("methods", "given", "told"),
    [
        (["ensemble:ststnet+rcn-a"], {"training": {"epochs": 3}}, "training settings (epochs)"),
        (["ensemble:ststnet+rcn-a", "ststnet"], {"training": {"epochs": 3}}, "training settings (epochs)"),
        (["ensemble:2xststnet"], {"training": {"epochs": 3}}, None),
        (["ensemble:2xgfem", "gfem"], {"network": {"width": 3}}, "network options (width)"),
    ],
)
def test_settings_that_the_networks_of_an_ensemble_do_not_take_are_told(clips, methods, given, told):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        study(clips, methods, **given)
    wanted = f"{told} change nothing in {methods[0]}, whose networks keep their own; evaluate its networks alone to "
    assert [str(each.message) for each in caught] == [f"{wanted}change theirs"] * bool(told)


def test_an_input_may_be_a_recipe_or_a_kind_of_input(clips):
    by_text = study(clips, input="flow:channels=uvs").plan()
    by_recipe = study(clips, input=parse_recipe("flow:channels=uvs")).plan()
    by_kind = study(clips, input=INPUTS["flow"]).plan()
    assert {str(plan.entries[0].recipe) for plan in (by_text, by_recipe, by_kind)} == {str(by_text.entries[0].recipe)}


def test_no_clip_is_not_a_study():
    with pytest.raises(MerlabError, match="covers none of the clips"):
        study(ClipTable(())).plan()
