"""Commands that compare methods of spotting, and answers of challenges, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from merlab.json_models import DIGEST
from merlab.spotting.comparison import SPOTTERS
from tests.databases.casme_squared_release import TABLE, row, write_video, write_workbook
from tests.videos.fake_result import write_result

TABLES = ("truth/truth.csv", "truth/videos.csv")


@pytest.mark.slow
def test_methods_are_compared_and_one_of_them_spots_alone(merlab, recorded):
    compare = ("compare-spotting", *TABLES, "--methods", "guess-even,lbp-chi2", "--jobs", 1)
    status, out, _ = merlab(*compare)
    assert status == 0
    assert "2 videos of 2 subjects" in out
    result = json.loads(merlab(*compare, "--json")[1])
    assert [each["method"] for each in result["methods"]] == ["guess-even", "lbp-chi2"]
    assert result["methods"][1]["scores"]["tp"] == 2

    spot = ("spot", "a", "--method", "lbp-chi2", "--fps", 50, "--p", 0.5, "--out", "alone")
    status, out, err = merlab(*spot)
    assert status == 0
    assert "1 movement in 2.0 s" in out
    assert "lbp-chi2 is a comparison method" in err
    scores = json.loads(merlab("score-spotting", "truth/truth.csv", "alone/a/events.csv", "--json")[1])
    assert scores["tp"] == 1
    assert json.loads((recorded / "alone/a/method.json").read_text())["name"] == "a"
    written = (recorded / "alone/a/events.csv").stat().st_mtime_ns
    assert merlab(*spot)[0] == 0
    assert (recorded / "alone/a/events.csv").stat().st_mtime_ns == written
    fitted = ("spot", "a", "b", "--method", "lbp-chi2", "--fps", 50, "--train", "truth", "--out", "fitted")
    status, out, _ = merlab(*fitted)
    assert status == 0
    assert "2 videos done" in out


@pytest.mark.slow
def test_a_comparison_is_saved_with_the_commands_that_made_it(merlab, recorded):
    compare = ("compare-spotting", *TABLES, "--methods", "guess-even", "--jobs", 1)
    assert merlab(*compare, "--save", "kept.json", "--command", "merlab compare-spotting mine")[0] == 0
    kept = json.loads((recorded / "kept.json").read_text())
    assert kept["command"] == "merlab compare-spotting mine"
    assert [each["method"] for each in kept["comparison"]["methods"]] == ["guess-even"]


@pytest.mark.slow
def test_changed_recordings_are_not_answered_from_an_old_result(merlab, recorded):
    spot = ("spot", "a", "--method", "guess-even", "--fps", 50, "--train", "truth")
    compare = ("compare-spotting", *TABLES, "--methods", "guess-even", "--jobs", 1)
    for command in (spot, compare):
        assert merlab(*command)[0] == 0
    image = recorded / "b" / "3.png"
    image.write_bytes((recorded / "a" / "3.png").read_bytes())
    for command in (spot, compare):
        status, _, err = merlab(*command)
        assert (status, "the recordings, or their true events, have changed" in err) == (1, True)
        assert merlab(*command, "--again")[0] == 0


@pytest.mark.slow
def test_a_network_learns_from_other_recordings(merlab, recorded):
    spot = ("spot", "a", "--method", "softnet", "--fps", 50, "--train", "truth", "--out", "learned")
    assert merlab(*spot)[0] == 0
    metadata = json.loads((recorded / "learned/a/method.json").read_text())
    assert metadata["facts"]["k_s"] == 0.16
    assert "merlab's own spotter is used without --method" in " ".join(metadata["warnings"])


def test_a_folder_of_something_else_is_left_alone_and_a_new_one_is_taken(merlab, recorded):
    spot = ("spot", "a", "--method", "guess-even", "--fps", 50, "--out", "out")
    (recorded / "out" / "a").mkdir(parents=True)
    (recorded / "out" / "a" / ".notes").touch()
    status, _, err = merlab(*spot)
    assert (status, "exists and contains no results of `merlab spot --method`; choose another folder" in err) == (
        1,
        True,
    )
    (recorded / "out" / "a" / ".notes").rename(recorded / "out" / "a" / ".DS_Store")
    # It is there where the folder above may not be written.
    (recorded / "out" / "a" / ".lock").touch()
    assert merlab(*spot)[0] == 0


def test_the_methods_are_listed(merlab):
    assert [each["method"] for each in json.loads(merlab("spotting-methods", "--json")[1])] == list(SPOTTERS)
    assert all(name in merlab("spotting-methods")[1] for name in SPOTTERS)


def test_results_become_answers(merlab, tmp_path):
    write_result(tmp_path / "recognized" / "one", video="one.mp4", pictures=False)
    asked = [{"video": "one", "question": text} for text in ("How many expressions are there?", "Who is it?")]
    (tmp_path / "asked.jsonl").write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    answers = ("answers", "recognized", "--questions", "asked.jsonl", "--out", "out")
    status, out, _ = merlab(*answers)
    assert status == 0
    assert out.startswith("1 video, ")
    assert "1 answered, 1 unknown question: out/asked_pred.jsonl" in out
    assert "note: unknown form: Who is it?" in out
    assert "note: 2 faces of one show expressions; all are listed, as of one face" in out
    write_result(tmp_path / "alone" / "one", video="one.mp4", pictures=False, faces=1)
    assert "faces" not in merlab("answers", "alone", "--out", "out")[1]
    content = json.loads(merlab(*answers, "--json")[1])
    assert content["stamps"] == ["SYNTHETIC"]
    assert content["rows"] == len(pd.read_csv(tmp_path / "out" / "answers.csv"))
    assert content["notes"] == []
    # Two results, of which an earlier merlab made one.
    of_earlier = write_result(tmp_path / "recognized" / "two", video="two.mp4", pictures=False) / "metadata.json"
    metadata = json.loads(of_earlier.read_text(encoding="utf-8"))
    metadata["asked"]["merlab"] = "0.0.9"
    of_earlier.write_text(json.dumps({name: of for name, of in metadata.items() if name != DIGEST}), encoding="utf-8")
    assert "note: the results are of several versions of merlab" in merlab(*answers)[1]
    assert len(json.loads(merlab(*answers, "--json")[1])["notes"]) == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("spot", "a", "--method", "lbp-chi", "--fps", 50), "did you mean lbp-chi2?"),
        (
            ("spot", "a", "--method", "softnet", "--fps", 50),
            "softnet learns from recordings, and there are no recordings",
        ),
        (("spot", "a", "--method", "mdmd", "--floor", 4), "--floor is a setting of merlab's own spotter"),
        (("spot", "a", "--method", "guess-even", "--p", 0.5, "--fps", 50), "guess-even has no threshold"),
        (("spot", "a", "--train", "truth"), "--train belongs to --method"),
        (("spot", "a", "--method", "mdmd", "--train", "a", "--fps", 50), "give a folder of `merlab make-videos`"),
        (("compare-spotting", "truth/truth.csv", "a", "b"), "does not state its frame rate"),
        (("compare-spotting", "truth/truth.csv", "a", "--fps", 50), "true events of videos that are not given: b"),
        (("compare-spotting", "truth/truth.csv", "absent", "--fps", 50), "absent does not exist; check the path"),
        (("compare-spotting", *TABLES, "--methods", ""), "unknown spotting method ''; spotting methods are"),
        (("compare-spotting", "none.csv", "a"), "none.csv does not exist"),
        (("compare-spotting", "truth/truth.csv", "truth/videos.csv", "--save", "x.json"), "--save needs --command"),
        (("answers", "a"), "a holds no result of `merlab recognize`"),
        (("answers", "none"), "none does not exist; give a result of `merlab recognize`"),
        (
            ("compare-spotting", *TABLES, "--save", "truth/truth.csv", "--command", "x"),
            "truth/truth.csv is read by this command and would be replaced",
        ),
        (
            (
                "score-spotting",
                "truth/truth.csv",
                "truth/truth.csv",
                "--save",
                "truth/../truth/truth.csv",
                "--command",
                "x",
            ),
            "is read by this command and would be replaced",
        ),
    ],
)
def test_a_mistake_is_named_without_a_traceback(merlab, recorded, arguments, named):
    status, _, err = merlab(*arguments)
    assert status == 1
    assert named in err
    assert "Traceback" not in err


def test_the_listed_videos_of_a_database_are_found_from_any_folder(merlab, tmp_path):
    write_workbook(tmp_path / "casme" / TABLE, [row(), row(video="disgust1_2", frames=(8, 10, 12), kind="macro")])
    write_video(tmp_path / "casme")
    status, out, _ = merlab("long-videos", "casme-squared", "casme", "truth")
    assert (status, out) == (0, "1 video, 1 macro, 1 micro, written to truth\n")
    (source,) = pd.read_csv(tmp_path / "truth/videos.csv")["source"]
    assert Path(source) == tmp_path / "casme/rawpic/s15/15_0101disgustingteeth"


def test_what_differs_in_long_videos_is_printed_and_their_truth_can_be_scored(merlab, tmp_path):
    rows = [row(), row(video="disgust1_2", frames=(8, 10, 12), kind="macro")]
    write_workbook(tmp_path / "casme" / TABLE, [*rows, row(video="disgust1_3", frames=(8, 10, 12), kind="macro")])
    write_video(tmp_path / "casme")
    status, out, err = merlab("long-videos", "casme-squared", "casme", "truth")
    assert (status, out) == (0, "1 video, 1 macro, 1 micro, written to truth\n")
    assert "differs: s15 disgust1_3 (row 3): expected a movement of its own, found onset 8, offset 12 as in s15" in err
    assert merlab("score-spotting", "truth/truth.csv", "truth/truth.csv")[0] == 0


def test_tables_of_long_videos_are_not_replaced_by_others_unless_requested(merlab, tmp_path):
    write_workbook(tmp_path / "casme" / TABLE, [row()])
    write_video(tmp_path / "casme")
    command = ("long-videos", "casme-squared", "casme", "truth")
    assert merlab(*command)[0] == 0
    assert merlab(*command)[0] == 0
    (tmp_path / "truth/truth.csv").write_text("video,onset,offset\nmine,1,2\n", encoding="utf-8")
    status, _, err = merlab(*command)
    assert status == 1
    assert "truth/truth.csv exists with other content; --again replaces it" in err
    assert "mine" in (tmp_path / "truth/truth.csv").read_text(encoding="utf-8")
    assert merlab(*command, "--again")[0] == 0
    assert "mine" not in (tmp_path / "truth/truth.csv").read_text(encoding="utf-8")
    (tmp_path / "file").touch()
    refused = "error: cannot write file/truth.csv: file is a file; choose a folder\n"
    # Before the database is read.
    assert merlab(*command[:2], "no-database", "file")[2] == refused
