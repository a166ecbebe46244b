"""A benchmark that cannot run says in one line what is missing, and what to do."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

COMMANDS = {
    "training.py --table linear-svm:paper": "linear-svm:paper is not a network",
    "training.py --table ststnett:paper": "did you mean ststnet?",
    "words.py recordings results": "recordings/SYNTHETIC_events.csv does not exist; give the folder of merlab",
}


@pytest.mark.slow
@pytest.mark.parametrize(("command", "said"), COMMANDS.items(), ids=COMMANDS)
def test_it_ends_with_a_message_and_without_a_traceback(command, said, tmp_path, monkeypatch, capsys):
    name, *arguments = command.split()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(BENCHMARKS / name), run_name="__main__")
    # Python writes a text that a program exits with to the standard error, without a traceback, with status 1.
    message = str(ended.value.code)
    assert said in message
    assert len(message.splitlines()) == 1
    assert capsys.readouterr().err == ""
