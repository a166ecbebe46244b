"""Spotting methods of your own: what they see, what they may answer, and when their work is done again."""

from __future__ import annotations

import random
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

from merlab.databases.long_video import LongEvent
from merlab.errors import MerlabError
from merlab.frames import write_image
from merlab.json_models import read_model
from merlab.reports.spotting_comparison import spotters_table
from merlab.spotting.comparison import all_spotters, as_spotter, find_spotter, spotters_of
from merlab.spotting.comparison.evaluation import compare_spotting
from merlab.spotting.comparison.folds import Fold, fold_result
from merlab.spotting.comparison.kept_values import keep
from merlab.spotting.comparison.results import FoldResult
from merlab.spotting.comparison.spotter import Target
from merlab.spotting.comparison.yours import your_spotter
from tests.spotting.comparison.recorded import frames, material, video

MOVEMENTS = {"a": [(20, 28, 36)], "b": [(30, 38, 46)], "c": [(10, 18, 26)]}
COUNT = 60
FILE = """
class Learned:
    def measure(self, recording):
        return recording.places()

    def fit(self, recordings):
        self.length = max(event.offset - event.onset for each in recordings for event in each.events)

    def spot(self, recording):
        middle = recording.first + recording.frames // 2
        return [(middle, middle, middle + self.length, 1.5, "micro")]


def constant(recording):
    return [(1, 2, 3, 0.5, "micro")]
"""


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Three subjects as folders of images."""
    root = tmp_path_factory.mktemp("recordings")
    for seed, (name, movements) in enumerate(MOVEMENTS.items()):
        for number, gray in enumerate(frames(COUNT, movements, seed, px=2), start=1):
            write_image(root / name / f"{number}.png", np.repeat(gray[..., None], 3, axis=2))
    return [replace(video(name, each, COUNT), source=root / name) for name, each in MOVEMENTS.items()]


@pytest.fixture
def file(tmp_path):
    (tmp_path / "mine.py").write_text(FILE, encoding="utf-8")
    return tmp_path / "mine.py"


def folds_of(out, method):
    return {path: read_model(path, FoldResult) for path in sorted((out / method / "folds").iterdir())}


def spotted(given, folder, seed=0, kinds=("micro",)):
    """The intervals of a method in the recording ``a``, fitted to ``b``; nothing was measured."""
    materials = {name: material(folder, name, COUNT, MOVEMENTS[name], []) for name in "ab"}
    fold = Fold("a", (materials["a"].video,), (materials["b"].video,))
    result = fold_result(as_spotter(given), fold, kinds, seed, lambda each: materials[each.name])
    return [(each.onset, each.apex, each.offset, each.score, each.kind) for each in result.events]


@pytest.mark.slow
def test_a_method_is_measured_fitted_and_scored_beside_others(videos, file, tmp_path):
    given = ["guess-even", f"{file}:Learned", f"{file}:constant"]
    compared = compare_spotting(videos, given, tmp_path / "out", jobs=1, progress=False)
    assert [each.method for each in compared.methods] == ["guess-even", "Learned", "constant"]
    assert [each.fits for each in compared.methods[1:]] == ["by its function fit", ""]
    for result in folds_of(tmp_path / "out", "Learned").values():
        assert [(each.onset, each.offset, each.score) for each in result.events] == [(31, 47, 1.5)]
        assert result.facts == {"micro": {"recordings": 2}}
    assert compared.methods[1].scores.tp + compared.methods[1].scores.fp == 3


@pytest.mark.slow
@pytest.mark.usefixtures("prepared_processes")
def test_worker_processes_give_the_same(videos, file, tmp_path):
    results = []
    for jobs in (1, 2):
        out = tmp_path / f"out{jobs}"
        results.append(compare_spotting(videos, [f"{file}:Learned"], out, jobs=jobs, progress=False))
    assert results[0] == results[1]


@pytest.mark.slow
def test_an_edited_file_is_measured_and_fitted_again_and_nothing_else(videos, file, tmp_path):
    given, out = ["guess-even", f"{file}:Learned", f"{file}:constant"], tmp_path / "out"
    compare_spotting(videos, given, out, jobs=1, progress=False)
    before = {path: path.stat().st_mtime_ns for path in out.glob("*/folds/*.json")}
    features = set((out / "features").glob("*/own-*"))
    file.write_text(FILE.replace("1.5", "2.5"), encoding="utf-8")
    compare_spotting(videos, given, out, jobs=1, progress=False)
    changed = {path.parts[-3] for path, written in before.items() if path.stat().st_mtime_ns != written}
    assert changed == {"Learned"}
    assert {event.score for result in folds_of(out, "Learned").values() for event in result.events} == {2.5}
    # What the earlier code measured is not kept.
    measured = set((out / "features").glob("*/own-*"))
    assert (len(measured), measured & features) == (len(videos), set())


@pytest.mark.slow
def test_a_changed_truth_of_the_test_subject_changes_nothing_in_its_fold(videos, file, tmp_path):
    other = replace(videos[0], events=(LongEvent(1, 2, 3, "micro"), LongEvent(5, 6, 30, "micro")))
    for name, tested in (("out", videos[0]), ("other", other)):
        compare_spotting([tested, *videos[1:]], [f"{file}:Learned"], tmp_path / name, jobs=1, progress=False)
    results = [folds_of(tmp_path / name, "Learned") for name in ("out", "other")]
    of_a, of_a_otherwise = (next(each for each in result.values() if each.fold == "a") for result in results)
    assert of_a.events == of_a_otherwise.events
    others = [[each.events for each in result.values() if each.fold != "a"] for result in results]
    assert others[0] != others[1]


class Curious:
    """Remembers every recording that it is shown."""

    seen: tuple[str, ...] = ()

    def measure(self, recording):
        self.seen = (*self.seen, recording.name)
        return np.zeros(1)

    def fit(self, recordings):
        assert self.seen == ()
        self.known = [(each.name, each.subject, len(each.events)) for each in recordings]

    def spot(self, recording):
        assert recording.name not in {name for name, _, _ in self.known}
        assert self.known[0][1:] == (self.known[0][0], 1)
        return []


@pytest.mark.slow
@pytest.mark.parametrize("given", [Curious, Curious()])
def test_what_was_measured_of_a_tested_recording_does_not_reach_fit(videos, given, tmp_path):
    compared = compare_spotting(videos, [given], tmp_path, jobs=1, progress=False)
    assert compared.methods[0].title == "Remembers every recording that it is shown."


@pytest.mark.parametrize("what", ["events", "subject"])
def test_a_tested_recording_has_no_truth(tmp_path, what):
    refused = r"method cheat: spot\(a\): only recordings that fit gets show .*; a is none.*test_yours.py, line"
    with pytest.raises(MerlabError, match=refused):
        spotted(your_spotter(lambda recording: getattr(recording, what), "cheat"), tmp_path)


class Keeping:
    """Keeps the events of every recording that it was fitted to."""

    events: list[int] = []  # noqa: RUF012 - this is the mistake

    def fit(self, recordings):
        self.events += [len(each.events) for each in recordings]

    def spot(self, recording):
        return []


def test_what_reaches_the_next_fold_is_told(tmp_path):
    with pytest.warns(UserWarning, match="spotting method Keeping changed a class attribute .* keep it in self"):
        spotted(Keeping, tmp_path)


def test_a_recording_that_does_not_exist_is_named(videos, tmp_path):
    gone = replace(videos[0], source=tmp_path / "gone.avi")
    with pytest.raises(MerlabError, match=r"gone.avi, the source of a, does not exist; correct its path"):
        compare_spotting([gone, *videos[1:]], ["guess-even"], tmp_path / "out", jobs=1, progress=False)


@pytest.mark.slow
def test_a_recording_gives_its_frames_and_places(videos, tmp_path):
    seen = {}

    def look(recording):
        seen[recording.name] = [image.shape for image in recording.images()], recording.places(), recording
        return []

    compare_spotting(videos[:2], [look], tmp_path, jobs=1, progress=False)
    shapes, places, recording = seen["a"]
    assert shapes == [(56, 46, 3)] * COUNT
    assert (places.shape, places.dtype) == ((COUNT, 14, 12, 2), np.float32)
    assert np.array_equal(recording.places(), places)
    assert (recording.name, recording.fps, recording.first, recording.frames) == ("a", 50.0, 1, COUNT)
    with pytest.raises(MerlabError, match="nothing was measured of a"):
        recording.measured()


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (None, "must return a list of intervals .onset, apex, offset, score, kind., got None"),
        ([(1, 2, 3)], r"gave \(1, 2, 3\); an interval has five values"),
        (["micro"], "an interval has five values"),
        ([(3, 3, 2, 1.0, "micro")], "whose onset is after its offset"),
        ([(0, 1, 2, 1.0, "micro")], "the frames of the recording have the numbers 1 to 60"),
        ([(50, 55, 61, 1.0, "micro")], "the frames of the recording have the numbers 1 to 60"),
        ([(5, 4, 6, 1.0, "micro")], "whose apex is not between its onset and its offset"),
        ([(5, 7, 6, 1.0, "micro")], "whose apex is not between its onset and its offset"),
        ([(5.0, 5, 6, 1.0, "micro")], "whose onset 5.0 is not a whole frame number"),
        ([(5, None, 6, 1.0, "micro")], "whose apex None is not a whole frame number"),
        ([(5, 5, True, 1.0, "micro")], "whose offset True is not a whole frame number"),
        ([(5, 5, 6, float("nan"), "micro")], "whose score nan is not a finite number"),
        ([(5, 5, 6, "1", "micro")], "whose score '1' is not a finite number"),
        ([(5, 5, 6, 1.0, "smile")], "whose kind 'smile' is none of micro, macro"),
        ([(5, 5, 6, 1.0, None)], "whose kind None is none of micro, macro"),
    ],
)
def test_a_wrong_answer_is_refused_by_name(tmp_path, answer, named):
    with pytest.raises(MerlabError, match=rf"^spotting method mine: spot\(a\).*{named}"):
        spotted(your_spotter(lambda recording: answer, "mine"), tmp_path)


def test_numbers_of_numpy_and_generators_are_answers_too(tmp_path):
    def mine(recording):
        for onset in np.array([9, 4]):
            yield np.array([onset, onset, onset + 2, np.float32(0.5), "macro"], object)

    assert spotted(mine, tmp_path, kinds=("micro", "macro")) == [(4, 4, 6, 0.5, "macro"), (9, 9, 11, 0.5, "macro")]
    assert spotted(mine, tmp_path) == []


@pytest.mark.parametrize(
    ("step", "line"), [("spot(self, recording)", 2), ("fit(self, recordings)", 2), ("measure(self, recording)", 2)]
)
def test_an_error_names_the_function_the_file_and_the_line(videos, tmp_path, step, line):
    function = step.partition("(")[0]
    rest = "" if function == "spot" else "    def spot(self, recording):\n        return []\n"
    text = f"class Bad:\n    def {step}: [][0]\n{rest}"
    (tmp_path / "bad.py").write_text(text, encoding="utf-8")
    fault = rf"^spotting method Bad: {function}.* raised IndexError: list index out of range \(.*bad.py, line {line}\)"
    with pytest.raises(MerlabError, match=fault):
        compare_spotting(videos, [f"{tmp_path / 'bad.py'}:Bad"], tmp_path / "out", jobs=1, progress=False)


def test_what_is_measured_must_be_numbers(videos, tmp_path):
    class Words:
        def measure(self, recording):
            return ["a"]

        def spot(self, recording):
            return []

    with pytest.raises(MerlabError, match=r"measure\(a\) must return a numpy array of numbers, got \['a'\]"):
        compare_spotting(videos, [Words], tmp_path, jobs=1, progress=False)


def test_the_seed_decides_the_random_numbers(tmp_path):
    class Random:
        def fit(self, recordings, seed):
            self.seed, self.drawn = seed, random.random()

        def spot(self, recording):
            return [(1, 1, 1, self.seed + self.drawn + np.random.rand(), "micro")]  # noqa: NPY002

    first, again, other = (spotted(Random, tmp_path, seed) for seed in (0, 0, 1))
    assert first == again
    assert other[0][3] > first[0][3]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (3, "3 is not a spotting method; a spotting method is the name of one, FILE.py:NAME"),
        (int, "is not a spotting method"),
        ("hof", "unknown spotting method 'hof'; did you mean hoof"),
        ("mine.py", "mine.py is a file, of which a method is named as mine.py:NAME"),
        ("none.py:spot", "none.py does not exist"),
        (type("Spotter", (), {"name": "../x", "spot": print}), "the name of a spotting method is '../x'"),
        (type("Spotter", (), {"name": "features", "spot": print}), "the name of a spotting method is 'features'"),
        (type("Spotter", (), {"name": "Hoof", "spot": print}), "method Hoof is your own, and one of merlab's has this"),
    ],
)
def test_what_is_no_method_is_refused(given, named):
    with pytest.raises(MerlabError, match=named):
        as_spotter(given)


@pytest.mark.slow
def test_two_methods_of_one_name_are_refused(file):
    assert [each.name for each in spotters_of(["hoof", "hoof"])] == ["hoof"]
    assert [each.name for each in spotters_of(f"{file}:constant")] == ["constant"]
    with pytest.raises(MerlabError, match="two spotting methods are called constant"):
        spotters_of([f"{file}:constant", f"{file}:constant"])


def test_an_object_that_cannot_be_copied_is_named(tmp_path):
    class Open:
        def __init__(self):
            self.lock = threading.Lock()

        def spot(self, recording):
            return []

    with pytest.raises(MerlabError, match=r"method Open cannot be copied .*give the class instead"):
        spotted(Open(), tmp_path)


def test_a_missing_measurement_is_made_anew(tmp_path):
    class Measured:
        def measure(self, recording):
            return np.arange(3)

        def spot(self, recording):
            return [(1, 1, int(recording.measured()[2]), 1.0, "micro")]

    (feature,) = your_spotter(Measured).features(Target("micro", 0.3), 50.0)
    for name in "ab":
        keep(tmp_path / name, feature.key, np.arange(3))
    assert spotted(Measured, tmp_path) == [(1, 1, 2, 1.0, "micro")]
    (tmp_path / "a" / f"{feature.key}.npz").unlink()
    with pytest.raises(MerlabError, match="is missing or damaged; run the same command again"):
        spotted(Measured, tmp_path)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that adds a spotting method."""
    (tmp_path / "lab_spotting.py").write_text(FILE)
    info = tmp_path / "lab_spotting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-spotting\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[merlab.spotting_methods]\nlearned = lab_spotting:Learned\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("lab_spotting", None)


def test_a_method_of_an_installed_package_is_found_by_its_name(package):
    assert find_spotter("learned").name == "learned"
    assert list(all_spotters())[-1] == "learned"
    assert spotters_table().iloc[-1].to_dict() == {
        "method": "learned",
        "what it is": "your own",
        "fitted": "by its function fit",
        "needs --train": "yes",
        "paper": "",
    }
    with pytest.raises(MerlabError, match="unknown spotting method 'learnt'; did you mean learned"):
        find_spotter("learnt")
