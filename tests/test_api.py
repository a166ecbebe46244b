"""``merlab.evaluate``: objects in, tables out."""

from __future__ import annotations

import inspect
import io
import json
import multiprocessing
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import merlab
from merlab.databases.long_video import LongVideo
from merlab.errors import MerlabError, Stopped
from merlab.evaluation.engines import LocalEngine
from merlab.faces.alignment import FaceFinding
from merlab.methods import METHODS, find_method
from merlab.outputs.locks import InUseError
from merlab.registry import ListedModule
from merlab.schemes import SCHEMES
from merlab.spotting.comparison.recordings import recordings
from merlab.spotting.spot import SpottingSettings
from merlab.synthesis.flow_writing import make_flow
from merlab.videos.result import read_video_result
from tests.helpers import own_input, write_flow_tree
from tests.programs import evaluate_program
from tests.training_material import write_start
from tests.videos.recognizers import small_recognizer


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    return write_flow_tree(tmp_path_factory.mktemp("api") / "flow")


@pytest.fixture(scope="module")
def clips(flow):
    return merlab.load("ststnet-flow", flow)


EVENTS = pd.DataFrame({"video": ["a"], "onset": [1], "offset": [3]})
LONG = LongVideo("mine", "s1", "a", Path("a.mp4"), fps=50.0, frames=100, events=())


class Constant:
    """Remembers which labels it saw."""

    def fit(self, inputs, labels, groups, seed):
        self.groups = groups

    def predict_proba(self, inputs):
        return np.tile([0.2, 0.3, 0.5], (len(inputs), 1))


class Tiny(torch.nn.Module):
    """A network of one layer."""

    def __init__(self, task: merlab.Task, *, bias: bool = True) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(task.channels * task.height * task.width, task.classes, bias=bias)
        )

    def forward(self, batch):
        return self.layers(batch)


def evaluate(clips, methods, tmp_path, **options):
    given = {"scheme": "megc2019", "seeds": 1, "jobs": 1, "cache": tmp_path / "cache", "progress": False, **options}
    return merlab.evaluate(clips, methods, **given)


def test_a_folder_that_cannot_be_written_is_refused_before_the_inputs_are_made(clips, tmp_path):
    """They may take hours."""
    (tmp_path / "run").symlink_to(tmp_path / "unmounted" / "run")
    steps = []
    with pytest.raises(MerlabError, match="run is a link to a place that does not exist; choose a folder"):
        evaluate(clips, "constant", tmp_path, out=tmp_path / "run", progress=lambda *step: steps.append(step))
    assert steps == []


