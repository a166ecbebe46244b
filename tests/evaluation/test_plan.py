import pytest

from merlab.errors import MerlabError
from merlab.evaluation.plan import make_entry, plan_run
from tests.helpers import write_flow_tree


@pytest.fixture
def root(tmp_path):
    return write_flow_tree(tmp_path / "flow")


def plan(root, methods, **options):
    given = {"scheme": "megc2019", "protocol": "loso", "seeds": range(2), **options}
    return plan_run(methods, sources=[("ststnet-flow", root)], **given)[0]


def test_a_plan_states_clips_classes_folds_and_what_was_left_out(root):
    described = plan(root, ["linear-svm"]).describe()
    assert described["clips"] == 24
    assert described["folds"] == described["subjects"] == 4
    assert described["clips_per_class"] == {"negative": 8, "positive": 8, "surprise": 8}
    assert described["clips_per_database"] == {"casme2": 12, "samm": 6, "smic": 6}


def test_methods_that_draw_nothing_at_random_run_once(root):
    seeds = {entry.method: entry.seeds for entry in plan(root, ["constant", "random", "linear-svm"]).entries}
    assert seeds == {"constant": (0,), "random": (0, 1), "linear-svm": (0,)}


def test_a_method_of_both_views_gets_its_local_view(root):
    entries = plan(root, ["gfem", "dbfem", "ltfem"]).entries
    assert [entry.recipe.view for entry in entries] == ["global", "both", "local"]


def test_on_stored_flow_the_papers_networks_take_the_preset_made_for_its_size(root):
    presets = {entry.method: entry.preset_name for entry in plan(root, ["dbfem-caffm", "ststnet"]).entries}
    assert presets == {"dbfem-caffm": "flow28", "ststnet": "reduced"}


def stamps(*arguments, **options):
    return make_entry(*arguments, **options).stamps


def test_only_the_full_published_settings_with_five_seeds_are_unstamped():
    assert stamps("ststnet", "paper", range(5)) == []


def test_reduced_short_few_and_leaky_runs_are_stamped():
    assert stamps("ststnet", "reduced", range(5)) == ["REDUCED"]
    assert stamps("ststnet", "paper", range(5), settings={"epochs": 3}) == ["REDUCED"]
    assert stamps("ststnet", "paper", range(1)) == ["1 SEED"]
    leaky = stamps("ststnet", "paper", range(5), settings={"selection": "best-epoch-on-test"})
    assert leaky == ["LEAKY: epoch picked on the test subject"]
    assert stamps("gfem", "paper", range(5), network={"attention": "sam"}) == ["NETWORK attention=sam"]
    assert stamps("gfem", "reduced", range(5), network={"width": "0.25"}) == ["REDUCED"]


def test_a_floor_needs_no_stamp_for_running_once():
    assert stamps("linear-svm", "reduced", range(1)) == []


def key(entry, inputs="a", data="b", versions=None):
    return entry.key(inputs, data, versions or {"torch": "2"})


def test_the_run_key_changes_with_everything_that_decides_predictions():
    entry = make_entry("ststnet", "paper", range(5))
    others = [
        key(make_entry("ststnet", "paper", range(5), settings={"epochs": 7})),
        key(make_entry("ststnet", "paper", range(5), input_text="flow:channels=uvm")),
        key(make_entry("off-apexnet", "paper", range(5))),
        key(make_entry("rcn-a", "paper", range(5))),
        key(make_entry("rcn-a", "paper", range(5), network={"maps": "32"})),
        key(entry, inputs="other"),
        key(entry, data="other"),
        key(entry, versions={"torch": "3"}),
    ]
    assert key(entry) not in others
    assert len(set(others)) == len(others)


def test_the_run_key_does_not_depend_on_how_many_seeds_are_asked_for():
    assert key(make_entry("ststnet", "paper", range(5))) == key(make_entry("ststnet", "paper", range(9)))


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"epochs": 0}, "epochs"), ({"learning_rate": "fast"}, "learning_rate"), ({"momentum": 0.9}, "momentum")],
)
def test_a_faulty_training_setting_is_named(settings, named):
    with pytest.raises(MerlabError, match=named):
        make_entry("ststnet", "paper", range(5), settings=settings)


def test_a_floor_beside_a_network_passes_network_options_by(root):
    floor, network = plan(root, ["linear-svm", "gfem"], network={"attention": "none"}).entries
    assert (floor.preset.network, network.preset.network["attention"]) == ({}, "none")


def test_unknown_names_are_refused_with_what_exists(root):
    with pytest.raises(MerlabError, match="ststnet"):
        plan(root, ["ststnett"])
    with pytest.raises(MerlabError, match="paper, reduced"):
        plan(root, ["ststnet"], preset="huge")


def test_an_input_that_the_method_cannot_take_is_refused_before_any_work():
    with pytest.raises(MerlabError, match="gfem takes inputs that are images, and this one is a sequence"):
        make_entry("gfem", "reduced", range(1), "sequence")
    assert make_entry("linear-svm", "paper", range(1), "sequence:size=32x32").recipe.frames == 10
