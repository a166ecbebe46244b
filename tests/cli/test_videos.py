"""Commands on videos, as a user types them: make recordings, spot, recognize, score."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from merlab.cli import console
from merlab.cli.video_results import VideoSummary, print_results, summary_of_result
from merlab.cli.videos import recognize_command, spot_command
from merlab.frames import write_image
from merlab.spotting.spot_video import spot
from merlab.videos.recognition import recognize
from merlab.videos.result import read_video_result
from tests.frames.videos import write_video
from tests.videos.fake_result import write_result
from tests.videos.recording import moving_face


@pytest.mark.slow
def test_from_making_recordings_to_their_score(merlab):
    make = ("make-videos", "long", "--subjects", 1, "--minutes", 0.1, "--events", 20, "--preset", "easy", "--jobs", 1)
    assert merlab(*make)[0] == 0
    status, out, _ = merlab("spot", "long/SYNTHETIC_videos/SYNTHETIC_sub01.avi", "--out", "spotted")
    assert status == 0
    assert "movements in 6.0 s" in out
    spotted = "spotted/SYNTHETIC_sub01.avi/events.csv"
    result = json.loads(merlab("score-spotting", "long/SYNTHETIC_events.csv", spotted, "--fps", 200, "--json")[1])
    assert result["true_events"] == 2
    assert result["f1"] >= 0.7
    assert result["apex_error"]["median_ms"] < 25


def test_score_spotting_of_tables_from_any_tool(merlab, tmp_path):
    pd.DataFrame({"onset": [1, 50], "offset": [20, 70]}).to_csv(tmp_path / "truth.csv", index=False)
    pd.DataFrame({"onset": [2, 90], "offset": [20, 99]}).to_csv(tmp_path / "mine.csv", index=False)
    result = json.loads(merlab("score-spotting", "truth.csv", "mine.csv", "--json")[1])
    assert (result["tp"], result["fp"], result["fn"], result["f1"]) == (1, 1, 1, 0.5)
    status, out, _ = merlab("score-spotting", "truth.csv", "mine.csv")
    assert status == 0
    assert "│ F1 at IoU 0.5" in out
    assert ".500" in out
    assert merlab("score-spotting", "truth.csv", "mine.csv", "--save", "kept.json", "--command", "by hand")[0] == 0
    assert json.loads((tmp_path / "kept.json").read_text())["command"] == "by hand"


def options_of(function):
    return set(inspect.signature(function).parameters)


def test_the_commands_and_the_functions_have_the_same_options():
    shortcuts, finding = (
        {"p", "floor", "as_json", "no_overlay", "context"},
        {"detector", "model", "config", "landmarks"},
    )
    assert options_of(recognize_command) - shortcuts - finding == options_of(recognize) - {"finding", "progress"}
    assert options_of(spot_command) - shortcuts - {"videos", "spotting", "method", "train"} == options_of(spot) - {
        "source",
        "settings",
        "progress",
    }


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("recognize", "text.mp4"), "text.mp4 cannot be opened as a video"),
        (("recognize", "nothing.mp4"), "nothing.mp4 does not exist; check the path of the video"),
        (("recognize", "text.mp4", "--weights", "none.safetensors"), "none.safetensors does not exist"),
        (("score-spotting", "truth.csv", "truth.csv", "--scheme", "megc"), "did you mean megc2019?"),
        (("spot", "nothing.avi"), "nothing.avi does not exist; check the path of the video"),
        (("spot", "text.mp4"), "cannot be opened as a video"),
        (("spot", "loop.mp4"), "loop.mp4 is a link to loop.mp4, which does not exist"),
        (("recognize", "loop.mp4"), "loop.mp4 is a link to loop.mp4, which does not exist"),
        (("recognize", f"{'a' * 252}.mp4"), "File name too long; give a shorter name"),
        (("spot", "a/x.avi", "b/x.avi"), "the results of a/x.avi and b/x.avi would both be in"),
        (("spot", "text.mp4", "--spotting", "longst=1"), "did you mean longest?"),
        (
            ("spot", "text.mp4", "--spotting", "window=inf"),
            "window of spotting must be between 1 and 1,000,000, got inf",
        ),
        (("spot", "text.mp4", "--spotting", "score.reach=-1"), "score.reach of spotting must be between 0.001 and 60"),
        (("spot", "text.mp4", "--spotting", "longest=1s"), "--spotting longest takes a number, got '1s'"),
        (("recognize", "text.mp4", "--spotting", "score.reach"), "--spotting takes KEY=VALUE"),
        (
            ("spot", "text.mp4", "--spotting", "p=0.1", "--spotting", "p=0.2"),
            "--spotting p=0.1 and --spotting p=0.2 set",
        ),
        (
            ("spot", "text.mp4", "--p", 0.1, "--spotting", "p=0.2"),
            "--p 0.1 and --spotting p=0.2 set the same; give one",
        ),
        (("recognize", "text.mp4", "--floor", 4, "--spotting", "floor=5"), "--floor 4.0 and --spotting floor=5 set"),
        (("recognize", "text.mp4", "--words", "longest=1", "--words", "longest=1"), "set the same; give one of them"),
        (("recognize", "text.mp4", "--words", "lngest=1"), "did you mean longest? limits are longest, timing_error"),
        (("recognize", "text.mp4", "--aligned", "--most-faces", 4), "--most-faces and --aligned contradict each other"),
        (("recognize", "text.mp4", "--aligned", "--detector-model", "x"), "--detector-model and --aligned contradict"),
        (("recognize", "text.mp4", "--aligned", "--landmarks", "mesh"), "--landmarks and --aligned contradict"),
        (("recognize", "text.mp4", "--detector-model", "x"), "add --detector opencv-ssd, or leave it out"),
        (
            ("align", "text.mp4", "out", "--detector-config", "x"),
            "--detector-config is a file of the detector opencv-ssd",
        ),
        (
            ("recognize", "text.mp4", "--overlay", "frames", "--no-overlay"),
            "--overlay frames and --no-overlay contradict",
        ),
        (("recognize", "text.mp4", "--weights", "."), "weights . is a folder; give a file"),
        (("spot", "text.mp4", "text.mp4"), "text.mp4 is given twice; give it once"),
        (("spot", "text.mp4", "text.mp4", "--method", "mdmd"), "text.mp4 is given twice; give it once"),
        (("spot", "mixed"), "mixed holds both images with numbers (cover_1.png) and videos (a.mp4)"),
        (("recognize", "mixed"), "mixed holds both images with numbers (cover_1.png) and videos (a.mp4)"),
        (
            ("spot", "empty"),
            "empty contains neither videos nor images (.jpg, .jpeg, .png, .bmp",
        ),
        (("spot", "empty", "--fps", 200), "whose names end with a number; give a folder of one or the other"),
        (
            ("spot", "empty", "--fps", 200, "--method", "mdmd"),
            "whose names end with a number; give a folder of one or the other",
        ),
        (("score-spotting", "truth.csv", "truth.csv", "--command", "c"), "--command belongs to --save"),
        (("score-spotting", "none.csv", "none.csv"), "none.csv does not exist"),
        (("score-spotting", "truth.csv", "truth.csv", "--save", "kept.json"), "--save needs --command"),
        (("make-videos", "out", "--minutes", 0.05, "--events", 100), "request fewer events per minute"),
    ],
)
def test_a_mistake_is_named_without_a_traceback(merlab, tmp_path, arguments, named):
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "truth.csv").write_text("onset,offset\n")
    for folder in ("mixed", "empty"):
        (tmp_path / folder).mkdir()
    for name in ("cover_1.png", "a.mp4"):
        (tmp_path / "mixed" / name).touch()
    status, _, err = merlab(*arguments)
    assert status == 1
    assert named in err
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize("command", [("recognize", "--aligned", "--no-overlay", "--jobs", 1), ("spot",)])
def test_the_current_folder_is_a_video_of_its_own_name(merlab, tmp_path, monkeypatch, command):
    (tmp_path / "P01").mkdir()
    monkeypatch.chdir(tmp_path / "P01")
    for number, frame in enumerate(moving_face(240), start=1):
        write_image(tmp_path / "P01" / f"{number}.png", frame)
    assert merlab(*command, ".", "--fps", 50, "--out", tmp_path / "result")[0] == 0
    (events,) = (tmp_path / "result").rglob("events.csv")
    assert pd.read_csv(events)["video"].tolist() == ["P01"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "out"),
    [
        (("recognize", "--aligned", "--no-overlay", "--jobs", 1), "merlab-recognized"),
        (("spot",), "merlab-spotted"),
        (("spot", "--method", "mdmd"), "merlab-spotted"),
    ],
)
def test_the_tables_of_one_folder_of_videos_do_not_replace_those_of_another(merlab, tmp_path, command, out):
    for folder in ("monday", "tuesday"):
        (tmp_path / folder).mkdir()
        images, name = list(moving_face(120)), f"{folder}.avi"
        write_video(tmp_path / folder / name, "mjpeg", images=images, fps=50, size=(231, 282), pixels="yuvj444p")
        assert merlab(*command, folder)[0] == 0
    tables = sorted(path.relative_to(tmp_path / out) for path in (tmp_path / out).rglob("events.csv"))
    assert [str(path) for path in tables] == [
        "monday/events.csv",
        "monday/monday.avi/events.csv",
        "tuesday/events.csv",
        "tuesday/tuesday.avi/events.csv",
    ]


@pytest.mark.slow
def test_a_dark_video_is_named(merlab, tmp_path):
    dark = np.tile(np.linspace(0, 30, 231, dtype=np.uint8)[:, None], (282, 1, 3))
    for number in range(1, 61):
        (tmp_path / "dark").mkdir(exist_ok=True)
        write_image(tmp_path / "dark" / f"{number}.png", np.add(dark, number % 9, dtype=np.uint8))
    for command in (["spot", "dark", "--fps", 50], ["recognize", "dark", "--fps", 50, "--aligned", "--no-overlay"]):
        status, out, err = merlab(*command)
        assert status == 0, err
        assert "the face is very dark in 100 % of the frames" in " ".join((out + err).split())
    assert "very dark" in (tmp_path / "merlab-recognized" / "dark" / "report.html").read_text()


def test_of_very_many_movements_those_with_the_highest_scores_are_printed_in_their_order(capsys, monkeypatch):
    """A recording of an hour had 1520 movements, which filled 18,000 lines of a terminal."""
    monkeypatch.setattr(console, "out_console", Console(width=200))
    scores = [5.0 + (37 * at) % 130 for at in range(130)]
    events = [{"event": f"e{at + 1:04d}", "score": score} for at, score in enumerate(scores)]
    table = pd.DataFrame({"event": [event["event"] for event in events], "part": "of the face, " * 8})
    summary = VideoSummary("a.mp4", 3600.0, Path("out"), (), (), table, {"events": events})
    print_results({Path("a.mp4"): summary}, {}, None, as_json=False)
    printed = capsys.readouterr().out
    assert "a.mp4: 130 movements in 3600.0 s; the 100 with the highest scores, events.csv has all" in printed
    # Scores are 5 to 134, each once: the hundred highest are those from 35 on.
    assert re.findall(r"e\d{4}", printed) == [f"e{at + 1:04d}" for at, score in enumerate(scores) if score >= 35]


def test_a_class_has_its_probability_beside_it_or_the_reason_why_it_is_not_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(console, "out_console", Console(width=200))
    result = read_video_result(write_result(tmp_path / "interview.mp4", pictures=False))
    print_results({tmp_path: summary_of_result(result)}, {}, None, as_json=False)
    printed = capsys.readouterr().out
    for event in result.events.to_dict("records"):
        # As in the report: two digits, and never 1.
        shown = f"{min(float(event['probability']), 0.99):.2f}"
        assert (f"{event['class']} {shown}" if event["class"] else f"none ({shown}): {event['withheld']}") in printed
    assert set(result.events["class"]) > {""}


def test_the_face_is_printed_where_a_video_has_several(tmp_path, capsys):
    for faces in (1, 2):
        result = read_video_result(write_result(tmp_path / str(faces), faces=faces, pictures=False))
        assert len(set(result.events["face_id"])) == faces
        print_results({tmp_path: summary_of_result(result)}, {}, None, as_json=False)
        assert ("face ┃" in capsys.readouterr().out) == (faces > 1)


def test_the_face_is_printed_where_only_one_of_several_moves(tmp_path, capsys):
    result = read_video_result(write_result(tmp_path, faces=2, pictures=False))
    moved = [row for row in result.rows if row.face_id == 1]
    assert moved
    print_results({tmp_path: summary_of_result(replace(result, rows=tuple(moved)))}, {}, None, as_json=False)
    assert "face ┃" in capsys.readouterr().out