@pytest.mark.slow
def test_a_run_folder_has_one_writer(clips, tmp_path):
    options = {"scheme": "megc2019", "seeds": 1, "out": tmp_path / "run", "progress": False}

    class WithAnotherRun:
        def work(self, plan, cache, fits, on_epoch):
            with pytest.raises(InUseError, match="run is being written by"):
                merlab.evaluate(clips, "linear-svm", **options)
            yield from LocalEngine(1).work(plan, cache, fits, on_epoch)

    merlab.evaluate(clips, "constant", engine=WithAnotherRun(), **options)
    assert list(merlab.Results.read(tmp_path / "run").summary.index) == ["constant"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_names_methods_estimators_and_objects_stand_in_one_table(clips, tmp_path):
    tiny = merlab.Method("tiny", network=Tiny, presets={"short": merlab.Preset(training={"epochs": 2})})
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    results = evaluate(clips, ["linear-svm", tiny, {"mine": Constant(), "ridge": pipeline}], tmp_path)
    assert list(results.summary.index) == ["linear-svm", "tiny", "mine", "ridge"]
    assert results.summary.loc["mine", "uar"] == pytest.approx(1 / 3)
    assert set(results.predictions.groupby("method").size()) == {24}


def test_predictions_of_an_estimator_are_those_that_it_gives_by_itself(clips, tmp_path):
    from merlab.inputs import load_inputs, parse_recipe

    results = evaluate(clips, {"ridge": LogisticRegression()}, tmp_path, input="flow:channels=uvs,size=28x28")
    inputs = load_inputs(clips, parse_recipe("flow:channels=uvs,size=28x28"), tmp_path / "cache").reshape(24, -1)
    labels = np.array([["negative", "positive", "surprise"].index(clip.emotion) for clip in clips])
    groups = np.array(clips.groups)
    expected = pd.Series(index=range(24), dtype=object)
    for group in np.unique(groups):
        fitted = LogisticRegression().fit(inputs[groups != group], labels[groups != group])
        expected[groups == group] = fitted.predict(inputs[groups == group])
    names = [clip.name for clip in clips]
    given = results.predictions.set_index("clip")["prediction"].loc[names]
    assert list(given) == [["negative", "positive", "surprise"][each] for each in expected]


def test_network_options_of_ones_own_method_are_options(clips, tmp_path):
    tiny = merlab.Method("tiny", network=Tiny, presets={"short": merlab.Preset(training={"epochs": 1})})
    results = evaluate(clips, tiny, tmp_path, network={"bias": "false"}, training={"batch_size": 8})
    (facts,) = results.record.methods
    assert facts.network == {"bias": False}
    assert facts.settings is not None
    assert facts.settings["batch_size"] == 8


def test_no_method_gets_a_label_or_a_subject_of_the_test_fold(clips, tmp_path):
    seen = []

    class Spy(Constant):
        def fit(self, inputs, labels, groups, seed):
            seen.append((set(groups), len(inputs), len(labels)))

        def predict_proba(self, inputs):
            return np.full((len(inputs), 3), 1 / 3)

    evaluate(clips, {"spy": Spy}, tmp_path)
    everybody = set(clips.groups)
    assert len(seen) == len(everybody)
    assert all(len(everybody - groups) == 1 and inputs == labels for groups, inputs, labels in seen)


@pytest.mark.slow
def test_a_run_in_a_folder_is_resumed_and_an_edited_method_is_run_again(clips, tmp_path):
    log = tmp_path / "fits"

    class Counted(Constant):
        answer = (0.2, 0.3, 0.5)

        def fit(self, inputs, labels, groups, seed):
            with log.open("a") as file:
                file.write(".")

        def predict_proba(self, inputs):
            return np.tile(self.answer, (len(inputs), 1))

    first = evaluate(clips, {"mine": Counted}, tmp_path, out=tmp_path / "run")
    folds = log.stat().st_size
    again = evaluate(clips, {"mine": Counted}, tmp_path, out=tmp_path / "run")
    assert log.stat().st_size == folds
    pd.testing.assert_frame_equal(first.predictions, again.predictions)
    Counted.answer = (0.5, 0.3, 0.2)
    edited = evaluate(clips, {"mine": Counted}, tmp_path, out=tmp_path / "run")
    assert set(edited.predictions["prediction"]) == {"negative"}


def test_a_file_in_the_place_of_the_run_folder_is_named_and_kept(clips, tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(MerlabError, match="run is a file; choose a folder for the run"):
        evaluate(clips, ["constant"], tmp_path, out=tmp_path / "run")
    assert (tmp_path / "run").read_text() == "mine"


@pytest.mark.slow
def test_a_method_of_ones_own_stays_in_its_run_when_another_is_added(clips, tmp_path):
    evaluate(clips, {"mine": Constant}, tmp_path, out=tmp_path / "run")
    evaluate(clips, "linear-svm", tmp_path, out=tmp_path / "run")
    assert set(merlab.Results.read(tmp_path / "run").summary.index) == {"mine", "linear-svm"}


@pytest.mark.slow
def test_a_call_gives_its_own_methods_and_the_folder_keeps_those_of_earlier_calls(clips, tmp_path):
    alone = evaluate(clips, ["constant", "linear-svm"], tmp_path, out=tmp_path / "alone")
    evaluate(clips, {"mine": Constant}, tmp_path, out=tmp_path / "run")
    results = evaluate(clips, ["constant", "linear-svm"], tmp_path, out=tmp_path / "run")
    assert results.summaries == alone.summaries
    assert set(results.predictions["method"]) == {"constant", "linear-svm"}
    assert [facts.method for facts in results.record.methods] == ["constant", "linear-svm"]
    assert [each["method"] for each in json.loads((tmp_path / "run" / "metrics.json").read_text())] == [
        "mine",
        "constant",
        "linear-svm",
    ]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (np.zeros((1, 3)), "gave an array of shape"),
        ([0.5, 0.5], "gave an array of shape"),
        ([0.9, 0.9, 0.9], "gave rows that are not probabilities"),
        ([0.1, 0.1, 0.1], "gave rows that are not probabilities"),
        ([-0.5, 0.5, 1.0], "gave rows that are not probabilities"),
        ([np.nan, 0.5, 0.5], "not finite"),
    ],
)
def test_answers_that_are_not_probabilities_are_refused(clips, tmp_path, answer, fault):
    class Faulty(Constant):
        def predict_proba(self, inputs):
            return answer if np.ndim(answer) == 2 else np.tile(answer, (len(inputs), 1))

    with pytest.raises(MerlabError, match=fault):
        evaluate(clips, {"faulty": Faulty}, tmp_path)


