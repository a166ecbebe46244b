"""What is typed arrives at the function that does the work; no option of a command is lost on the way."""

from __future__ import annotations

import inspect
import shlex
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name, walk_packages
from typing import Any

import pytest

import merlab
from merlab.cli.arguments import load_databases
from merlab.coding.elan_import import ElanChoice
from merlab.coding.tables import Subjects
from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.preparation.frame_range import FrameRange
from merlab.preparation.settings import Settings
from merlab.spotting.spot import SpottingSettings
from merlab.videos.words import WordSettings

# The function that a command calls, where the command is, and what may be typed but is not passed on as it is.
CALLS: dict[str, tuple[str, str, set[str]]] = {
    "make-faces": ("merlab.synthesis.make_faces", "synthetic.make_faces_command", set()),
    "make-flow": ("merlab.synthesis.make_flow", "synthetic.make_flow_command", set()),
    "make-videos": ("merlab.synthesis.make_videos", "synthetic.make_videos_command", set()),
    "prepare": ("merlab.preparation.database_faces.prepare", "faces.prepare_command", {"database"}),
    "align": ("merlab.preparation.video_faces.align", "faces.align_command", set()),
    "pretrain": ("merlab.models.pretraining.pretrain", "weights.pretrain_command", {"start", "clips", "score_on"}),
    "profile": ("merlab.inference.cost.profile", "networks.profile", set()),
    "score-spotting": ("merlab.spotting.scoring.score_spotting", "spotting_scores.score_spotting_command", set()),
    "spotting-selection": (
        "merlab.spotting.scoring.selection.selection_scores",
        "spotting_scores.spotting_selection_command",
        set(),
    ),
    "evaluate": ("merlab.api.evaluate", "experiments.evaluate_command", {"engine", "jobs", "start"}),
    "reproduce": ("merlab.reproduction.Bench", "reproduce.reproduce_command", {"engine"}),
    "spot": ("merlab.spotting.spot_video.spot", "videos.spot_command", set()),
    "recognize": ("merlab.videos.recognition.recognize", "videos.recognize_command", {"aligned"}),
}
FIVE = FaceFinding(landmarks="five-points")
SPOTTING = SpottingSettings(p=0.1, floor=6, longest=0.4)
OUT, ROOT, FACES = Path("out"), Path("root"), {"seed": 5, "again": True, "jobs": 2}
TYPED: list[tuple[str, dict[str, Any]]] = [
    (
        "make-faces out --subjects 3 --clips 7 --preset hard --seed 5 --raw --again --jobs 2",
        {"out": OUT, "subjects": 3, "clips": 7, "preset": "hard", "raw": True, **FACES},
    ),
    (
        "make-flow out --subjects 3 --clips 7 --seed 5 --again --jobs 2",
        {"out": OUT, "subjects": 3, "clips": 7, **FACES},
    ),
    (
        "make-videos out --subjects 3 --minutes .5 --events 2 --preset hard --seed 5 --format mp4 --raw --fps 60 "
        "--megabits 3 --again --jobs 2",
        {"out": OUT, "subjects": 3, "minutes": 0.5, "events": 2, "preset": "hard", "video_format": "mp4", "raw": True}
        | {"fps": 60, "megabits": 3, **FACES},
    ),
    (
        "prepare casme2 root out --landmarks five-points --motion rigid --image png --again --jobs 2",
        {"root": ROOT, "out": OUT, "again": True, "jobs": 2, "settings": Settings(FIVE, "rigid", "png")},
    ),
    (
        "align a.avi out --landmarks five-points --motion rigid --image png --frames 3:9 --fps 50 --video --again",
        {"source": Path("a.avi"), "out": OUT, "settings": Settings(FIVE, "rigid", "png"), "again": True, "video": True}
        | {"frame_range": FrameRange(3, 9), "fps": 50},
    ),
    ("align a.avi out --landmarks five-points --frames 3:", {"frame_range": FrameRange(3, None)}),
    (
        "align a.avi out --landmarks five-points --start 1 --end 2.5",
        {"frame_range": FrameRange(start=1.0, end=2.5)},
    ),
    (
        "pretrain out.safetensors --synthetic flow --method gfem --preset synthetic28 --scheme mine.yaml --members 3 "
        "--input flow --subjects 7 --clips 9 --seed 5 --seeds 2 --cache cache --again --jobs 2",
        {"out": Path("out.safetensors"), "synthetic": Path("flow"), "method": "gfem", "preset": "synthetic28"}
        | {"scheme": "mine.yaml", "members": 3, "subjects": 7, "seeds": 2, "cache": Path("cache"), **FACES}
        | {"input": "flow", "clips_per_subject": 9},
    ),
    (
        "profile gfem --size 28x28 --channels 2 --classes 3 --preset paper --network width=.5",
        {"methods": ["gfem"], "size": "28x28", "channels": 2, "classes": 3, "preset": "paper"}
        | {"network": {"width": ".5"}},
    ),
    ("profile gfem", {"size": None, "channels": None}),
    ("profile", {"size": None, "channels": None}),
    (
        "score-spotting a.csv b.csv --fps 30 --scheme megc2019 --videos c.csv --kind micro --by-duration "
        "--threshold .4 --tier mine",
        {"truth": Path("a.csv"), "spotted": [Path("b.csv")], "fps": 30, "scheme": "megc2019", "videos": Path("c.csv")}
        | {"kind": "micro", "by_duration": True, "threshold": 0.4, "tier": "mine"},
    ),
    (
        "evaluate linear-svm --seeds 4 --selection validation",
        {"seeds": 4, "training": {"selection": "validation"}},
    ),
    (
        "reproduce all --database casme2 --root root --table a.xlsx --aligned --full --out out --epochs 3 --seeds 2 "
        "--scheme smic-3 --protocol kfold --method ststnet --image a.png --landmarks five-points --cache c",
        {"out": OUT, "database": "casme2", "root": ROOT, "table": Path("a.xlsx"), "aligned": True, "full": True}
        | {"epochs": 3, "seeds": 2, "scheme": "smic-3", "protocol": "kfold", "cache": Path("c")}
        | {"leak_method": "ststnet", "image": Path("a.png"), "finding": FIVE},
    ),
    ("reproduce table8 --rows aman,ktgsl", {"rows": ("aman", "ktgsl")}),
    (
        "spotting-selection a.csv out --fps 60 --step .1",
        {"truth": Path("a.csv"), "folder": OUT, "fps": 60, "step": 0.1},
    ),
    (
        "evaluate linear-svm --scheme smic-3 --protocol kfold --seeds 3,7 --input flow --preset reduced --folds 4 "
        "--train-on smic --synthetic flow --out out --cache cache --network width=.5 --set mirror=true --epochs 3",
        {"methods": ["linear-svm"], "scheme": "smic-3", "protocol": "kfold", "seeds": [3, 7], "input": "flow"}
        | {"preset": "reduced", "folds": 4, "train_on": ["smic"], "synthetic": Path("flow"), "out": OUT}
        | {"cache": Path("cache"), "network": {"width": ".5"}, "training": {"mirror": "true", "epochs": 3}},
    ),
    (
        "spot a.avi --out out --fps 50 --p .1 --floor 6 --spotting longest=.4 --again",
        {"source": Path("a.avi"), "out": OUT / "a.avi", "fps": 50, "again": True, "settings": SPOTTING},
    ),
    (
        "recognize a.avi --out out --fps 50 --most-faces 2 --landmarks five-points --weights w --runtime torch "
        "--unsure-below .7 --p .1 --floor 6 --spotting longest=.4 --words least_fps=30 --overlay mesh "
        "--overlay-lines 720 --save-inputs --again --jobs 2",
        {"source": Path("a.avi"), "out": OUT, "fps": 50, "most_faces": 2, "weights": Path("w"), "runtime": "torch"}
        | {"finding": FIVE, "unsure_below": 0.7, "overlay": "mesh", "overlay_lines": 720}
        | {"spotting": SPOTTING, "words": WordSettings(least_fps=30)}
        | {"save_inputs": True, "again": True, "jobs": 2},
    ),
    ("recognize a.avi --aligned --no-overlay", {"aligned": True, "finding": None, "overlay": "none"}),
]


