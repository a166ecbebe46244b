"""A Ray cluster does what one machine does."""

from __future__ import annotations

from importlib.util import find_spec

import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.evaluation.engines import LocalEngine, RayEngine, ray_cluster
from merlab.evaluation.runner import finished, run, run_keys
from merlab.evaluation.unit import Fit, versions
from merlab.progress import silent
from tests.helpers import flow_plan, write_flow_tree

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is an extra; pip install 'merlab[ray]'")


def make_plan(root):
    return flow_plan(write_flow_tree(root), ["random", "linear-svm", "ststnet"], training={"epochs": 2})


def run_on(engine, plan, out, cache=None):
    keys = run_keys(plan, cache, silent)
    return run(plan, keys, out, finished(plan, keys, out), cache=cache, engine=engine, progress=silent)


@needs_ray
@pytest.mark.slow
@pytest.mark.xdist_group("ray")
def test_a_cluster_of_two_workers_predicts_what_one_machine_predicts_and_resumes(tmp_path):
    plan, cache = make_plan(tmp_path / "flow"), tmp_path / "cache"
    local = run_on(LocalEngine(1), plan, tmp_path / "local", cache)
    cluster = RayEngine(jobs=2)
    pd.testing.assert_frame_equal(local, run_on(cluster, plan, tmp_path / "ray", cache))
    parts = sorted((tmp_path / "ray" / "parts").rglob("*.parquet"))
    kept = {part: part.stat().st_mtime_ns for part in parts[1:]}
    parts[0].unlink()
    pd.testing.assert_frame_equal(local, run_on(cluster, plan, tmp_path / "ray", cache))
    assert {part: part.stat().st_mtime_ns for part in kept} == kept


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:port"])
def test_a_cluster_that_does_not_answer_is_named(tmp_path, address):
    with pytest.raises(MerlabError, match=f"no Ray cluster answers at {address}"):
        run_on(RayEngine(address), make_plan(tmp_path / "flow"), tmp_path / "run", tmp_path / "cache")


def test_a_machine_with_other_versions_is_refused():
    other = {**versions(), "torch": "1.0"}
    with pytest.raises(MerlabError, match=r"torch .* instead of 1\.0"):
        ray_cluster._unit(None, None, Fit(0, 0, 0, "key"), other)  # type: ignore[arg-type]


def test_without_ray_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(ray_cluster, "find_spec", lambda name: None)
    with pytest.raises(MerlabError, match=r"pip install 'merlab\[ray\]'"):
        RayEngine()
