"""Commands, as a user types them."""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest
import typer.main
from matplotlib.figure import Figure

from merlab import cli
from merlab.faces import model_files
from merlab.frames import write_image
from tests.helpers import write_flow_tree
from tests.spotting.comparison.recorded import frames

# A process reads the annotations of all commands once; so does this one, for its hundreds of commands.
parser_of = cache(typer.main.get_command)
MOVEMENTS = {"a": (40, 48, 56), "b": (30, 38, 46)}
COUNT = 100


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
def nothing_drawn(monkeypatch):
    """Pictures of reports are empty: to draw them takes longer than some folds, and tests/reports looks at them."""
    for name in ("confusion_figure", "uf1_chart"):
        monkeypatch.setattr(f"merlab.reports.figures.{name}", lambda *_: Figure(figsize=(1, 1)))


@pytest.fixture
def flow(tmp_path):
    return write_flow_tree(tmp_path / "flow")


@pytest.fixture
def recorded(tmp_path):
    """Two videos as folders of images, and the tables of `merlab long-videos`."""
    for seed, (name, movement) in enumerate(MOVEMENTS.items()):
        for number, gray in enumerate(frames(COUNT, [movement], seed, px=2), start=1):
            (tmp_path / name).mkdir(exist_ok=True)
            write_image(tmp_path / name / f"{number}.png", np.repeat(gray[..., None], 3, axis=2))
    rows = [(name, onset + 1, offset + 1, "micro") for name, (onset, _, offset) in MOVEMENTS.items()]
    (tmp_path / "truth").mkdir()
    pd.DataFrame(rows, columns=["video", "onset", "offset", "kind"]).to_csv(tmp_path / "truth/truth.csv", index=False)
    videos = pd.DataFrame({"video": list(MOVEMENTS), "source": list(MOVEMENTS), "fps": 50})
    videos.to_csv(tmp_path / "truth/videos.csv", index=False)
    return tmp_path