EVENT = pd.DataFrame({"video": ["a"], "onset": [1], "offset": [5]})
# As a program without a type checker makes them.
spotting_settings: Any = SpottingSettings
face_finding: Any = FaceFinding
ONE = pd.DataFrame({"truth": ["a", "b"], "prediction": ["a", "b"]})


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (lambda lab, clips: lab.evaluate(clips, "constant", preset=2), "preset must be a str"),
        (
            lambda lab, clips: lab.evaluate(clips, "constant", protocol="hold-out-database", train_on=[]),
            "train_on must be",
        ),
        (lambda lab, clips: lab.evaluate(clips, "constant", out=5), "out must be a path"),
        (lambda lab, clips: lab.evaluate(clips, "constant", cache=2.5), "cache must be a path"),
        (lambda lab, clips: lab.evaluate(clips, "constant", synthetic=[]), "synthetic must be a path"),
        (
            lambda lab, clips: lab.evaluate(clips, "constant", engine="local"),
            "engine must be a LocalEngine or a RayEngine",
        ),
        (lambda lab, clips: lab.evaluate(clips, "constant", engine=0), "engine must be a LocalEngine or a RayEngine"),
        (lambda lab, clips: lab.evaluate(clips, "constant", seeds=b"x"), "seeds must be a whole number"),
        (lambda lab, clips: lab.compare_spotting([], ["mdmd"]), "videos must be a list of recordings, such as"),
        (lambda lab, clips: lab.compare_spotting(["a.mp4"]), "videos must be a list of recordings"),
        (lambda lab, clips: lab.compare_spotting([LONG], training="a"), "training must be a list of recordings"),
        (
            lambda lab, clips: lab.compare_spotting([LONG], []),
            r"methods must be one or more spotting methods, got \[\]",
        ),
        (lambda lab, clips: lab.compare_spotting([LONG], out=5), "out must be a path, as text or pathlib.Path, got 5"),
        (lambda lab, clips: lab.compare_spotting([LONG], out=""), "out must be a path"),
        *(
            (
                lambda lab, clips, jobs=jobs: lab.compare_spotting([LONG], jobs=jobs),
                "jobs must be a whole number from 1 up",
            )
            for jobs in (0, "two", 1.5, True)
        ),
        (lambda lab, clips: lab.compare_spotting([LONG], seed="a"), "seed must be a whole number from 0 up"),
        (lambda lab, clips: lab.compare_spotting([LONG], again="no"), "again must be True or False"),
        (lambda lab, clips: lab.score_spotting(1, EVENT), "the true events must be table files or DataFrames, got 1"),
        (
            lambda lab, clips: lab.score_spotting(EVENT, [2]),
            "the spotted events must be table files or",
        ),
        (lambda lab, clips: lab.score_spotting(EVENT, None), "no table of events is given"),
        (lambda lab, clips: lab.score_spotting(EVENT, iter([])), "no table of events is given"),
        (lambda lab, clips: lab.score_spotting(EVENT, EVENT, Fraction(1, 2)), "0.5 is not a frame rate"),
        (
            lambda lab, clips: lab.score_spotting(EVENT, EVENT, threshold="x"),
            "threshold must be a finite number",
        ),
        (lambda lab, clips: lab.score_spotting(EVENT, EVENT, kind="makro"), "unknown kind 'makro'; did you mean macro"),
        (
            lambda lab, clips: lab.score_spotting(EVENT, EVENT, by_duration=1),
            "by_duration must be True or False, got 1",
        ),
        (
            lambda lab, clips: lab.Scheme("mine", "", ("a", "b"), {"x": 1}),
            "scheme mine: give texts: a name",
        ),
        (
            lambda lab, clips: lab.Scheme("mine", "", None, None),
            "scheme mine: give texts",
        ),
        (lambda lab, clips: lab.Scheme(4, "", ("a",), {"a": "a"}), "scheme 4: give texts"),
        (lambda lab, clips: lab.Scheme("mine", None, ("a",), {"a": "a"}), "scheme mine: give texts"),
        (
            lambda lab, clips: lab.Scheme("mine", "", ("a",), {"a": "a"}, column="emotions"),
            "scheme mine: unknown column 'emotions'; did you mean emotion",
        ),
        (
            lambda lab, clips: lab.Scheme("mine", "", ("a",), {"a": "a"}, omitted_emotions={"others"}),
            r"scheme mine: omitted_emotions must be a set of \(database, emotion\), got {'others'}",
        ),
        (
            lambda lab, clips: lab.Scheme("mine", "", ("a",), {"a": "a"}, omitted_clips=[("casme2", "EP1")]),
            r"scheme mine: omitted_clips must be a set of \(database, subject, clip\)",
        ),
        (lambda lab, clips: lab.load(None, "x"), "a database is given by its name, got a NoneType"),
        (lambda lab, clips: lab.load("casme2", None), "root must be a path"),
        (lambda lab, clips: lab.load("casme2", "x", table=5), "table must be a path"),
        (lambda lab, clips: lab.load("casme2", "x", aligned="yes"), "aligned must be True or False"),
        (lambda lab, clips: lab.load("casme2", "x", allow_unusable="no"), "allow_unusable must be True or False"),
        (lambda lab, clips: lab.score(None), "the table must be a DataFrame or the path of a table file, got None"),
        (lambda lab, clips: lab.score(""), "the table must be a path, as text or pathlib.Path, got ''"),
        (lambda lab, clips: lab.score(ONE, 5), "the classes must be a list of labels, got 5"),
        (lambda lab, clips: lab.ClipTable(5), "clips must be Clip objects, got 5"),
        (lambda lab, clips: lab.ClipTable(("a",)), "clips must be Clip objects"),
        (lambda lab, clips: lab.ClipTable((), "EP1"), r"stamps must be texts, got 'EP1'; give one as \[text\]"),
        (lambda lab, clips: lab.ClipTable.from_rows([], "EP1"), "stamps must be texts, got 'EP1'"),
        (lambda lab, clips: lab.ClipTable((), findings=["dark"]), "findings must be Finding objects"),
        (lambda lab, clips: lab.ClipTable((), sources=None), "sources must be Source objects, got None"),
        (
            lambda lab, clips: lab.ClipTable.from_rows("a"),
            "rows must be dictionaries with the fields of a Clip, got 'a'",
        ),
        (lambda lab, clips: lab.ClipTable.joined([None]), "tables must be ClipTable objects"),
        (lambda _, clips: clips[None], "a clip is chosen by its position, its key or its name, got None"),
        (lambda _, clips: clips.frames(0), r"clip must be a Clip, such as table\[0\], got 0"),
        (lambda lab, clips: lab.Method(5, network=broken_network), "the name of a method must be a str"),
        (lambda lab, clips: lab.Method("mine", network="net"), "network and pipeline are functions or classes"),
        (lambda lab, clips: lab.Method("mine", network=broken_network, presets=["a"]), "presets must map names to"),
        (lambda lab, clips: lab.Method("", network=broken_network), "the name of a method is empty"),
        (
            lambda lab, clips: lab.Method("mine", network=broken_network, presets={3: lab.Preset()}),
            "method mine: presets must map names to",
        ),
        (
            lambda lab, clips: lab.Method("mine", network=broken_network, seeded="no"),
            "method mine: seeded must be True or False, got 'no'",
        ),
        (
            lambda lab, clips: lab.Method("mine", network=broken_network, view="top"),
            "method mine: unknown view 'top'; views are global, local, both",
        ),
        (
            lambda lab, clips: lab.Method("mine", network=broken_network, takes=("img",)),
            r"method mine: unknown layout 'img'; did you mean image\? layouts are image, sequence, vector",
        ),
        (
            lambda lab, clips: lab.methods.find_method(None),
            "None is not a name, and only evaluate and profile take files and objects",
        ),
        (lambda lab, clips: lab.methods.ensemble("mine", None), "NoneType is not a method"),
        (lambda lab, clips: lab.methods.ensemble("mine", [Constant], seeds=2.5), "1 or more seeds for each"),
        (lambda lab, clips: lab.Results.read(None), "folder must be a path"),
        (lambda lab, clips: lab.Task(3, 3, 28, 0), "width must be a whole number from 1 up, got 0"),
        (lambda lab, clips: lab.Task("3", 3, 28, 28), "classes must be a whole number from 0 up, got '3'"),
        (lambda lab, clips: lab.evaluate(clips, "linear-svm", preset="", jobs=1), "linear-svm has no preset ''"),
        (lambda lab, clips: lab.profile("ststnet", preset="", progress=False), "ststnet has no preset ''"),
        (lambda lab, clips: lab.profile("ststnet", preset=["paper"], progress=False), "ststnet has no preset"),
        (lambda lab, clips: spotting_settings(score=0.4), "score of spotting must be a ScoreSettings"),
        (lambda lab, clips: spotting_settings(macro=None), "macro of spotting must be a MacroSettings"),
        (lambda lab, clips: face_finding(detector="yolo"), "unknown detector 'yolo'"),
        (lambda lab, clips: face_finding(landmarks="5-points"), "unknown landmark source '5-points'"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_by_its_name(clips, call, fault):
    with pytest.raises(MerlabError, match=fault):
        call(merlab, clips)


def merlab_method(kind):
    return merlab.Method("mine", pipeline=lambda task: Constant(), input=kind)


def broken_network(task):
    return torch.nn.Linear(2, 2)


class Leaving(Constant):
    def predict_proba(self, inputs):
        sys.exit("bye")


class Locked(Constant):
    def __init__(self):
        self.lock = threading.Lock()


class Broken(Constant):
    def fit(self, inputs, labels, groups, seed):
        raise KeyError("weights")


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ({"broken": Broken}, r"method broken: fit raised KeyError: 'weights' \(.*test_api.py, line \d+"),
        ({"leaving": Leaving}, r"method leaving: predict_proba raised SystemExit: bye .*fold .*, seed 0"),
        ({"locked": Locked()}, r"cannot be copied .*every fold gets a deep copy of it; give the class, or a function"),
        (merlab.Method("net", network=broken_network), "method net: fit raised RuntimeError"),
        (merlab.Method("net", network=lambda task: task.height / 0), "method net: .* raised ZeroDivisionError"),
    ],
)
def test_a_mistake_in_ones_own_code_names_method_step_and_line(clips, tmp_path, method, fault):
    with pytest.raises(MerlabError, match=fault):
        evaluate(clips, method, tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("prepared_processes")
def test_a_mistake_in_a_file_is_named_with_the_file_also_in_worker_processes(clips, tmp_path):
    source = tmp_path / "bad.py"
    source.write_text(
        "import numpy as np\n\n\nclass Bad:\n    def fit(self, inputs, labels):\n        raise ValueError('no')\n\n"
        "    def predict_proba(self, inputs):\n        return np.ones((len(inputs), 3)) / 3\n"
    )
    with pytest.raises(MerlabError, match=r"fit raised ValueError: no \(.*bad\.py, line 6\)"):
        evaluate(clips, [f"{source}:Bad"], tmp_path, jobs=2)


@pytest.mark.parametrize("make", [lambda kind: type("Mine", (Constant,), {"input": kind})(), merlab_method])
def test_an_own_input_can_be_stated_by_the_method(clips, tmp_path, make):
    results = evaluate(clips, {"mine": make(own_input(lambda *_: np.zeros((1, 8, 8), np.float32)))}, tmp_path)
    assert results.record.methods[0].input.startswith("mine:size=8x8")


@pytest.mark.slow
@pytest.mark.usefixtures("prepared_processes")
def test_an_error_ends_worker_processes_that_still_have_many_epochs_to_report(clips, tmp_path):
    """As of a handler of a signal, or of another method; they waited forever for somebody to read the epochs."""

    def stop(done, total, what):
        if done % 1:  # A part of a fit.
            raise TimeoutError("of the program")

    tiny = merlab.Method("tiny", network=Tiny, presets={"long": merlab.Preset(training={"epochs": 3000})})
    with pytest.raises(TimeoutError, match="of the program"):
        evaluate(clips, tiny, tmp_path, jobs=2, progress=stop)


@pytest.mark.slow
def test_a_method_that_fails_does_not_stop_the_next_run_in_its_folder(clips, tmp_path):
    evaluate(clips, {"mine": Constant}, tmp_path, out=tmp_path / "run")
    with pytest.raises(MerlabError, match="method broken"):
        evaluate(clips, {"broken": Broken}, tmp_path, out=tmp_path / "run")
    evaluate(clips, "random", tmp_path, out=tmp_path / "run")
    assert list(merlab.Results.read(tmp_path / "run").summary.index) == ["mine", "random"]


@pytest.mark.slow
def test_after_a_method_that_fails_a_finished_run_is_as_it_was(clips, tmp_path):
    before = evaluate(clips, {"mine": Constant}, tmp_path, out=tmp_path / "run")
    metrics = (tmp_path / "run" / "metrics.json").read_text()
    with pytest.raises(MerlabError, match="method broken"):
        evaluate(clips, {"broken": Broken}, tmp_path, out=tmp_path / "run")
    pd.testing.assert_frame_equal(merlab.Results.read(tmp_path / "run").predictions, before.predictions)
    assert (tmp_path / "run" / "metrics.json").read_text() == metrics


@pytest.mark.slow
@pytest.mark.parametrize("out", ["run", None])
def test_a_stop_during_the_report_says_what_is_kept(clips, tmp_path, monkeypatch, out):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("merlab.api.write_report" if out else "merlab.api.Results", stop)
    folder = tmp_path / out if out else None
    with pytest.raises(Stopped) as stopped:
        evaluate(clips, "constant", tmp_path, out=folder)
    kept = f"finished work is kept in {folder}" if out else "nothing is kept, because no folder was given"
    assert str(stopped.value) == kept


def test_the_methods_before_one_that_fails_have_a_report(clips, tmp_path):
    with pytest.raises(MerlabError, match="method broken"):
        evaluate(clips, {"mine": Constant, "broken": Broken}, tmp_path, out=tmp_path / "run")
    assert list(merlab.Results.read(tmp_path / "run").summary.index) == ["mine"]
    assert "mine" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_a_preset_is_ignored_by_a_method_that_has_none(clips, tmp_path):
    results = evaluate(clips, ["linear-svm", {"mine": Constant}], tmp_path, preset="paper")
    assert [facts.preset for facts in results.record.methods] == ["paper", "default"]


def printed(arguments, cwd, stdin=None):
    done = subprocess.run(
        [sys.executable, *arguments], input=stdin, cwd=cwd, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def expected(flow, tmp_path_factory):
    folder, said = tmp_path_factory.mktemp("programs"), io.StringIO()
    with redirect_stdout(said):
        exec(evaluate_program(flow, folder / "cache", jobs=1), {})
    return folder, said.getvalue()


@pytest.mark.slow
class TestMethodsOfAProgram:
    """Two processes give what one gives, wherever the method is defined."""

    def test_in_a_script_without_a_main_guard(self, flow, expected):
        folder, alone = expected
        (folder / "script.py").write_text(evaluate_program(flow, folder / "cache", jobs=2))
        assert printed(["script.py"], folder) == alone

    def test_read_from_standard_input(self, flow, expected):
        folder, alone = expected
        assert printed(["-"], folder, stdin=evaluate_program(flow, folder / "cache", jobs=2)) == alone

    def test_in_a_notebook(self, flow, expected):
        nbformat, nbclient = (import_module(name) for name in ("nbformat", "nbclient"))
        folder, alone = expected
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [nbformat.v4.new_code_cell(evaluate_program(flow, folder / "cache", jobs=2))]
        nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
        assert (
            "".join(output["text"] for output in notebook.cells[0].outputs if output.get("name") == "stdout") == alone
        )


def test_importing_merlab_loads_nothing_heavy():
    program = "import sys, merlab; print(sorted({'torch', 'cv2', 'pandas', 'sklearn', 'numpy'} & set(sys.modules)))"
    assert printed(["-c", program], None).strip() == "[]"


def test_every_public_name_is_there_and_documented():
    for name in merlab.__all__:
        assert getattr(merlab, name).__doc__


def test_every_parameter_of_a_public_name_is_described_by_its_name():
    public = {name: getattr(merlab, name) for name in merlab.__all__ if not name.startswith("__")}
    # merlab makes a Recording and a MerlabError; the names that a list takes are those in its rows.
    described = {name: each for name, each in public.items() if name not in ("Recording", "MerlabError")}
    missing = [
        f"{name}: {parameter}"
        for name, each in described.items()
        if not isinstance(each, ListedModule)
        for parameter in inspect.signature(each).parameters
        if not re.search(rf"``{parameter}``|^ *[*]*{parameter}: ", inspect.getdoc(each) or "", re.MULTILINE)
    ]
    assert missing == []


def test_in_a_worker_of_a_pool_it_works_alone(clips, tmp_path, monkeypatch):
    """Such a worker may not start processes, and every core is the default."""
    monkeypatch.setitem(vars(multiprocessing.current_process())["_config"], "daemon", True)
    monkeypatch.setattr(ProcessPoolExecutor, "submit", pytest.fail)
    results = evaluate(clips, ["constant"], tmp_path, jobs=2)
    assert len(results.summary) == 1


def test_what_a_notebook_shows_of_an_object_is_short(clips):
    recognizer = small_recognizer()
    methods = [find_method(name) for name in METHODS]
    study = merlab.Study.of(clips, ["linear-svm", "gfem"], scheme="megc2019", protocol="loso")
    assert repr(recognizer) == (
        f"Recognizer {recognizer.card.name}: {recognizer.card.method} for {', '.join(recognizer.classes)}; "
        f"input {recognizer.recipe}; runtime torch [SYNTHETIC]"
    )
    assert repr(merlab.Method("mine", network=Tiny)) == "Method mine: your own"
    assert repr(SCHEMES["megc2019"]) == "Scheme megc2019: negative, positive, surprise"
    for shown in (recognizer, *methods, *SCHEMES.values(), clips, study, *study.methods, merlab.TrainingSettings()):
        assert len(repr(shown)) < 600


@pytest.mark.slow
def test_a_method_that_changes_the_current_folder_moves_no_result(clips, tmp_path, monkeypatch):
    class Moving(Constant):
        def fit(self, inputs, labels, groups, seed):
            os.chdir(elsewhere)

    elsewhere = str(tmp_path / "elsewhere")
    Path(elsewhere).mkdir()
    monkeypatch.chdir(tmp_path)
    options: dict[str, Any] = {"scheme": "megc2019", "seeds": 1, "jobs": 1, "progress": False, "cache": "cache"}
    results = merlab.evaluate(clips, Moving(), out="run", **options)
    assert results.folder == tmp_path / "run"
    assert (tmp_path / "run" / "report.html").is_file()
    assert list(Path(elsewhere).iterdir()) == []


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'evalute'"):
        merlab.evalute  # noqa: B018


@pytest.mark.slow
def test_training_may_start_from_weights_and_use_synthetic_flow(clips, tmp_path):
    start, flow = write_start(tmp_path / "start.safetensors"), make_flow(tmp_path / "flow", subjects=1, clips=3, jobs=1)
    options = {"preset": "pretrained", "training": {"epochs": 1, "steps": 2}}
    results = evaluate(clips, ["flow-cnn", "constant"], tmp_path, start=start, synthetic=str(flow), **options)
    found = {method.method: method for method in results.record.methods}
    assert [each.name for each in found["flow-cnn"].starts] == ["start.safetensors"]
    assert not found["constant"].needs_files
    with pytest.raises(MerlabError, match=r"needs weights to start from; add --from"):
        evaluate(clips, "flow-cnn", tmp_path, synthetic=flow, **options)


@pytest.mark.parametrize(
    "call",
    [
        merlab.recognize,
        lambda path: merlab.recognize_each([path]),
        lambda path: merlab.spot("a.mp4", path),
        merlab.score,
        lambda path: merlab.score_spotting(path, EVENTS),
        lambda path: merlab.score_spotting(EVENTS, EVENTS, videos=path),
        lambda path: merlab.score_spotting(EVENTS, EVENTS, videos=EVENTS.assign(seconds=1, source=path)),
        lambda path: recordings(EVENTS, [path]),
        lambda path: merlab.profile(f"{path}.py:ridge"),
        read_video_result,
        merlab.Results.read,
    ],
)
@pytest.mark.parametrize("path", ["a" * 300, "a\0b"], ids=["too long", "NUL"])
def test_a_path_that_no_file_can_have_is_refused_wherever_one_is_given(call, path):
    with pytest.raises(MerlabError, match=r"cannot be used: .*; give a shorter name|a character that no path has"):
        call(path)
