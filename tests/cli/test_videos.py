"""Commands on videos, as a user types them: make recordings, spot, recognize, score."""

from __future__ import annotations

import inspect
import json

import pandas as pd
import pytest

from merlab.cli.videos import recognize_command, spot_command
from merlab.spotting.spot_video import spot
from merlab.videos.recognition import recognize


@pytest.mark.slow
def test_from_making_recordings_to_their_score(merlab, tmp_path):
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
    shortcuts, finding = {"p", "floor", "as_json", "no_overlay"}, {"detector", "model", "config", "landmarks"}
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
        (("recognize", "nothing.mp4"), "nothing.mp4 does not exist"),
        (("recognize", "text.mp4", "--weights", "none.safetensors"), "none.safetensors does not exist"),
        (("score-spotting", "truth.csv", "truth.csv", "--scheme", "megc"), "did you mean megc2019?"),
        (("spot", "nothing.avi"), "nothing.avi does not exist"),
        (("spot", "text.mp4"), "cannot be opened as a video"),
        (("spot", "loop.mp4"), "loop.mp4 does not exist"),
        (("recognize", "loop.mp4"), "loop.mp4 does not exist"),
        (("spot", "a/x.avi", "b/x.avi"), "two of the videos have the same name"),
        (("spot", "text.mp4", "--spotting", "longst=1"), "did you mean longest?"),
        (
            ("spot", "text.mp4", "--spotting", "window=inf"),
            "window of spotting must be between 1 and 1,000,000, got inf",
        ),
        (("spot", "text.mp4", "--spotting", "score.reach=-1"), "score.reach of spotting must be between 0.001 and 60"),
        (("spot", "text.mp4", "--spotting", "longest=1s"), "--spotting longest takes a number, got '1s'"),
        (("recognize", "text.mp4", "--spotting", "score.reach"), "--spotting takes KEY=VALUE"),
        (("score-spotting", "none.csv", "none.csv"), "none.csv does not exist"),
        (("score-spotting", "truth.csv", "truth.csv", "--save", "kept.json"), "--save needs --command"),
        (("make-videos", "out", "--minutes", 0.05, "--events", 100), "request fewer events per minute"),
    ],
)
def test_a_mistake_is_named_without_a_traceback(merlab, tmp_path, arguments, named):
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "truth.csv").write_text("onset,offset\n")
    status, _, err = merlab(*arguments)
    assert status == 1
    assert named in err
    assert "Traceback" not in err