@pytest.fixture(scope="module", autouse=True)
def all_imported():
    """A module that is imported while a function is replaced would keep the replacement."""
    for module in walk_packages(merlab.__path__, "merlab."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


@pytest.fixture
def arrived_at(monkeypatch):
    """``arrived_at(function)``: a list that gets the arguments with which a function is called, which then fails."""

    def replaced(function: str) -> list[tuple[Any, ...]]:
        def take(*arguments, **named):
            arrived.append((arguments, named))
            raise MerlabError("it has arrived")

        arrived: list[tuple[Any, ...]] = []
        monkeypatch.setattr(function, take)
        return arrived

    return replaced


@pytest.mark.parametrize(("typed", "given"), TYPED, ids=[typed.split()[0] for typed, _ in TYPED])
def test_no_option_is_lost(merlab, monkeypatch, tmp_path, typed, given):
    (tmp_path / "a.avi").touch()
    function, *_ = CALLS[typed.split()[0]]
    takes, arrived = inspect.signature(resolve_name(function)), {}

    def take(*arguments, **named):
        arrived.update(takes.bind(*arguments, **named).arguments)
        raise MerlabError("it has arrived")

    monkeypatch.setattr(function, take)
    words = shlex.split(typed)
    if words[0] == "evaluate":
        monkeypatch.setattr("merlab.cli.experiments.load_databases", lambda *_, **__: [])
        words += ["--database", "casme2", "--root", "root"]
    status, _, err = merlab(*words)
    assert (status, "it has arrived" in err) == (1, True), err
    assert {name: arrived.get(name) for name in given} == given


@pytest.mark.parametrize("name", CALLS)
def test_every_option_is_among_those_above(name):
    function, command, otherwise = CALLS[name]
    takes = inspect.signature(resolve_name(function)).parameters
    shared = inspect.signature(resolve_name(f"merlab.cli.{command}")).parameters.keys() & takes.keys()
    given = dict(item for typed, values in TYPED if typed.split()[0] == name for item in values.items())
    assert shared - otherwise - {"table"} <= given.keys()


@pytest.mark.parametrize(
    ("typed", "function", "given"),
    [
        (
            "evaluate linear-svm --aligned --allow-unusable --database casme2 --root root --table a.xlsx",
            "merlab.cli.experiments.load_databases",
            ((["casme2"], [ROOT], ["a.xlsx"]), {"aligned": True, "allow_unusable": True}),
        ),
        (
            "clips casme2 root --aligned --allow-unusable --table a.xlsx",
            "merlab.databases.load",
            (("casme2", ROOT), {"table": Path("a.xlsx"), "aligned": True, "allow_unusable": True}),
        ),
        (
            "long-videos casme-squared root out --allow-unusable --table a.xlsx",
            "merlab.databases.long_videos",
            (("casme-squared", ROOT), {"table": Path("a.xlsx"), "allow_unusable": True}),
        ),
        (
            "prepare casme2 root out --landmarks five-points --table a.xlsx",
            "merlab.databases.find_database",
            (("casme2",), {"table": Path("a.xlsx")}),
        ),
        (
            "doctor casme2 root --table a.xlsx",
            "merlab.databases.find_database",
            (("casme2",), {"table": Path("a.xlsx")}),
        ),
    ],
)
def test_what_is_read_of_a_database_is_passed_on(merlab, arrived_at, typed, function, given):
    arrived = arrived_at(function)
    assert merlab(*typed.split())[0] == 1
    assert arrived == [given]


@pytest.mark.parametrize(
    ("typed", "function", "out"),
    [
        ("spot one", "merlab.spotting.spot_each.spot_each", "merlab-spotted/one"),
        ("spot one two", "merlab.spotting.spot_each.spot_each", "merlab-spotted"),
        ("spot one --out out", "merlab.spotting.spot_each.spot_each", "out"),
        ("recognize one --aligned", "merlab.videos.recognition.recognize_each", "merlab-recognized/one"),
        ("recognize one --aligned --out out", "merlab.videos.recognition.recognize_each", "out"),
    ],
)
def test_results_of_a_folder_are_in_a_folder_of_its_name(merlab, arrived_at, tmp_path, typed, function, out):
    for name in ("one/a.avi", "two/b.avi"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    arrived = arrived_at(function)
    assert merlab(*typed.split())[0] == 1
    ((arguments, _),) = arrived
    assert arguments[1] == Path(out)


def test_each_database_is_read_with_its_own_folder_and_table(monkeypatch):
    read: list[tuple[object, ...]] = []
    monkeypatch.setattr("merlab.databases.load", lambda name, root, **given: read.append((name, root, given)))
    load_databases(["samm", "smic"], [Path("one"), Path("two")], ["smic=a.xlsx", "samm=b.xlsx"])
    load_databases(["casme2"], [ROOT], aligned=True, allow_unusable=True)
    assert read == [
        ("samm", Path("one"), {"table": "b.xlsx", "aligned": None, "allow_unusable": False}),
        ("smic", Path("two"), {"table": "a.xlsx", "aligned": None, "allow_unusable": False}),
        ("casme2", ROOT, {"table": None, "aligned": True, "allow_unusable": True}),
    ]


def test_aligned_of_pretrain_describes_the_database_of_training_alone(merlab, arrived_at, monkeypatch):
    """As its message says: whole heads of another database would be scored without their stamp."""
    read: list[tuple[object, object]] = []
    monkeypatch.setattr("merlab.databases.load", lambda name, root, **given: read.append((name, given["aligned"])))
    arrived_at("merlab.models.pretraining.pretrain")
    databases = "--database smic --root one --score-on samm --score-root two"
    merlab("pretrain", "own.safetensors", *databases.split(), "--aligned")
    assert read == [("smic", True), ("samm", None)]


def test_the_options_of_decisions_arrive(merlab, arrived_at):
    arrived = arrived_at("merlab.coding.importing.import_coding")
    typed = "coding import one a.eaf --coder AB --tier x --tier y --media a.mp4 --face 1 --again"
    merlab(*typed.split())
    choice = ElanChoice(("x", "y"), "a.mp4", 1)
    assert arrived == [((Path("one"), Path("a.eaf")), {"coder": "AB", "choice": choice, "again": True})]
    arrived = arrived_at("merlab.coding.exporting.export_coding")
    typed = "coding export one two out.csv --to boris --coder AB --subject 0=anna --again"
    merlab(*typed.split())
    given = {"to": "boris", "coder": "AB", "subjects": Subjects("", {0: "anna"}), "again": True}
    assert arrived == [(([Path("one"), Path("two")], Path("out.csv")), given)]
    arrived = arrived_at("merlab.coding.agreement.agree.agree")
    merlab("agree", "one", "b.eaf", "--fps", 50)
    assert arrived == [((Path("one"), Path("b.eaf")), {"fps": 50.0})]


def test_the_options_of_a_comparison_arrive(merlab, monkeypatch, arrived_at):
    read = "merlab.spotting.comparison.recordings"
    monkeypatch.setattr(f"{read}.recordings", lambda *arguments: arguments)
    monkeypatch.setattr(f"{read}.recordings_in", lambda *arguments: arguments)
    arrived = arrived_at("merlab.spotting.comparison.evaluation.compare_spotting")
    typed = "truth.csv a.avi --train long --out out --fps 50 --seed 5 --jobs 2 --again --methods"
    assert merlab("compare-spotting", *typed.split(), "a, b")[0] == 1
    recordings, training = (Path("truth.csv"), [Path("a.avi")], 50.0), (Path("long"), 50.0)
    assert arrived == [((recordings, ["a", "b"], OUT), {"training": training, **FACES})]


def test_the_options_of_a_score_of_weights_arrive(merlab, monkeypatch, arrived_at):
    monkeypatch.setattr("merlab.models.recognizer.load_recognizer", str)
    monkeypatch.setattr("merlab.cli.weights.load_databases", lambda *arguments, **_: arguments)
    monkeypatch.setattr("merlab.evaluation.study.as_table", tuple)
    arrived = arrived_at("merlab.models.scoring.score_on")
    of_database = "--score-on smic --score-root root --scheme smic-3 --cache cache --jobs 2"
    assert merlab("weights", "mine.safetensors", *of_database.split())[0] == 1
    clips, given = (["smic"], [ROOT], None), {"scheme": "smic-3", "cache": Path("cache"), "jobs": 2}
    assert arrived == [((clips, "mine.safetensors"), given)]


def test_the_demo_evaluates_the_synthetic_faces_that_it_makes(merlab, monkeypatch):
    arrived: dict[str, Any] = {}
    monkeypatch.setattr("merlab.synthesis.make_faces", lambda out, **named: arrived.update(faces=out))
    monkeypatch.setattr("merlab.cli.experiments.evaluate_command", lambda _, **named: arrived.update(named))
    assert merlab("demo", "--seed", 3, "--jobs", 2)[0] == 0
    demo = Path("merlab-demo")
    assert (arrived["faces"], arrived["root"], arrived["database"]) == (demo / "faces", [demo / "faces"], ["synthetic"])
    assert (arrived["out"], arrived["jobs"], arrived["protocol"]) == (demo / "run", 2, "kfold")
