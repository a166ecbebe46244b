"""Published experiments, repeated by command."""

from __future__ import annotations

import json
import math
from collections import defaultdict

import pandas as pd
import pytest
import yaml
from sklearn import svm

from merlab.json_files import write_json
from merlab.outputs.locks import only_writer
from merlab.recipes import FOLDER, experiments
from merlab.reproduction.paper_tables import SHORT_EPOCHS
from merlab.synthesis.face_tree import Tree
from tests.helpers import move_briefly, write_flow_tree


def on_flow(flow, *arguments, **options):
    given = {"database": "ststnet-flow", "root": flow, "epochs": 1, "seeds": 1, "jobs": 1, "out": "out", **options}
    return ["reproduce", *arguments, *(text for key, value in given.items() for text in (f"--{key}", value))]


@pytest.fixture
def two_subjects(tmp_path):
    """Stored flow of two subjects: two folds, where what is trained does not matter."""
    return write_flow_tree(tmp_path / "two-subjects", ("sub01", "s03"))


@pytest.mark.slow
def test_the_leak_is_shown_side_by_side_and_stamped(merlab, two_subjects, tmp_path):
    status, out, _ = merlab(*on_flow(two_subjects, "leak", method="ststnet"))
    assert status == 0
    content = json.loads((tmp_path / "out" / "leak.json").read_text())
    honest, leaky = content["rows"][:2]
    assert not any(stamp.startswith("LEAKY") for stamp in honest["measured"]["stamps"])
    assert any(stamp.startswith("LEAKY") for stamp in leaky["measured"]["stamps"])
    assert "LEAKY" in out
    assert "Size of the leak" in out
    assert ".713 at the last epoch" in out.replace("0.713", ".713")


def test_a_method_without_epochs_has_no_leak(merlab, flow):
    status, _, err = merlab(*on_flow(flow, "leak", method="linear-svm"))
    assert status == 1
    assert "no epoch to select" in err


def test_a_folder_has_one_writer(merlab, flow, tmp_path):
    """The tables of two reproductions have the same names: the later one would replace the other in silence."""
    with only_writer(tmp_path / "out"):
        status, _, err = merlab(*on_flow(flow, "table7"))
    assert status == 1
    assert "is being written by" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_table_8_lists_every_published_row_and_says_why_one_was_not_measured(merlab, flow, tmp_path):
    assert merlab(*on_flow(flow, "table8"), "--full")[0] == 0
    rows = pd.read_csv(tmp_path / "out" / "table8.csv").to_dict("records")
    listed = {row["row"]: row for row in rows}
    assert listed["AKMNet"]["accuracy_published"] == 0.6706
    assert "flow" in listed["DBFEM+CAFFM (proposed)"]["remark"]
    assert math.isnan(listed["DBFEM+CAFFM (proposed)"]["accuracy_mean"])
    measured = {row["method"] for row in rows if not math.isnan(row["accuracy_mean"])}
    assert {"constant", "random", "linear-svm", "fr"} <= measured


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["tabel5"], "did you mean table5"),
        (["table8", "--rows", "ktgls"], "did you mean ktgsl"),
        (["table5", "--rows", "ktgsl"], "leave --rows out"),
        (["table7", "--method", "ststnet"], "only leak uses --method, and the target is table7; leave it out"),
        (["table5", "--image", "me.png"], "only figure3 uses --image"),
        (["table5", "--database", "casme2"], "--root"),
        (["nothing.yaml"], "nothing.yaml"),
        (["figure3", "--detector", "opencv-ssd"], "--detector-model"),
        (["figure3"], "run `merlab models get` once"),
        (["all"], "--landmarks five-points"),
        (["figure1", "--out", "file"], "file is a file; choose a folder"),
    ],
)
def test_a_mistake_is_named_without_a_traceback(merlab, tmp_path, arguments, named):
    (tmp_path / "file").touch()
    status, _, err = merlab("reproduce", *arguments)
    assert status == 1
    assert named in err
    assert "Traceback" not in err


