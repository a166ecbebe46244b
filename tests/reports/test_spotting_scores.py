"""Scores of spotting: as a table, stored with their stamps, and in a document."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.json_files import write_json
from merlab.reports.documents import fill
from merlab.reports.spotting_scores import (
    heading,
    notes_on_versions,
    read_spotting,
    selection_table,
    spotting_table,
    stamps_of,
    store_spotting,
)
from merlab.reports.stored import commit_of_checkout
from merlab.spotting.scoring import score_spotting
from merlab.spotting.scoring.selection import RuleScore
from merlab.version import __version__

COLUMNS = ["video", "onset", "apex", "offset", "emotion", "action_units"]
TRUTH = pd.DataFrame(
    [("a", 1, 5, 10, "x", "4"), ("b", 1, 5, 10, "y", "12"), ("b", 40, 44, 50, "x", "4")], columns=COLUMNS
)
FOUND = pd.DataFrame([("a", 1, 6, 10, "x", "AU4 0.9"), ("b", 1, 8, 10, "x", "")], columns=COLUMNS)


@pytest.fixture
def results(tmp_path):
    """A folder of stored results that holds the scores ``long``."""
    write_json(tmp_path / "out" / "metadata.json", {"model": {"stamps": ["SYNTHETIC", "REDUCED"]}})
    scores = score_spotting(TRUTH, FOUND, 200.0)
    spotted = [tmp_path / "out" / "events.csv"]
    store_spotting(
        tmp_path / "results" / "spotting" / "long.json", scores, "merlab x", tmp_path / "SYNTHETIC_events.csv", spotted
    )
    return tmp_path / "results"


def test_every_value_is_listed_with_its_interval_and_two_guesses():
    rows = {
        measure: cells for measure, *cells in spotting_table(score_spotting(TRUTH, FOUND, 200.0)).to_numpy().tolist()
    }
    assert rows["F1 at IoU 0.5"][0] == ".800 [.000, 1.000]"
    assert rows["spotted: right, wrong; missed"][0] == "2, 0; 1"
    # x and y are both recognized as x.
    assert rows["recognized, of them abstained"][0] == "2, 0"
    assert rows["recognition UF1"][0].startswith(".333 ")
    assert rows["recognition UAR"][0].startswith(".500 ")
    assert rows["recognition harmonic F1"][0].startswith(".333 ")
    assert rows["STRS"][0].startswith(".267 ")
    assert rows["recognition accuracy"][:2] == [".500 [.000, 1.000]", ".500"]
    assert rows["first action unit right, of 2"] == [".500 [.000, 1.000]", ".500", ".000"]


def test_the_number_of_subjects_is_listed_where_intervals_are_over_them():
    listed = pd.DataFrame({"video": ["a", "b"], "seconds": 60, "subject": ["1", "2"]})
    table = spotting_table(score_spotting(TRUTH, FOUND, videos=listed))
    assert dict(zip(table["measure"], table["value"], strict=True))["subjects, over whom intervals are"] == "2"


def test_errors_of_the_apex_are_in_milliseconds_where_the_frame_rate_is_known():
    """Apexes 1, 3 and 0 frames of 5 ms too late."""
    found = pd.concat([FOUND, TRUTH.iloc[[2]]])

    def errors(*fps):
        table = spotting_table(score_spotting(TRUTH, found, *fps))
        return dict(table.loc[table["measure"].str.startswith("apex error"), ["measure", "value"]].to_numpy().tolist())

    in_frames = {"apex error, median in frames": "1.00", "apex error, mean in frames": "1.33"}
    assert errors() == in_frames
    assert errors(200.0) == {**in_frames, "apex error, median in ms": "5.00", "apex error, mean in ms": "6.67"}


def test_the_curve_the_kinds_and_false_alarms_have_rows_of_their_own():
    """Of a micro-expression in each of two videos and a macro-expression, one of each is hit, the first as macro."""
    columns = ["video", "onset", "offset", "kind"]
    truth = pd.DataFrame([("a", 1, 10, "micro"), ("a", 101, 200, "macro"), ("b", 1, 10, "micro")], columns=columns)
    found = pd.DataFrame([("a", 1, 10, "macro"), ("a", 101, 180, "macro"), ("c", 5, 15, "micro")], columns=columns)
    lengths = pd.DataFrame({"video": list("abcd"), "seconds": [60, 30, 30, 60]})
    table = spotting_table(score_spotting(truth, found, videos=lengths))
    values = {measure: value.split(" [")[0] for measure, value in zip(table["measure"], table["value"], strict=True)}
    assert values == {
        "videos; true events": "4; 3",
        "spotted: right, wrong; missed": "2, 1; 1",
        "precision": ".667",
        "recall": ".667",
        "F1 at IoU 0.5": ".667",
        "F1 at IoU 0.1, 0.3, 0.7, 0.9": ".667, .667, .667, .333",
        "false alarms a minute, of 3.0 minutes": ".333",
        "micro: right, wrong; missed": "0, 1; 2",
        "micro: precision, recall": ".000, .000",
        "micro: F1 at IoU 0.5": ".000",
        "micro: false alarms a minute": ".333",
        "macro: right, wrong; missed": "1, 1; 0",
        "macro: precision, recall": ".500, 1.000",
        "macro: F1 at IoU 0.5": ".667",
        "macro: false alarms a minute": ".333",
        "micro + macro: right, wrong; missed": "1, 2; 2",
        "micro + macro: precision, recall": ".333, .333",
        "micro + macro: F1 at IoU 0.5": ".333",
        "micro + macro: false alarms a minute": ".667",
    }


def test_a_kind_without_an_event_has_no_rows_and_another_one_alone_is_not_added_to_it():
    columns = ["video", "onset", "offset", "kind"]
    truth = pd.DataFrame([("a", 1, 10, "macro"), ("b", 1, 10, "macro")], columns=columns)
    table = spotting_table(score_spotting(truth, truth.iloc[:1]))
    assert [measure for measure in table["measure"] if measure.startswith(("micro", "macro"))] == [
        "macro: right, wrong; missed",
        "macro: precision, recall",
        "macro: F1 at IoU 0.5",
    ]


def test_a_rule_that_chooses_for_each_subject_names_no_epoch():
    rules = [RuleScore("best", True, 0.4375, 23, 0.48), RuleScore("on the others", False, 0.38)]
    assert selection_table(rules).to_numpy().tolist() == [
        ["best", ".438", "23", "0.48", "yes"],
        ["on the others", ".380", "–", "–", "no"],
    ]


def test_an_undefined_score_is_a_dash_or_has_no_row():
    unlabeled = TRUTH[["video", "onset", "offset"]]
    table = spotting_table(score_spotting(unlabeled, unlabeled.iloc[:0]))
    assert dict(zip(table["measure"], table["value"], strict=True)) == {
        "videos with an event; true events": "2; 3",
        "spotted: right, wrong; missed": "0, 0; 3",
        "precision": "–",
        "recall": ".000",
        "F1 at IoU 0.5": ".000 [.000, .842]",
    }


def test_stamps_come_from_the_recordings_and_the_models(results, tmp_path):
    assert read_spotting(results / "spotting" / "long.json").stamps == ["SYNTHETIC", "REDUCED"]
    assert stamps_of(tmp_path / "mine.csv", [tmp_path / "elsewhere" / "events.csv"]) == []


def test_a_table_of_all_videos_has_the_stamps_and_the_versions_of_their_results(tmp_path):
    """The table stands above the folders of the results, which alone state the weights."""
    out, videos = tmp_path / "results", ("über 1.mp4", "2.mkv")
    stamps = (["SYNTHETIC"], ["SYNTHETIC", "REDUCED"])
    for video, model, stated in zip(videos, stamps, ("0.2.0", __version__), strict=True):
        write_json(out / video / "metadata.json", {"model": {"stamps": model}, "versions": {"merlab": stated}})
    write_json(out / "other.mp4" / "metadata.json", {"model": {"stamps": ["LEAKY"]}})
    for name in ("events.csv", "weak.csv", "mine.csv"):
        rows = [f"{video},1,9,0.1\n" for video in videos]
        (out / name).write_text("".join(["video,onset,offset,duration_s\n", *rows]), encoding="utf-8")
    spotted = [out / name for name in ("events.csv", "weak.csv", "mine.csv")]
    assert [stamps_of(tmp_path / "mine.csv", [each]) for each in spotted] == [["SYNTHETIC", "REDUCED"]] * 2 + [[]]
    made = f"made by merlab 0.2.0, {__version__}, and this is merlab {__version__}, which may find other movements"
    assert notes_on_versions(spotted) == [f"{each}: {made}" for each in spotted[:2]]
    (out / videos[0] / "events.csv").write_text("onset,offset\n1,9\n")
    both = [out / videos[0] / "events.csv", spotted[0]]
    store_spotting(tmp_path / "a.json", score_spotting(TRUTH, FOUND, 200.0), "merlab x", tmp_path / "mine.csv", both)
    assert read_spotting(tmp_path / "a.json").versions["merlab"] == f"0.2.0, {__version__}"


def test_scores_of_synthetic_recordings_are_marked_whatever_the_table_is_called(tmp_path):
    truth, spotted = tmp_path / "anna.csv", [tmp_path / "events.csv"]
    table = TRUTH.assign(video="SYNTHETIC_sub01.avi").iloc[:1]
    scores = score_spotting(table, table)
    assert (scores.stamps, scores.to_json()["stamps"]) == (("SYNTHETIC",), ["SYNTHETIC"])
    assert repr(scores).startswith("SpottingScores [SYNTHETIC]: F1 1.000")
    assert heading(scores, truth, spotted) == "anna.csv [SYNTHETIC]"
    store_spotting(tmp_path / "kept.json", scores, "merlab x", truth, spotted)
    assert read_spotting(tmp_path / "kept.json").stamps == ["SYNTHETIC"]
    people = score_spotting(TRUTH, FOUND)
    assert "stamps" not in people.to_json()
    write_json(tmp_path / "metadata.json", {"model": {"stamps": ["REDUCED"]}})
    assert heading(people, truth, spotted) == "anna.csv [REDUCED]"
    write_json(tmp_path / "metadata.json", {"of": "another program"})
    assert heading(people, truth, spotted) == "anna.csv"


def test_stored_scores_are_read_back_as_they_were(results):
    path, scores = results / "spotting" / "long.json", score_spotting(TRUTH, FOUND, 200.0)
    assert read_spotting(path).scores == scores
    assert json.loads(path.read_text())["scores"] == scores.to_json()


@pytest.mark.parametrize(("name", "place"), [("metadata.json", "versions"), ("spotting.json", "asked")])
def test_the_version_is_that_of_the_results_and_another_one_is_noted(tmp_path, name, place):
    spotted = [tmp_path / of / "events.csv" for of in ("older", "now", "unknown")]
    for path, stated in zip(spotted, ("0.2.0", __version__), strict=False):
        write_json(path.parent / name, {"model": {"stamps": []}, place: {"merlab": stated}})
    assert notes_on_versions(spotted) == [
        f"{spotted[0]}: made by merlab 0.2.0, and this is merlab {__version__}, which may find other movements"
    ]
    scores = score_spotting(TRUTH, FOUND)
    for some, expected in ((spotted[:1], "0.2.0"), (spotted, f"0.2.0, {__version__}"), (spotted[2:], __version__)):
        store_spotting(tmp_path / "kept.json", scores, "merlab x", tmp_path / "anna.csv", some)
        stored = read_spotting(tmp_path / "kept.json")
        assert stored.versions["merlab"].partition("+")[0] == expected
        assert stored.commit == (commit_of_checkout() if expected == __version__ else None)


def test_scores_without_the_command_that_repeats_them_are_not_stored(tmp_path):
    with pytest.raises(MerlabError, match="--save needs --command"):
        store_spotting(tmp_path / "long.json", score_spotting(TRUTH, FOUND), "", tmp_path / "truth.csv", [])
    assert list(tmp_path.iterdir()) == []


def test_metadata_of_another_program_beside_the_events_is_named(tmp_path):
    write_json(tmp_path / "metadata.json", {"camera": "unknown"})
    with pytest.raises(MerlabError, match="metadata.json was not written by `merlab recognize`"):
        stamps_of(tmp_path / "mine.csv", [tmp_path / "events.csv"])


def test_a_document_takes_its_block_from_the_stored_scores(results, tmp_path):
    document = tmp_path / "page.md"
    document.write_text("<!-- spotting: long -->\n<!-- end -->\n")
    fill(document, results, check=False)
    text = document.read_text()
    assert "**SYNTHETIC · REDUCED**" in text
    assert "| F1 at IoU 0.5 | .800 [.000, 1.000] |" in text
    assert "`merlab x`" in text
    assert fill(document, results, check=True)


def test_a_block_of_scores_that_are_not_stored_names_the_command_that_stores_them(results, tmp_path):
    document = tmp_path / "page.md"
    document.write_text("<!-- spotting: short -->\n<!-- end -->\n")
    with pytest.raises(MerlabError, match=r"requests spotting 'short'; write it with .*--save .*short\.json"):
        fill(document, results, check=False)


def test_a_file_of_another_kind_is_named(tmp_path):
    write_json(tmp_path / "other.json", {"date": "today"})
    with pytest.raises(MerlabError, match="other.json contains no scores of spotting"):
        read_spotting(tmp_path / "other.json")
