"""Evaluate, and the report that it leaves."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from merlab.evaluation.engines import ray_cluster
from merlab.methods import find_method
from tests.cli.commands import evaluate
from tests.helpers import STSTNET_FLOW, needs_released_flow


def test_evaluate_leaves_predictions_metrics_and_a_report(merlab, flow, tmp_path):
    # A file manager has shown the new folder.
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "Thumbs.db").touch()
    status, out, _ = merlab(*evaluate(flow, "constant", "linear-svm"))
    assert status == 0
    assert "linear-svm" in out
    # An interval is whole, also in a narrow terminal; a column of absent classes would say "none" in every row.
    assert re.search(r"By database.*\[[.\d]+, [.\d]+\] +│.*\[[.\d]+, [.\d]+\] +│\n", out, re.S)
    assert "absent" not in out
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert [entry["method"] for entry in metrics] == ["constant", "linear-svm"]
    for name in ("uf1", "uar", "accuracy"):
        assert set(metrics[1][name]) == {"mean", "sd", "interval"}
    assert metrics[1]["stamps"] == []
    assert len(pd.read_parquet(tmp_path / "run" / "predictions.parquet")) == 2 * 24
    assert (tmp_path / "run" / "report.html").stat().st_size > 1000


@pytest.mark.slow
def test_a_reduced_run_says_so(merlab, flow, tmp_path):
    merlab(*evaluate(flow, "ststnet", epochs=1))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics[0]["stamps"] == ["REDUCED", "1 SEED"]
    assert "REDUCED" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.slow
def test_a_leaky_run_says_so(merlab, flow, tmp_path):
    merlab(*evaluate(flow, "ststnet", epochs=1, selection="best-epoch-on-test"))
    assert "LEAKY" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.slow
def test_a_second_command_adds_its_method_to_the_run(merlab, flow, tmp_path):
    merlab(*evaluate(flow, "constant"))
    _, out, _ = merlab(*evaluate(flow, "linear-svm"))
    assert "constant" in out
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert [entry["method"] for entry in metrics] == ["constant", "linear-svm"]


@pytest.mark.slow
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
    assert "contains no merlab run" in err
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


@pytest.mark.slow
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
        ({"network": "attention=se"}, "no option 'attention'"),
        ({"preset": "huge"}, "no preset 'huge'"),
        ({"train_on": "smic"}, "hold-out-database"),
        ({"folds": 3, "protocol": "loso"}, "folds is an option of the protocol kfold, not of loso"),
        ({"method": "mine.py"}, "mine.py is a file, of which a method is named as mine.py:NAME"),
        ({"address": "127.0.0.1:1"}, "belongs to --engine ray"),
    ],
)
def test_a_mistake_in_an_option_is_named_without_a_traceback(merlab, flow, tmp_path, change, named):
    status, _, err = merlab(*evaluate(flow, "ststnet", epochs=1, **change))
    assert status == 1
    assert named in err
    assert "Traceback" not in err
    assert not (tmp_path / "run" / "predictions.parquet").exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"engine": "ray"}, "--engine ray needs Ray; pip install"),
        ({"seeds": "one"}, "--seeds takes a number"),
        ({"network": "width"}, "--network takes KEY=VALUE"),
    ],
)
def test_what_the_options_alone_say_is_refused_before_the_database_is_read(
    merlab, tmp_path, monkeypatch, change, named
):
    monkeypatch.setattr(ray_cluster, "find_spec", lambda package: None)
    status, _, err = merlab(*evaluate(tmp_path / "nowhere", "ststnet", **change))
    assert (status, named in err) == (1, True)


@pytest.mark.parametrize(
    ("options", "reason"),
    [({}, "the true scale are lost"), ({"input": "flow:channels=uvs,scale=minmax"}, "loses the zero")],
)
def test_bi_woof_cannot_run_on_stored_flow_and_says_why(merlab, flow, options, reason):
    status, _, err = merlab(*evaluate(flow, "bi-woof", **options))
    assert status == 1
    assert reason in " ".join(err.split())


@pytest.mark.slow
def test_a_network_option_is_used_recorded_and_stamped(merlab, flow, tmp_path):
    assert merlab(*evaluate(flow, "gfem", epochs=1, network="attention=se"))[0] == 0
    recorded = json.loads((tmp_path / "run" / "run.json").read_text())["methods"][0]["network"]
    assert recorded == {**find_method("gfem").preset("flow28").network, "attention": "se"}
    merlab(*evaluate(flow, "constant"))  # a run that goes on keeps the option
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics[0]["stamps"] == ["REDUCED", "NETWORK attention=se", "1 SEED"]


def test_as_many_roots_as_databases(merlab, flow):
    status, _, err = merlab(*evaluate(flow, "constant"), "--database", "ststnet-flow")
    assert status == 1
    assert "2 --database but 1 --root" in err


@pytest.mark.slow
@needs_released_flow
def test_the_linear_svm_reaches_its_known_figures_on_the_released_flow(merlab, tmp_path):
    merlab(*evaluate(STSTNET_FLOW, "linear-svm"))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())[0]
    assert metrics["uf1"]["mean"] == pytest.approx(0.7251, abs=0.005)
    assert metrics["uar"]["mean"] == pytest.approx(0.7354, abs=0.005)
