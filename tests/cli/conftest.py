"""Commands, as a user types them."""

from __future__ import annotations

import sys
from functools import cache

import pytest
import typer.main

from merlab import cli
from merlab.faces import model_files
from tests.helpers import write_flow_tree

# A process reads the annotations of all commands once; so does this one, for its hundreds of commands.
parser_of = cache(typer.main.get_command)


@pytest.fixture
def merlab(monkeypatch, capsys, tmp_path):
    """Runs a command in this process; returns (status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # The face mesh of this machine's user is not there for commands of tests.
    monkeypatch.setattr(model_files, "models_folder", lambda: tmp_path / "cache" / "merlab" / "models")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(typer.main, "get_command", parser_of)

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
