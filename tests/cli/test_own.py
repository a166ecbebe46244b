"""Somebody's own methods, clips and classes: the command line and Python give identical numbers."""

from __future__ import annotations

import pandas as pd
import pytest

import merlab as library
from tests.helpers import moved, texture, write_frames

pytestmark = pytest.mark.usefixtures("nothing_drawn")

METHODS = """
import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
import merlab

pipeline = make_pipeline(StandardScaler(), LogisticRegression())


class Nearest:
    name = "nearest"

    def fit(self, inputs, labels):
        self.means = np.stack([inputs[labels == each].mean(axis=0).ravel() for each in range(labels.max() + 1)])

    def predict_proba(self, inputs):
        distances = ((inputs.reshape(len(inputs), 1, -1) - self.means) ** 2).sum(axis=-1)
        weights = np.exp(distances.min(axis=1, keepdims=True) - distances)
        return weights / weights.sum(axis=1, keepdims=True)


class Net(torch.nn.Module):
    def __init__(self, task):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(task.classes))
        self.layers(torch.zeros(1, task.channels, task.height, task.width))

    def forward(self, batch):
        return self.layers(batch)


net = merlab.Method("net", network=Net, presets={"short": merlab.Preset(training={"epochs": 2})})
"""
SCHEME = "name: directions\nlabels: {smile: up, frown: down, sneer: down}\n"


@pytest.fixture
def lab(tmp_path):
    """Twelve clips of four subjects in a table, a scheme, and a file of methods."""
    rows = []
    for number in range(12):
        label, shift = [("smile", 2.0), ("frown", -2.0), ("sneer", -1.5)][number % 3]
        face = texture(number)
        write_frames(tmp_path / "clips" / f"c{number}", [face, moved(face, 0, shift), face])
        rows.append({"subject": f"p{number % 4}", "clip": f"c{number}", "frames": f"clips/c{number}", "label": label})
    table = pd.DataFrame(rows).assign(onset=1, apex=2, offset=3, fps=200)
    table.to_csv(tmp_path / "clips.csv", index=False)
    (tmp_path / "scheme.yaml").write_text(SCHEME)
    (tmp_path / "my_methods.py").write_text(METHODS)
    return tmp_path


OWN = ["my_methods.py:pipeline", "my_methods.py:Nearest", "my_methods.py:net"]


def command(*more):
    own = [text for each in OWN for text in ("--method", each)]
    data = ["--database", "table", "--root", "clips.csv", "--scheme", "scheme.yaml", "--seeds", "3,1"]
    return ["evaluate", "linear-svm", *own, *data, "--jobs", 1, "--out", "run", *more]


@pytest.mark.slow
def test_numbers_are_identical_both_ways(merlab, lab):
    status, out, err = merlab(*command())
    assert status == 0, err
    assert all(name in out for name in ("linear-svm", "pipeline", "nearest", "net"))
    typed = library.Results.read(lab / "run").predictions
    called = library.evaluate(
        library.load("table", lab / "clips.csv"),
        ["linear-svm", *(str(lab / each) for each in OWN)],
        scheme=lab / "scheme.yaml",
        seeds=[3, 1],
        jobs=1,
        progress=False,
    ).predictions
    pd.testing.assert_frame_equal(typed, called)
    assert sorted(set(typed["seed"])) == [1, 3]


@pytest.mark.slow
def test_the_report_says_how_the_run_is_repeated(merlab, lab):
    merlab(*command())
    page = (lab / "run" / "report.html").read_text(encoding="utf-8")
    for text in ("--method my_methods.py:net", "--scheme SCHEME.yaml", "--seeds 3,1", "directions"):
        assert text in page


@pytest.mark.slow
def test_a_method_that_fails_is_named_without_a_traceback(merlab, lab):
    (lab / "my_methods.py").write_text(METHODS.replace("self.means = np.stack", "self.means = np.stacks"))
    status, _, err = merlab(*command())
    assert status == 1
    assert "method nearest: fit raised AttributeError" in " ".join(err.split())
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (["--method", "my_methods.py:svm"], "defines no svm"),
        (["--method", "nothing.py:svm"], "nothing.py does not exist"),
        (["--method", "my_methods.py:np"], "is not a method"),
        (["--seeds", "three"], "--seeds takes a number, or seeds such as 3,7,11"),
    ],
)
def test_a_mistake_is_named_without_a_traceback(merlab, lab, change, fault):
    status, _, err = merlab(*command(*change))
    assert status == 1
    assert fault in " ".join(err.split())
    assert "Traceback" not in err


def test_without_a_method_both_ways_to_name_one_are_said(merlab, lab):
    status, _, err = merlab("evaluate", "--database", "table", "--root", "clips.csv")
    assert status == 1
    assert "--method FILE.py:NAME" in err
