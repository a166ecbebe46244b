"""A Ray cluster does what one machine does."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.linear_model import LogisticRegression

from merlab.errors import MerlabError
from merlab.evaluation.engines import LocalEngine, RayEngine, ray_cluster
from merlab.evaluation.runner import finished, prepared, run
from merlab.evaluation.transport import own_modules_of, packages_of
from merlab.evaluation.unit import Fit
from merlab.evaluation.versions import versions
from merlab.progress import silent
from tests.cli.processes import wait_until
from tests.helpers import flow_plan, write_flow_tree
from tests.prepared_processes import prepared as prepared_processes

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is an extra: ray")


def make_plan(root):
    return flow_plan(write_flow_tree(root), ["random", "linear-svm", "ststnet"], seeds=1, training={"epochs": 2})


def run_on(engine, plan, out, cache=None):
    plan, keys = prepared(plan, cache, silent)
    return run(plan, keys, out, finished(plan, keys, out), cache=cache, engine=engine, progress=silent)


def in_a_process(work, *arguments):
    """What a function gives in a process of its own.

    Ray changes how its process answers signals, leaves threads in it, and ends it if its cluster does not answer.
    """
    context = prepared_processes() or multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(work, *arguments).result()


def on_two_workers(plan, out, cache):
    """The predictions, and how often this process answers SIGTERM, which reaches it after each unit and at the end."""
    answered = []
    signal.signal(signal.SIGTERM, lambda *_: answered.append(True))

    class Signaled(RayEngine):
        def work(self, plan, cache, fits, on_epoch):
            for done in super().work(plan, cache, fits, on_epoch):
                signal.raise_signal(signal.SIGTERM)
                yield done

    predictions = run_on(Signaled(jobs=2), plan, out, cache)
    signal.raise_signal(signal.SIGTERM)
    return predictions, len(answered)


@needs_ray
@pytest.mark.slow
def test_a_cluster_of_two_workers_predicts_what_one_machine_predicts_and_resumes(tmp_path, monkeypatch):
    # A cluster that somebody else has started is not used.
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    plan, cache = make_plan(tmp_path / "flow"), tmp_path / "cache"
    local = run_on(LocalEngine(1), plan, tmp_path / "local", cache)
    shutil.copytree(tmp_path / "local", tmp_path / "ray")
    parts = sorted((tmp_path / "ray" / "parts").rglob("*.parquet"))
    kept = {part: part.stat().st_mtime_ns for part in parts[1::6]}
    lost = set(parts) - kept.keys()
    for part in lost:
        part.unlink()
    on_cluster, answered = in_a_process(on_two_workers, plan, tmp_path / "ray", cache)
    pd.testing.assert_frame_equal(local, on_cluster)
    assert {part: part.stat().st_mtime_ns for part in kept} == kept
    assert answered == len(lost) + 1


@dataclass
class Patient:
    """Gives the mean of each class, once somebody has said that it may; leaves a file for each fit that begins."""

    folder: Path

    def fit(self, inputs, labels, groups, seed):
        (self.folder / f"{os.getpid()}.{time.monotonic_ns()}").touch()
        wait_until((self.folder / GO).exists)
        self.means = [inputs[labels == label].mean(axis=0).ravel() for label in range(3)]

    def predict_proba(self, inputs):
        distances = [((inputs.reshape(len(inputs), -1) - mean) ** 2).sum(axis=1) for mean in self.means]
        return np.eye(3)[np.argmin(distances, axis=0)]

    def processes(self):
        """Those that have begun a fit."""
        return {file.stem for file in self.folder.iterdir() if file.name != GO}


GO = "go"
# Eight workers, of which two are lost with their machine. A machine takes as long to start as a worker or two.
CORES, LOST = 6, 2
HEAD = {"num_cpus": CORES, "include_dashboard": False}


def disturb(cluster, patient):
    """While all 8 workers work, a machine is lost with two of them; one joins when others have taken over."""
    try:
        wait_until(lambda: len(patient.processes()) == CORES + LOST)
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        cluster.add_node(num_cpus=1)
        wait_until(lambda: len(patient.processes()) == CORES + LOST + 1)
    finally:
        (patient.folder / GO).touch()


def on_a_disturbed_cluster(plan, large, patient, folder):
    """The predictions, and how many fits were begun; ``large`` is refused, because no machine can do it."""
    cluster = import_module("ray.cluster_utils").Cluster(initialize_head=True, head_node_args=HEAD)
    try:
        cluster.add_node(num_cpus=LOST)
        engine = RayEngine(cluster.address)
        with ThreadPoolExecutor(1) as pool:
            # In a thread, because Ray starts machines in the main thread only.
            running = pool.submit(run_on, engine, plan, folder / "ray", folder / "cache")
            disturb(cluster, patient)
            predictions = running.result()
        begun = len(list(patient.folder.iterdir())) - 1
        needs = rf"ststnet, which uses {CORES + 1} CPU cores and 0 GPUs; the largest of \d machines has {CORES}"
        with pytest.raises(MerlabError, match=needs):
            run_on(engine, large, folder / "large", folder / "cache")
    finally:
        cluster.shutdown()
    return predictions, begun


@needs_ray
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ray simulates no cluster there")
def test_workers_that_are_lost_or_join_late_change_no_prediction(tmp_path, monkeypatch):
    # On a busy machine, a simulated one takes longer to start than Ray waits by default.
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "300")
    monkeypatch.setenv("RAY_agent_register_timeout_ms", "300000")
    patient = Patient(tmp_path / "begun")
    patient.folder.mkdir()
    root = write_flow_tree(tmp_path / "flow")
    plan = flow_plan(root, [{"patient": patient}], seeds=5)
    large = flow_plan(root, ["ststnet"], training={"threads": CORES + 1})
    on_cluster, begun = in_a_process(on_a_disturbed_cluster, plan, large, patient, tmp_path)
    # The two units that were lost were begun a second time, by other workers.
    assert begun == 20 + LOST
    pd.testing.assert_frame_equal(on_cluster, run_on(LocalEngine(1), plan, tmp_path / "local", tmp_path / "cache"))


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


def test_a_machine_with_another_version_of_a_package_of_a_method_is_refused():
    """Its classes are looked up by name there, so that other code would give other numbers without a word."""
    assert packages_of([LogisticRegression(), Patient(Path()), np.random.Generator, zip]) == ["numpy", "sklearn"]
    assert ray_cluster._version_here("sklearn") == sklearn.__version__
    for name, has in (("sklearn", sklearn.__version__), ("missing_package", r"\(ModuleNotFoundError: .*\)")):
        with pytest.raises(MerlabError, match=rf"a machine of the cluster has {name} {has} instead of 1\.0; install"):
            ray_cluster._unit(None, None, Fit(0, 0, 0, "key"), {name: "1.0"})  # type: ignore[arg-type]


def test_a_machine_with_other_code_of_your_own_is_refused(tmp_path, monkeypatch):
    """As of a package that is linked by pip install -e: its classes are looked up by name there, too."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "labcode").mkdir()
    (tmp_path / "labcode" / "__init__.py").touch()
    (tmp_path / "labcode" / "helping.py").write_text("HALF = .5")
    (tmp_path / "labcode" / "ours.py").write_text("from labcode.helping import HALF\n\nclass Ours: pass\n")
    ours = import_module("labcode.ours").Ours()
    assert own_modules_of([ours, LogisticRegression()]) == ["labcode.ours"]
    stated = {"labcode.ours": ray_cluster._version_here("labcode.ours")}
    (tmp_path / "labcode" / "helping.py").write_text("HALF = .6")
    with pytest.raises(MerlabError, match=rf"has labcode\.ours \w+ instead of {stated['labcode.ours']}; install"):
        ray_cluster._unit(None, None, Fit(0, 0, 0, "key"), stated)  # type: ignore[arg-type]