def test_work_that_is_stopped_after_its_measurements_says_that_they_are_kept(merlab, flow, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("merlab.reproduction.paper_tables.network_of", stop)
    monkeypatch.setattr("merlab.reproduction.bench.Bench.measure", lambda *_: defaultdict(lambda: None))
    err = merlab(*on_flow(flow, "table7"))[2]
    assert "stopped: finished work is kept in out" in err
    assert "to continue: merlab" in err


@pytest.mark.slow
def test_a_demo_of_other_settings_stays_and_another_folder_is_the_remedy(merlab, tmp_path):
    settings = Tree(tmp_path, 10, 80, "default", 0, False).settings.model_dump(mode="json")
    write_json(tmp_path / "demo" / "faces" / "SYNTHETIC_settings.json", settings)
    status, _, err = merlab("demo", "--out", "demo", "--seed", 3)
    assert status == 1
    assert "demo holds results of other settings: --seed 0 -> 3. Choose another folder with --out" in err
    assert "--again" not in err


def test_the_architecture_is_drawn_without_data(merlab, tmp_path):
    assert merlab("reproduce", "figure1", "--out", "out")[0] == 0
    assert (tmp_path / "out" / "figure1.png").stat().st_size > 10_000
    assert (tmp_path / "out" / "figure1.svg").exists()


def test_recipes_are_listed(merlab):
    listed = json.loads(merlab("recipes", "--json")[1])
    assert [item["name"] for item in listed] == list(experiments())
    assert "dualbranch_gfem_casme2" in merlab("recipes")[1]


def test_one_recipe_is_shown_with_what_its_paper_leaves_out_and_contradicts(merlab):
    status, out, _ = merlab("recipes", "dualbranch_gfem_casme2")
    assert status == 0
    text = " ".join(out.split())
    assert "Not published: The loss: not stated. Assumed: cross-entropy." in text
    assert "Contradiction: Table 5 gives ResNet12 75.77 %. Table 7 gives GFEM" in text
    shown = json.loads(merlab("recipes", "dualbranch_gfem_casme2", "--json")[1])
    assert {"metric": "accuracy", "value": 0.6631, "source": "Table 7"} in shown["published"]
    assert any("The loss: not stated" in each for each in shown["remarks"])
    assert "unknown recipe 'gfem'" in merlab("recipes", "gfem")[2]


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_drawn")
@pytest.mark.parametrize(
    "name",
    [
        name if item.method == "ststnet" else pytest.param(name, marks=pytest.mark.slow)
        for name, item in experiments().items()
        # The domains of emr-adversarial are databases, and these clips are of one.
        if item.database == "ststnet-flow" and item.method != "emr-adversarial"
    ],
)
def test_a_recipe_of_flow_runs_as_stated(merlab, two_subjects, tmp_path, name):
    assert merlab(*on_flow(two_subjects, name), "--full")[0] == 0
    record = json.loads((tmp_path / "out" / name / "run.json").read_text())
    stated, ran = experiments()[name], next(item for item in record["methods"] if item["method"] in name)
    assert ran["preset"] == stated.preset
    assert record["data"]["scheme"] == stated.scheme
    content = json.loads((tmp_path / "out" / f"{name}.json").read_text())
    printed = {(item.metric, item.source): item.value for item in stated.published}
    assert content["rows"][0]["published"]["uf1"] == printed.get(("uf1", content["rows"][0]["row"]))


# Their published networks would take minutes for one epoch; each takes one training step in tests/methods.
LARGE = {
    "3d-cnn-transfer",
    "akmnet",
    "aman",
    "capsulenet",
    "dtscnn",
    "elrcn",
    "elrcn-se",
    "kfc-mer",
    "later",
    "msmmt",
    "se-densenet-3d",
    "self-attention-transfer",
    "slstt-lstm",
    "slstt-mean",
}
# Its teacher needs action units that several clips have, and others have not.
OF_MORE_CLIPS = {"dikd"}


@pytest.fixture
def brief_baseline(monkeypatch):
    """On whole images, the baseline linear-svm takes more time than a network; what it predicts is not tested here."""
    linear_svc = svm.LinearSVC
    monkeypatch.setattr(svm, "LinearSVC", lambda **given: linear_svc(**given | {"max_iter": 20}))


@pytest.mark.slow
@pytest.mark.usefixtures("brief_baseline", "nothing_drawn")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "name",
    [
        name
        for name, item in experiments().items()
        if item.database != "ststnet-flow" and item.method not in LARGE | OF_MORE_CLIPS
    ],
)
def test_a_recipe_of_images_runs_as_stated_for_one_epoch(merlab, few_faces, tmp_path, name):
    options = ["--database", "synthetic", "--root", few_faces, "--protocol", "loso", "--epochs", 1, "--seeds", 1]
    status, _, err = merlab("reproduce", FOLDER / f"{name}.yaml", "--full", "--jobs", 1, "--out", "out", *options)
    assert status == 0, err
    record = json.loads((tmp_path / "out" / name / "run.json").read_text())
    ran = record["methods"][-1]
    assert (ran["method"], ran["preset"]) == (experiments()[name].method, "paper")
    assert ran["input"] == str(experiments()[name].entry().recipe)
    assert record["data"]["scheme"] == experiments()[name].scheme


