"""The commands that repeat a run."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from merlab.cli.experiments import _seeds
from merlab.evaluation.seeds import as_seeds
from merlab.methods import METHODS
from merlab.reports.rerun import rerun_commands, seeds_text
from merlab.reports.run import read_run
from merlab.schemes import find_scheme
from tests.reports.fake_run import INPUT, SKILLS, fake_method, fake_record, write_run


def commands(folder: Path, **changes: object) -> list[list[str]]:
    record = fake_record(list(SKILLS), Path("/data/faces"), **changes)
    return [shlex.split(line) for line in rerun_commands(read_run(write_run(folder, record=record)))]


def values(command: list[str], option: str) -> list[str]:
    return [command[position + 1] for position, word in enumerate(command) if word == option]


def test_methods_of_the_same_settings_share_a_line_and_every_method_has_one(tmp_path):
    lines = commands(tmp_path / "run")
    methods = [line[2 : line.index("--database")] for line in lines]
    assert sorted(methods) == [["constant", "linear-svm"], ["dbfem-caffm"], ["random"]]


def test_a_line_states_data_preset_input_seeds_and_every_training_setting(tmp_path):
    line = next(line for line in commands(tmp_path / "run") if "dbfem-caffm" in line)
    expected = {
        "--database": ["synthetic"],
        "--root": ["SYNTHETIC_FOLDER"],
        "--scheme": ["casme2-5"],
        "--protocol": ["loso"],
        "--preset": ["reduced"],
        "--input": [INPUT],
        "--seeds": ["2"],
        "--set": ["epochs=30", "learning_rate=0.001", "mirror=true", "selection=fixed"],
        "--out": ["RUN_FOLDER"],
    }
    assert {option: values(line, option) for option in expected} == expected
    assert "--folds" not in line
    assert "--allow-unusable" not in line


def test_seeds_are_read_as_the_line_states_them():
    stated = {"1": (0,), "3": (0, 1, 2), "1,": (1,), "7,": (7,), "3,7": (3, 7), "1,0": (1, 0)}
    assert [seeds_text(list(seeds)) for seeds in stated.values()] == list(stated)
    assert [as_seeds(_seeds(text)) for text in stated] == list(stated.values())


def test_what_only_some_protocols_need_is_stated_for_them(tmp_path):
    assert values(commands(tmp_path / "kfold", protocol="kfold", folds=4)[0], "--folds") == ["4"]
    held_out = {"protocol": "hold-out-database", "clips_per_database": {"casme2": 145, "synthetic": 80}}
    assert values(commands(tmp_path / "held", **held_out)[0], "--train-on") == ["casme2"]
    incomplete = {"stamps": ["INCOMPLETE: 3 faults in synthetic"]}
    assert "--allow-unusable" in commands(tmp_path / "incomplete", **incomplete)[0]


@pytest.mark.parametrize("value", ["a value; with $(signs)", "it's"])
def test_values_survive_the_shell(tmp_path, value):
    record = fake_record(list(SKILLS), Path("/data/faces"))
    record["methods"][3] = fake_method("dbfem-caffm", settings={"selection": value})
    lines = rerun_commands(read_run(write_run(tmp_path / "run", record=record)))
    line = next(line for line in lines if "dbfem-caffm" in line)
    assert values(shlex.split(line), "--set") == [f"selection={value}"]


def test_what_was_passed_in_python_is_named_because_no_command_repeats_it(tmp_path):
    record = fake_record(["constant", "linear-svm"], Path("/data/faces"))
    record["methods"] = [
        fake_method("constant", origin="object", title=METHODS["constant"].title, input="blur:size=28x28,version=1"),
        fake_method("linear-svm", origin="object", title="your own: lab.Ridge"),
    ]
    assert rerun_commands(read_run(write_run(tmp_path / "run", SKILLS, record))) == [
        "# constant reads an input of your own, blur, that was passed to merlab.evaluate in Python",
        "# linear-svm is an object that was passed to merlab.evaluate in Python",
    ]


def test_a_method_of_a_file_brings_its_kind_of_input_along(tmp_path):
    record = fake_record(["linear-svm"], Path("/data/faces"))
    record["methods"] = [fake_method("linear-svm", origin="lab.py:ridge", input="blur:size=28x28,version=1")]
    (line,) = rerun_commands(read_run(write_run(tmp_path / "run", SKILLS, record)))
    assert values(shlex.split(line), "--method") == ["lab.py:ridge"]
    assert "--input" not in line


def test_the_methods_of_one_file_share_a_line_where_it_gives_each_its_settings(tmp_path):
    network = fake_method("dbfem-caffm", origin="lab.py:all", preset="short", settings={"epochs": 2}, seeds=[0, 1])
    svm = fake_method("linear-svm", origin="lab.py:all", preset="default", settings=None, seeds=[0])
    other = fake_method("random", origin="lab.py:all", preset="short", settings={"epochs": 9}, seeds=[0, 1])

    def lines(name, *methods):
        record = fake_record([], Path("/data/faces"))
        record["methods"] = list(methods)
        return rerun_commands(read_run(write_run(tmp_path / name, SKILLS, record)))

    (line,) = map(shlex.split, lines("one", svm, network))
    stated = [values(line, option) for option in ("--method", "--preset", "--seeds", "--set")]
    assert stated == [["lab.py:all"], ["short"], ["2"], ["epochs=2"]]
    for name, change in {
        "settings": other,
        "input": {**svm, "input": f"{INPUT},view=local"},
        "preset": {**svm, "preset": "long"},
        "seed": {**svm, "method": "random", "seeds": [1]},
    }.items():
        remark = f"# dbfem-caffm, {change['method']} of lab.py:all have different settings, and a command would give"
        assert [line.startswith(remark) for line in lines(name, network, change)] == [True]


def test_the_table_of_a_database_and_that_its_frames_are_aligned_are_stated(tmp_path):
    record = fake_record(["constant"], Path("/data/faces"))
    record["databases"][0]["options"] = ["--table", "labels.csv", "--aligned"]
    (line,) = map(shlex.split, rerun_commands(read_run(write_run(tmp_path / "run", {"constant": 0.0}, record))))
    assert values(line, "--table") == ["synthetic=SYNTHETIC_TABLE"]
    assert "--aligned" in line


@pytest.mark.parametrize(
    ("scheme", "labels", "stated"),
    [
        ("casme2-5", None, "casme2-5"),
        ("mine", {"happiness": "happiness"}, "SCHEME.yaml"),
        ("casme2-5", {"happiness": "happiness"}, "SCHEME.yaml"),
        ("smic-3", dict(find_scheme("smic-3").emotions), "smic-3"),
    ],
)
def test_a_scheme_is_named_where_its_name_gives_the_same_labels(tmp_path, scheme, labels, stated):
    lines = commands(tmp_path / "run", scheme=scheme, labels=labels)
    assert {value for line in lines for value in values(line, "--scheme")} == {stated}