def test_without_ray_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(ray_cluster, "find_spec", lambda name: None)
    with pytest.raises(MerlabError, match=r'needs Ray; pip install .*\[ray\]"'):
        RayEngine()


class RayRefusalError(Exception):
    """As ``ray.exceptions.AuthenticationError``, it is none of Python's own errors of connections."""


RAY_EXCEPTIONS = SimpleNamespace(RayError=RayRefusalError)


def test_what_ray_says_of_its_future_is_not_shown(monkeypatch):
    def init(address, **options):
        warnings.warn("Tip: In future versions of Ray, Ray will no longer override ...", FutureWarning, stacklevel=1)
        raise ConnectionError("no answer")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(init=init, exceptions=RAY_EXCEPTIONS))
    monkeypatch.setattr(ray_cluster, "find_spec", lambda package: True)
    with warnings.catch_warnings(record=True) as shown, pytest.raises(MerlabError, match="no answer"):
        RayEngine(jobs=1)._connect()
    assert shown == []


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("auto", "no Ray cluster answers at auto: no token; .* RAY_AUTH_MODE"),
        (None, "Ray does not start .*: no token"),
    ],
)
def test_a_cluster_whose_token_is_lacking_is_a_mistake_with_a_remedy(monkeypatch, address, named):
    def init(address, **options):
        raise RayRefusalError("no token\nMore about it: ...")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(init=init, exceptions=RAY_EXCEPTIONS))
    monkeypatch.setattr(ray_cluster, "find_spec", lambda package: True)
    with pytest.raises(MerlabError, match=named):
        RayEngine(address, jobs=1)._connect()
