"""The commands, as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from merlab import cli
from tests.helpers import STSTNET_FLOW, needs_released_flow, write_flow_tree


@pytest.fixture
def merlab(monkeypatch, capsys, tmp_path):
    """Run a command in this process; gives (status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["merlab", *map(str, arguments)])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def flow(tmp_path):
    return write_flow_tree(tmp_path / "flow")


def evaluate(flow, *methods, out="run", **options):
    given = {"scheme": "megc2019", "protocol": "loso", "seeds": 1, "jobs": 1, "out": out, **options}
    flags = [text for key, value in given.items() for text in (f"--{key.replace('_', '-')}", value)]
    return ["evaluate", *methods, "--database", "ststnet-flow", "--root", flow, *flags]


COMMANDS = [
    "demo",
    "make-faces",
    "doctor",
    "clips",
    "evaluate",
    "score",
    "profile",
    "report",
    "methods",
    "databases",
    "inputs",
    "results",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(merlab, command):
    status, out, _ = merlab(command, "--help")
    assert status == 0
    assert "Usage" in out


def test_no_command_is_missing_from_the_list_above(merlab):
    listed = {command.name or getattr(command.callback, "__name__", "") for command in cli.app.registered_commands}
    assert listed | {group.name for group in cli.app.registered_groups} == set(COMMANDS)


def test_version(merlab):
    assert merlab("--version")[1].startswith("merlab ")


@pytest.mark.parametrize("command", ["methods", "databases", "inputs"])
def test_what_there_is_can_be_listed(merlab, command):
    status, out, _ = merlab(command)
    assert status == 0
    assert {"methods": "dbfem-caffm-g", "databases": "ststnet-flow", "inputs": "onset-apex"}[command] in out


def test_methods_as_json_have_paper_input_and_presets(merlab):
    listed = {method["name"]: method for method in json.loads(merlab("methods", "--json")[1])}
    assert "paper" in listed["dbfem-caffm"]["presets"]
    assert listed["dbfem-caffm"]["input"] == "onset-apex:size=231x282"


def test_evaluate_leaves_predictions_metrics_and_a_report(merlab, flow, tmp_path):
    status, out, _ = merlab(*evaluate(flow, "constant", "linear-svm"))
    assert status == 0
    assert "linear-svm" in out
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert [entry["method"] for entry in metrics] == ["constant", "linear-svm"]
    for name in ("uf1", "uar", "accuracy"):
        assert set(metrics[1][name]) == {"mean", "sd", "interval"}
    assert metrics[1]["stamps"] == []
    assert len(pd.read_parquet(tmp_path / "run" / "predictions.parquet")) == 2 * 24
    assert (tmp_path / "run" / "report.html").stat().st_size > 1000


def test_a_reduced_run_says_so(merlab, flow, tmp_path):
    merlab(*evaluate(flow, "ststnet", epochs=1))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics[0]["stamps"] == ["REDUCED", "1 SEED"]
    assert "REDUCED" in (tmp_path / "run" / "report.html").read_text()


def test_a_leaky_run_says_so(merlab, flow, tmp_path):
    merlab(*evaluate(flow, "ststnet", epochs=1, selection="best-epoch-on-test"))
    assert "LEAKY" in (tmp_path / "run" / "report.html").read_text()


def test_a_second_command_adds_its_method_to_the_run(merlab, flow, tmp_path):
    merlab(*evaluate(flow, "constant"))
    merlab(*evaluate(flow, "linear-svm"))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert [entry["method"] for entry in metrics] == ["constant", "linear-svm"]


def test_a_run_folder_of_other_clips_is_not_touched(merlab, flow, tmp_path):
    merlab(*evaluate(flow, "constant"))
    before = (tmp_path / "run" / "run.json").read_text()
    status, _, err = merlab(*evaluate(flow, "constant", protocol="kfold", folds=3))
    assert status == 1
    assert "other clips, labels or folds" in err
    assert (tmp_path / "run" / "run.json").read_text() == before


def test_a_folder_of_something_else_is_not_written_to(merlab, flow, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    status, _, err = merlab(*evaluate(flow, "constant"))
    assert status == 1
    assert "holds no merlab run" in err
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


def test_the_report_can_be_drawn_again_from_predictions_alone(merlab, flow, tmp_path):
    merlab(*evaluate(flow, "linear-svm"))
    (tmp_path / "run" / "report.html").unlink()
    assert merlab("report", "run")[0] == 0
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"scheme": "casme2-6"}, "casme2-5"),
        ({"scheme": "casme2-5"}, "covers only surprise"),
        ({"input": "flow:size=56x56"}, "28x28"),
        ({"set": "momentum=1"}, "momentum"),
        ({"set": "momentum"}, "KEY=VALUE"),
        ({"preset": "huge"}, "no preset 'huge'"),
        ({"train_on": "smic"}, "hold-out-database"),
    ],
)
def test_a_mistake_in_an_option_is_named_without_a_traceback(merlab, flow, tmp_path, change, named):
    status, _, err = merlab(*evaluate(flow, "ststnet", epochs=1, **change))
    assert status == 1
    assert named in err
    assert "Traceback" not in err
    assert not (tmp_path / "run" / "predictions.parquet").exists()


