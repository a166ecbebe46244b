"""The benchmark for a GPU runs on a CPU at a small size, with no library but torch, and keeps to its limit."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_small_run_needs_only_torch_and_writes_what_it_measured(tmp_path):
    command = [
        *(sys.executable, REPOSITORY / "tests" / "benchmarks" / "only_torch.py", REPOSITORY / "benchmarks" / "gpu.py"),
        *("--device", "cpu", "--small", "--minutes", "1", "--out", tmp_path),
    ]
    begin = time.monotonic()
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert time.monotonic() - begin < 90
    assert "failed" not in run.stdout
    (written,) = tmp_path.glob("*.json")
    results = json.loads(written.read_text(encoding="utf-8"))
    assert results["agreement"]["graphs"]["relative_difference"] == 0
    assert results["agreement"]["same_bits_together"]
    assert results["machine"]["matrix_tflops"] > 0
    assert written.with_suffix(".md").read_text(encoding="utf-8").startswith("```text")
