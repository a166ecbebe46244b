"""Where a reproduction is measured."""

from __future__ import annotations

import pytest

from merlab.errors import MerlabError
from merlab.evaluation.engines import LocalEngine
from merlab.json_files import write_json
from merlab.recipes import find_experiment
from merlab.reproduction import Bench
from merlab.reproduction.bench import CLIPS, SUBJECTS
from merlab.reproduction.paper_tables import _as_stated
from merlab.synthesis.face_tree import Tree
from tests.helpers import write_flow_tree


@pytest.fixture
def flow_bench(tmp_path):
    def bench(**changes):
        root = tmp_path / "flow"
        if not root.exists():
            write_flow_tree(root)
        given = {
            "database": "ststnet-flow",
            "root": root,
            "seeds": 1,
            "engine": LocalEngine(1),
            "cache": tmp_path / "cache",
        }
        return Bench(tmp_path / "out", **{**given, **changes})

    return bench


def test_without_a_folder_synthetic_faces_stand_in_under_the_papers_classes(tmp_path):
    bench = Bench(tmp_path)
    assert (bench.database, bench.label_scheme, bench.split) == ("synthetic", "casme2-5-merged", "kfold")
    assert (bench.preset, bench.seed_count) == (None, 2)


@pytest.mark.parametrize(
    ("stated", "change"),
    [
        ({"seed": 7}, r"--seed 7 -> 0"),
        ({"versions": {"merlab": "0.1"}}, r"it was started with merlab 0\.1, but the inst"),
    ],
)
def test_stand_ins_of_other_settings_are_not_used_and_another_folder_is_the_remedy(tmp_path, stated, change):
    settings = Tree(tmp_path, SUBJECTS, CLIPS, "default", 0, False).settings.model_dump(mode="json")
    write_json(tmp_path / "faces" / "SYNTHETIC_settings.json", {**settings, **stated})
    with pytest.raises(MerlabError, match=rf"{change}.*\. Choose another folder with --out$"):
        _ = Bench(tmp_path).folder


def test_a_copy_of_casme2_is_tested_subject_by_subject(tmp_path):
    bench = Bench(tmp_path, database="casme2", root=tmp_path, full=True)
    assert (bench.label_scheme, bench.split) == ("casme2-5-merged", "loso")
    assert (bench.preset, bench.seed_count) == ("paper", 5)


def test_another_database_has_the_three_classes_of_megc2019_unless_told_otherwise(tmp_path):
    assert Bench(tmp_path, database="ststnet-flow", root=tmp_path).label_scheme == "megc2019"
    assert Bench(tmp_path, database="ststnet-flow", root=tmp_path, scheme="casme2-4").label_scheme == "casme2-4"


def test_a_database_needs_its_folder(tmp_path):
    with pytest.raises(MerlabError, match="--root"):
        Bench(tmp_path, database="casme2")


def test_a_method_whose_input_the_clips_do_not_allow_is_refused_with_the_reason(flow_bench):
    bench = flow_bench(full=True)
    assert bench.refusal("ststnet") is None
    assert "flow" in bench.refusal("dbfem-caffm")


@pytest.mark.parametrize("full", [True, False])
def test_a_recipe_sets_classes_protocol_and_seeds_that_its_user_left_open(tmp_path, full):
    experiment = find_experiment("yan2014_lbp-top_casme2")
    bench = _as_stated(Bench(tmp_path, database="casme2", root=tmp_path, full=full), experiment)
    assert (bench.label_scheme, bench.split, bench.seed_count) == ("casme2-5", "loso", 5 if full else 2)
    other = experiment.model_copy(update={"protocol": "kfold", "seeds": 3})
    bench = _as_stated(Bench(tmp_path, database="casme2", root=tmp_path, full=full), other)
    assert (bench.split, bench.seed_count) == ("kfold", 3 if full else 2)
    chosen = _as_stated(Bench(tmp_path, scheme="casme2-5-merged", seeds=3), experiment)
    assert (chosen.label_scheme, chosen.split, chosen.seed_count) == ("casme2-5-merged", "kfold", 3)


@pytest.mark.slow
def test_methods_are_measured_once_for_all_tables_of_a_folder(flow_bench, tmp_path):
    def measured(*methods):
        bench = flow_bench()
        return bench.measure([bench.setup(name) for name in methods])

    first = measured("constant", "linear-svm")
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("parts/*/*.parquet")}
    again = measured("linear-svm", "random")
    assert again["linear-svm"] == first["linear-svm"].model_copy(update={"compared": again["linear-svm"].compared})
    assert list(again) == ["linear-svm", "random"]
    assert all(path.stat().st_mtime_ns == time for path, time in parts.items())