def test_as_many_roots_as_databases(merlab, flow):
    status, _, err = merlab(*evaluate(flow, "constant"), "--database", "ststnet-flow")
    assert status == 1
    assert "2 --database but 1 --root" in err


def score_file(path, rows, columns=("truth", "prediction")):
    pd.DataFrame(rows, columns=list(columns)).to_csv(path, index=False)
    return path


def test_score_counts_as_the_textbook_does(merlab, tmp_path):
    file = score_file(tmp_path / "p.csv", [("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")])
    result = json.loads(merlab("score", file, "--json")[1])
    assert result["n"] == 4
    assert result["classes"] == ["a", "b"]
    assert result["confusion"] == [[1, 1], [0, 2]]
    assert result["accuracy"] == 0.75
    assert result["uar"] == 0.75
    assert result["uf1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert result["macro_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert result["by_database"] == {}


def test_score_splits_by_database(merlab, tmp_path):
    rows = [("a", "a", "smic"), ("b", "a", "smic"), ("b", "b", "samm")]
    file = score_file(tmp_path / "p.csv", rows, ("truth", "prediction", "database"))
    result = json.loads(merlab("score", file, "--json")[1])
    assert result["by_database"]["smic"]["accuracy"] == 0.5
    assert result["by_database"]["samm"]["classes"] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("truth,guess\na,b\n", "no column prediction"),
        ("truth,prediction\n", "no rows"),
        ("truth,prediction\na,\n", "row 1"),
        ("", "cannot be read"),
    ],
)
def test_score_names_what_is_wrong_with_a_file(merlab, tmp_path, content, named):
    (tmp_path / "p.csv").write_text(content)
    status, _, err = merlab("score", tmp_path / "p.csv")
    assert status == 1
    assert named in err


def test_profile_gives_plain_counts_as_json(merlab):
    listed = json.loads(merlab("profile", "gfem", "ststnet", "--size", "28x28", "--json")[1])
    assert [set(entry) >= {"method", "parameters", "macs", "ms", "fps"} for entry in listed] == [True, True]
    assert listed[1]["parameters"] < 5000


def test_profile_of_a_floor_is_refused(merlab):
    status, _, err = merlab("profile", "constant")
    assert status == 1
    assert "constant" in err


@pytest.mark.slow
@needs_released_flow
def test_the_linear_svm_reaches_its_known_figures_on_the_released_flow(merlab, tmp_path):
    merlab(*evaluate(STSTNET_FLOW, "linear-svm"))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())[0]
    assert metrics["uf1"]["mean"] == pytest.approx(0.7251, abs=0.005)
    assert metrics["uar"]["mean"] == pytest.approx(0.7354, abs=0.005)


def children_of(process: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (tuple(map(int, line.split())) for line in listed.splitlines())
    return [child for child, parent in pairs if parent == process]


def is_running(process: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


def ended_within(seconds: float, processes: list[int]) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(is_running, processes)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not any(map(is_running, processes))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of Unix")
def test_a_killed_run_goes_on_and_ends_with_the_predictions_of_an_undisturbed_one(flow, tmp_path):
    def command(out):
        arguments = evaluate(flow, "ststnet", "dbfem-caffm", out=tmp_path / out, epochs=2, seeds=2, jobs=2)
        return [sys.executable, "-m", "merlab", *map(str, arguments), "--cache", str(tmp_path / "cache")]

    subprocess.run(command("undisturbed"), check=True, capture_output=True)
    victim = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "killed").glob("parts/*/*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = children_of(victim.pid)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    assert workers
    assert ended_within(15, workers)
    done = len(list((tmp_path / "killed").glob("parts/*/*.parquet")))
    assert 3 <= done < 16
    subprocess.run(command("killed"), check=True, capture_output=True)
    undisturbed, killed = (pd.read_parquet(tmp_path / run / "predictions.parquet") for run in ("undisturbed", "killed"))
    pd.testing.assert_frame_equal(undisturbed, killed)
