"""The benchmark for a GPU runs on a CPU at a small size, with no library but torch, and keeps to its limit."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_small_run_needs_only_torch_and_writes_what_it_measured(tmp_path):
    command = [
        *(sys.executable, REPOSITORY / "tests" / "benchmarks" / "only_torch.py", REPOSITORY / "benchmarks" / "gpu.py"),
        *("--device", "cpu", "--small", "--minutes", "10", "--out", tmp_path),
    ]
    # It takes ten seconds of a core: a busy machine does not reach the limit, at which a run leaves something out.
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stderr
    assert "failed" not in run.stdout
    (written,) = tmp_path.glob("*.json")
    results = json.loads(written.read_text(encoding="utf-8"))
    assert results["agreement"]["graphs"]["relative_difference"] == 0
    assert results["agreement"]["same_bits_together"]
    assert results["machine"]["matrix_tflops"] > 0
    assert list(results["table7"]) == ["gfem", "ltfem", "dbfem", "dbfem-caffm", "dbfem-caffm-l", "dbfem-caffm-g"]
    assert results["loso"].keys() <= results["training"].keys()
    assert results["loso"]
    assert results["projection"]["assumed"] in run.stdout
    assert "failures" not in results
    assert written.with_suffix(".md").read_text(encoding="utf-8").startswith("```text")


STUCK = """
import sys, time
import gpu
gpu.do = lambda bench, section: time.sleep(3600)
gpu.main(["--device", "cpu", "--small", "--minutes", "0.05", "--out", sys.argv[1]])
"""


@pytest.mark.slow
def test_a_run_ends_at_its_limit_whatever_it_is_doing_then(tmp_path):
    command = [sys.executable, "-c", STUCK, tmp_path]
    run = subprocess.run(
        command, cwd=REPOSITORY / "benchmarks", capture_output=True, text=True, timeout=180, check=False
    )
    assert run.returncode == 0, run.stderr
    (written,) = tmp_path.glob("*.md")
    assert "the time is over: the run ends here" in written.read_text(encoding="utf-8")


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.syspath_prepend(REPOSITORY / "benchmarks")
    return importlib.import_module("gpu")


@pytest.fixture
def bench(gpu, tmp_path):
    return gpu.Bench(torch.device("cpu"), gpu.SMALL, time.monotonic() + 3600, 1, True, tmp_path, {"machine": MACHINE})


MACHINE = {"card": "none", "date": "2026-11-27T00:00:00"}
FOREVER, READY, FAILED = "import time; time.sleep(600)", "pass", "raise SystemExit(1)"


def processes(**programs: str) -> dict[str, subprocess.Popen[bytes]]:
    return {name: subprocess.Popen([sys.executable, "-c", program]) for name, program in programs.items()}


@pytest.mark.slow
def test_what_compiles_too_long_is_ended_and_named(gpu, bench):
    compiling = processes(training=FOREVER, gfem=READY, ltfem=FAILED)
    for name in ("gfem", "ltfem"):
        compiling[name].wait(timeout=60)
    gpu.wait_for(bench, compiling, time.monotonic() + 0.2)
    assert bench.ready == {"gfem"}
    assert all(process.poll() is not None for process in compiling.values())
    assert "compiling training in advance: took too long" in bench.lines
    assert "compiling ltfem in advance: failed" in bench.lines


@pytest.mark.slow
def test_a_compilation_that_never_ends_does_not_stop_the_rest(gpu, bench, monkeypatch):
    done = []

    def start_compiling(_):
        done.append("start_compiling")
        return processes(training=FOREVER)

    monkeypatch.setattr(gpu, "do", lambda bench, section: done.append(section.__name__))
    monkeypatch.setattr(gpu, "machine", lambda bench: None)
    monkeypatch.setattr(gpu, "end_at_limit", lambda bench, compiling: None)
    monkeypatch.setattr(gpu, "start_compiling", start_compiling)
    monkeypatch.setattr(gpu, "LEAST_COMPILING_SECONDS", 0.1)
    monkeypatch.setattr(gpu, "COMPILING", 0.3 / 60)
    gpu.run(bench)
    without = ["training", "whole_loso", "table7", "start_compiling", "agreement"]
    assert done == [*without, "training_compiled", "whole_loso"]


def test_compilation_is_left_out_where_it_has_no_time(gpu, bench, monkeypatch):
    done = []
    monkeypatch.setattr(gpu, "do", lambda bench, section: done.append(section.__name__))
    bench.end = time.monotonic() + 20
    gpu.compile_and_measure(bench, {})
    assert done == ["agreement"]
    assert "\ncompiled networks: left out, the time is too short to compile them" in bench.lines
