"""A benchmark that cannot run says in one line what is missing, and what to do."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

# Those that say in their first lines how to run them; the others are their parts.
PROGRAMS = [
    path.name
    for path in sorted(BENCHMARKS.glob("*.py"))
    if f"benchmarks/{path.name}" in path.read_text(encoding="utf-8").split('"""')[1]
]
COMMANDS = {
    "spotting_selection.py truth.csv detections": "truth.csv does not exist",
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


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize(("argument", "status"), [("--help", 0), ("--nonsense", 2)])
def test_it_explains_itself_and_takes_no_unknown_option(name, argument, status, monkeypatch, capsys):
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setattr(sys, "argv", [name, argument])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(BENCHMARKS / name), run_name="__main__")
    assert ended.value.code == status
    printed = capsys.readouterr()
    first_line = (BENCHMARKS / name).read_text(encoding="utf-8").split("\n")[0].strip('"')
    assert first_line in printed.out if status == 0 else f"{name}: error:" in printed.err
