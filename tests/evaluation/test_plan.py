from dataclasses import replace

import numpy as np
import pytest

from merlab.databases import load
from merlab.errors import MerlabError
from merlab.evaluation.plan import make_entry
from merlab.evaluation.study import Study
from merlab.inputs import INPUTS, as_recipe
from merlab.methods import find_method
from tests.evaluation.guessing import Guessing
from tests.helpers import entry_of, flow_plan, own_input, write_flow_tree


@pytest.fixture
def root(tmp_path):
    return write_flow_tree(tmp_path / "flow")


def test_a_plan_states_clips_classes_folds_and_what_was_left_out(root):
    facts = flow_plan(root, ["linear-svm"]).facts()
    assert facts.clips == 24
    assert facts.folds == facts.subjects == 4
    assert facts.clips_per_class == {"negative": 8, "positive": 8, "surprise": 8}
    assert facts.clips_per_database == {"casme2": 12, "samm": 6, "smic": 6}
    assert (facts.tested, facts.changes) == (24, {})


def test_a_plan_states_how_many_clips_are_tested_and_which_its_reader_changed(root):
    first, *others = load("ststnet-flow", root)
    study = Study.of(
        [replace(first, note="apex completed"), *others],
        ["constant"],
        scheme="megc2019",
        protocol="hold-out-database",
        train_on=["casme2"],
    )
    facts = study.plan().facts()
    assert (facts.clips, facts.tested, facts.to_predict) == (24, 12, 12)
    assert facts.changes == {first.key: "apex completed"}


def test_the_labels_of_a_scheme_are_stated_unless_it_is_merlabs(root):
    def labels(scheme):
        return flow_plan(root, ["constant"], scheme=scheme).facts().labels

    assert labels("megc2019") is labels("as-labeled") is None
    mine = {"negative": "a", "positive": "b"}
    assert labels({"name": "megc2019", "labels": mine}) == labels(mine) == mine


def test_methods_that_draw_nothing_at_random_run_once(root):
    seeds = {entry.name: entry.seeds for entry in flow_plan(root, ["constant", "random", "linear-svm"]).entries}
    assert seeds == {"constant": (0,), "random": (0, 1), "linear-svm": (0,)}


def test_a_method_of_both_views_gets_its_local_view(root):
    entries = flow_plan(root, ["gfem", "dbfem", "ltfem"]).entries
    assert [entry.recipe.view for entry in entries] == ["global", "both", "local"]


def test_on_stored_flow_the_papers_networks_take_the_preset_made_for_its_size(root):
    presets = {entry.name: entry.preset_name for entry in flow_plan(root, ["dbfem-caffm", "ststnet"]).entries}
    assert presets == {"dbfem-caffm": "flow28", "ststnet": "reduced"}


def stamps(*arguments, **options):
    return entry_of(*arguments, **options).stamps


def test_only_the_full_published_settings_with_five_seeds_are_unstamped():
    assert stamps("ststnet", "paper", 5) == []


def test_reduced_short_few_and_leaky_runs_are_stamped():
    assert stamps("ststnet", "reduced", 5) == ["REDUCED"]
    assert stamps("ststnet", "paper", 5, training={"epochs": 3}) == ["REDUCED"]
    assert stamps("flow-cnn", "paper", 5, training={"steps": 3}) == ["REDUCED"]
    assert stamps("flow-cnn", "paper", 5, training={"steps": 20}) == []
    assert stamps("ststnet", "paper", 1) == ["1 SEED"]
    leaky = stamps("ststnet", "paper", 5, training={"selection": "best-epoch-on-test"})
    assert leaky == ["LEAKY: epoch picked on the test subject"]
    assert stamps("gfem", "paper", 5, network={"attention": "sam"}) == ["NETWORK attention=sam"]
    assert stamps("gfem", "reduced", 5, network={"width": "0.25"}) == ["REDUCED"]