@pytest.fixture(scope="module")
def few_faces(tmp_path_factory):
    from merlab.synthesis import make_faces

    # Each subject has clips of two classes under every scheme of a recipe, so that a baseline can be fitted without it.
    with pytest.MonkeyPatch.context() as patch:
        move_briefly(patch)
        return make_faces(tmp_path_factory.mktemp("faces") / "tree", subjects=2, clips=6, seed=2, jobs=1)


OWN_RECIPE = """
paper: liong2019
method: {method}
preset: {preset}
input: "flow:channels=uv,scale=minmax,size=28x28"
training: {{batch_size: 8}}
network: {network}
database: ststnet-flow
scheme: megc2019
protocol: loso
seeds: 2
published: [{{metric: uf1, value: 0.7, source: Table 1}}]
"""


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_drawn")
@pytest.mark.parametrize("full", [[], ["--full"]], ids=["short", "full"])
@pytest.mark.parametrize(
    ("method", "preset", "network"),
    [("dbfem", "flow28", "{attention: se}"), ("rcn-a", "reduced", "{maps: 8}"), ("ststnet", "paper", "{}")],
)
def test_a_recipe_runs_its_preset_input_training_and_network_with_and_without_full(
    merlab, two_subjects, tmp_path, full, method, preset, network
):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(OWN_RECIPE.format(method=method, preset=preset, network=network))
    epochs = [] if not full and preset == "paper" else ["--epochs", 1]
    options = ["--database", "ststnet-flow", "--root", two_subjects, "--out", "out", "--jobs", 1, "--seeds", 1]
    status, _, err = merlab("reproduce", recipe, *options, *epochs, *full)
    assert status == 0, err
    (record,) = (json.loads(path.read_text()) for path in (tmp_path / "out").glob("*/run.json"))
    ran = record["methods"][-1]
    assert (ran["method"], ran["preset"]) == (method, preset)
    assert ran["input"].startswith("flow:algorithm=dis,channels=uv,scale=minmax")
    assert ran["settings"]["batch_size"] == 8
    stated = yaml.safe_load(network)
    assert stated == {option: ran["network"][option] for option in stated}
    assert ran["settings"]["epochs"] == (1 if epochs else SHORT_EPOCHS)
    if not epochs:
        # A shortened training is noted in the table, and marked.
        (table,) = (tmp_path / "out").glob("*.md")
        assert f"Trained for {SHORT_EPOCHS} of the 800 epochs of the recipe; --full" in table.read_text(
            encoding="utf-8"
        )
        assert "REDUCED" in table.read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [["--table", "codes.xlsx"], ["--aligned"]])
def test_options_of_a_database_are_not_ignored_without_one(merlab, options):
    status, _, err = merlab("reproduce", "table7", *options)
    assert status == 1
    assert "--table and --aligned describe a database; add --database and --root" in err
