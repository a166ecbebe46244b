"""A benchmark that cannot run says in one line what is missing, and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

COMMANDS = {
    "training.py --table linear-svm:paper": "linear-svm:paper is not a network",
    "training.py --table ststnett:paper": "did you mean ststnet?",
    "words.py recordings results": "recordings/SYNTHETIC_events.csv does not exist; give the folder of merlab",
}


@pytest.mark.slow
@pytest.mark.parametrize(("command", "said"), COMMANDS.items(), ids=COMMANDS)
def test_it_ends_with_a_message_and_without_a_traceback(command, said, tmp_path):
    name, *arguments = command.split()
    program = [sys.executable, str(REPOSITORY / "benchmarks" / name), *arguments]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