def test_the_leak_of_an_ensemble_is_not_measured():
    with pytest.raises(MerlabError, match="flow-ensemble averages several networks, .* evaluate its networks alone"):
        stamps("flow-ensemble", "paper", 5, training={"selection": "best-epoch-on-test"})
    assert stamps("flow-ensemble", "paper", 5, training={"selection": "validation"}) == []


def test_a_baseline_needs_no_stamp_for_running_once():
    assert stamps("linear-svm", "reduced", 1) == []


def test_the_facts_of_a_method_state_how_one_or_an_input_of_your_own_was_passed(root):
    def origins(methods, **options):
        return [entry.facts("key").origin for entry in flow_plan(root, methods, **options).entries]

    assert origins(["constant", Guessing, replace(find_method("random"), name="mine", origin="FILE.py:mine")]) == [
        "",
        "object",
        "FILE.py:mine",
    ]
    own = own_input(lambda *_: np.ones((1, 8, 8), np.float32))
    assert origins(["constant", Guessing], input=own) == ["object", "object"]


def key(entry, inputs="a", data="b", versions=None):
    return entry.key(inputs, data, versions or {"torch": "2"})


def test_the_run_key_changes_with_everything_that_decides_predictions():
    entry = entry_of("ststnet", "paper", 5)
    others = [
        key(entry_of("ststnet", "paper", 5, training={"epochs": 7})),
        key(entry_of("ststnet", "paper", 5, recipe="flow:channels=uvm")),
        key(entry_of("off-apexnet", "paper", 5)),
        key(entry_of("rcn-a", "paper", 5)),
        key(entry_of("rcn-a", "paper", 5, network={"maps": "32"})),
        key(entry, inputs="other"),
        key(entry, data="other"),
        key(entry, versions={"torch": "3"}),
    ]
    assert key(entry) not in others
    assert len(set(others)) == len(others)


def test_the_run_key_changes_with_how_an_input_of_your_own_is_mirrored():
    own = replace(INPUTS["flow"], name="mine")
    mirrored = [
        replace(own, mirror=lambda recipe: ([-1.0, 1.0, 1.0], [0.0, 0.0, 0.0])),
        replace(own, mirror=lambda recipe: ([1.0, 1.0, 1.0], [0.0, 0.0, 0.0])),
    ]
    entries = [make_entry(find_method("ststnet"), "paper", [0], as_recipe(kind)) for kind in (own, *mirrored)]
    assert len(set(map(key, entries))) == 3


def test_the_run_key_does_not_depend_on_how_many_seeds_are_asked_for():
    assert key(entry_of("ststnet", "paper", 5)) == key(entry_of("ststnet", "paper", 9))


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"epochs": 0}, "epochs"), ({"learning_rate": "fast"}, "learning_rate"), ({"momentum": 0.9}, "momentum")],
)
def test_a_faulty_training_setting_is_named(settings, named):
    with pytest.raises(MerlabError, match=named):
        entry_of("ststnet", "paper", 5, training=settings)


def test_a_baseline_beside_a_network_ignores_network_options(root):
    baseline, network = flow_plan(root, ["linear-svm", "gfem"], network={"attention": "none"}).entries
    assert (baseline.preset.network, network.preset.network["attention"]) == ({}, "none")


def test_unknown_names_are_refused_with_what_exists(root):
    with pytest.raises(MerlabError, match="ststnet"):
        flow_plan(root, ["ststnett"])
    with pytest.raises(MerlabError, match="paper, reduced"):
        flow_plan(root, ["ststnet"], preset="huge")


def test_an_input_that_the_method_cannot_take_is_refused_before_any_work():
    with pytest.raises(MerlabError, match="gfem takes inputs that are images, and this one is a sequence"):
        entry_of("gfem", "reduced", 1, "sequence")
    assert entry_of("linear-svm", "paper", 1, "sequence:size=32x32").recipe.frames == 10
