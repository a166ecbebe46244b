"""All methods on the same recordings, each fitted on the other subjects."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Any, cast
from unicodedata import normalize

import numpy as np
import pandas as pd
import pytest

from merlab.databases.long_video import LongEvent, LongVideo
from merlab.errors import MerlabError
from merlab.frames import read_image, write_image
from merlab.reports.documents import fill
from merlab.reports.spotting_comparison import comparison_heading, comparison_table, store_comparison
from merlab.spotting.comparison import SPOTTERS, evaluation, find_spotter
from merlab.spotting.comparison.by_method import MethodOnVideos
from merlab.spotting.comparison.evaluation import compare_spotting
from merlab.spotting.comparison.folds import Fold, fold_result, kinds_of, leave_one_subject_out, target_of
from merlab.spotting.comparison.guesses import GUESS_EVEN, GUESS_RANDOM
from merlab.spotting.comparison.hoof import HOOF
from merlab.spotting.comparison.recordings import recordings, recordings_in
from merlab.spotting.scoring import score_spotting
from tests.spotting.comparison.recorded import FPS, frames, material, video

MOVEMENTS = {"a": [(40, 48, 56)], "b": [(50, 58, 66)], "c": [(30, 38, 47), (90, 98, 106)]}
COUNT = 130


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three subjects with movements, and a whole head whose frames are black."""
    root = tmp_path_factory.mktemp("recordings")
    for seed, (name, movements) in enumerate(MOVEMENTS.items()):
        (root / name).mkdir()
        for number, gray in enumerate(frames(COUNT, movements, seed, px=2), start=1):
            write_image(root / name / f"{number:04d}.png", np.repeat(gray[..., None], 3, axis=2))
    (root / "black").mkdir()
    for number in range(1, 91):
        write_image(root / "black" / f"{number:04d}.png", np.zeros((48, 64, 3), np.uint8))
    return root


@pytest.fixture(scope="module")
def videos(folder):
    whole = [replace(video(name, each, COUNT), source=folder / name) for name, each in MOVEMENTS.items()]
    black = LongVideo("", "d", "black", folder / "black", FPS, 90, (LongEvent(20, None, 35, "micro"),))
    return [*whole, black]


def test_a_changed_truth_of_the_test_subject_changes_nothing_in_its_fold(tmp_path):
    tested = video("a", MOVEMENTS["a"], COUNT)
    other_truth = replace(tested, events=(LongEvent(3, 4, 120, "macro"), LongEvent(1, 2, 3, "micro")))
    training = (video("b", MOVEMENTS["b"], COUNT),)
    for spotter in (HOOF, GUESS_RANDOM, GUESS_EVEN):
        features = spotter.features(target_of("micro", training), FPS)
        kept = {name: material(tmp_path, name, COUNT, MOVEMENTS[name], features) for name in "ab"}

        def as_given(given, kept=kept):
            return replace(kept[given.name], video=given)

        results = [
            fold_result(spotter, Fold("a", (each,), training), ["micro"], 0, as_given) for each in (tested, other_truth)
        ]
        assert results[0] == results[1]
        changed = replace(training[0], events=(*training[0].events, LongEvent(80, 90, 120, "micro")))
        refitted = fold_result(spotter, Fold("a", (tested,), (changed,)), ["micro"], 0, as_given)
        assert spotter is HOOF or refitted.facts != results[0].facts


@pytest.mark.slow
def test_methods_are_compared_and_black_frames_hold_nothing(videos, tmp_path):
    methods = ["lbp-chi2", "guess-random"]
    first = compare_spotting(videos, methods, tmp_path / "out", jobs=1, progress=False)
    assert (first.videos, first.subjects, first.folds, dict(first.events)) == (4, 4, 4, {"micro": 5})
    assert first.minutes == pytest.approx((3 * COUNT + 90) / FPS / 60)
    assert first.stamps == ("WHOLE HEADS",)
    scores = {each.method: each.scores for each in first.methods}
    assert scores["lbp-chi2"].tp >= 3
    assert str(first).startswith("SpottingComparison, 4 videos\n  ")
    for method, of_method in scores.items():
        spotted = pd.read_csv(tmp_path / "out" / method / "events.csv")
        assert method == "guess-random" or "black" not in set(spotted["video"])
        assert of_method.tp + of_method.fp == len(spotted)
        assert of_method.tp + of_method.fn == 5
    # The table of events is scored alike by itself.
    truth = pd.DataFrame(
        [(v.name, e.onset, e.offset) for v in videos for e in v.events], columns=["video", "onset", "offset"]
    )
    again = score_spotting(truth, tmp_path / "out" / "lbp-chi2" / "events.csv")
    alone = scores["lbp-chi2"]
    assert (again.tp, again.fp, again.fn) == (alone.tp, alone.fp, alone.fn)

    # The same call reads nothing again; a further method is added.
    asked = []
    second = compare_spotting(
        videos, [*methods, "guess-even"], tmp_path / "out", progress=lambda done, total, what: asked.append(what)
    )
    assert asked == ["guess-even: a", "guess-even: b", "guess-even: c", "guess-even: d"]
    assert second.methods[:2] == first.methods
    assert second.stamps == first.stamps
    table = comparison_table(second)
    assert next(iter(table["method"])) == "lbp-chi2"
    assert len(table) == 3
    assert "4 videos of 4 subjects" in comparison_heading(second)
    with pytest.raises(MerlabError, match="--save needs --command"):
        store_comparison(tmp_path / "kept.json", second, "")
    store_comparison(tmp_path / "results" / "spotting" / "kept.json", second, "merlab compare-spotting")
    document = tmp_path / "page.md"
    document.write_text("<!-- spotters: kept -->\n<!-- end -->\n")
    fill(document, tmp_path / "results", check=False)
    counts = f"{alone.tp}, {alone.fp}; {alone.fn}"
    assert re.search(rf"\| lbp-chi2 \|.*\| {counts} \|", document.read_text())
    assert "`merlab compare-spotting`" in document.read_text()

    changed = [*videos[:3], replace(videos[3], events=())]
    with pytest.raises(MerlabError, match="of other settings"):
        compare_spotting(changed, methods, tmp_path / "out", jobs=1, progress=False)


@pytest.mark.slow
def test_a_recording_that_is_too_short_for_a_method_is_named(videos, folder, tmp_path):
    for number in range(1, 11):
        write_image(tmp_path / "brief" / f"{number:04d}.png", read_image(folder / "a" / f"{number:04d}.png"))
    brief = replace(videos[0], name="brief", source=tmp_path / "brief", subject="e", frames=10, events=())
    compared = compare_spotting(
        [brief, *videos[:2]], ["lbp-chi2", "guess-even"], tmp_path / "out", jobs=1, progress=False
    )
    named = [note for note in compared.notes if "brief" in note]
    assert named == ["brief is shorter than the time over which lbp-chi2 compares frames, so nothing is spotted in it"]


@pytest.mark.slow
def test_a_recording_that_is_too_short_for_one_kind_alone_is_noted_for_this_kind(videos, tmp_path):
    """At 50 samples per second k is 8 for micro-expressions, and 38 for macro-expressions: 155 samples, of 130."""
    events = (*videos[0].events, LongEvent(70, None, 120, "macro"))
    both = [replace(videos[0], events=events), videos[1]]
    compared = compare_spotting(both, ["lbp-chi2"], tmp_path / "out", jobs=1, progress=False)
    assert set(pd.read_csv(tmp_path / "out" / "lbp-chi2" / "events.csv")["video"]) == {"a", "b"}
    after = (
        "is shorter than the time over which lbp-chi2 compares frames for macro-expressions, so none is spotted in it"
    )
    assert [note for note in compared.notes if "shorter" in note] == [f"a {after}", f"b {after}"]


@pytest.mark.slow
def test_every_method_runs_on_other_recordings_and_spots_nothing_in_black_frames(videos, tmp_path):
    compared = compare_spotting(videos[2:], None, tmp_path / "out", training=videos[:2], jobs=1, progress=False)
    assert compared.fitted_on == "2 other recordings"
    assert [each.method for each in compared.methods] == list(SPOTTERS)
    for method in SPOTTERS:
        spotted = pd.read_csv(tmp_path / "out" / method / "events.csv")
        assert method.startswith("guess") or "black" not in set(spotted["video"])
    assert {each.method for each in compared.methods if each.scores.tp == 2} >= {"lbp-chi2", "hoof"}


def test_a_network_is_not_fitted_to_a_kind_that_no_training_recording_has():
    only = (video("a", MOVEMENTS["a"], COUNT),)
    macro = (replace(only[0], events=(LongEvent(3, 4, 99, "macro"),)),)
    result = fold_result(
        SPOTTERS["softnet"],
        Fold("a", macro, only),
        ["macro"],
        0,
        lambda given: type(
            "Read", (), {"whole_heads": False, "damaged": 0, "missing": 0, "gaps": 0, "rate": FPS, "samples": COUNT}
        )(),
    )
    assert (result.facts, result.events) == ({"macro": {}}, ())
    assert kinds_of([*macro, *only]) == ("micro", "macro")
    assert kinds_of([replace(only[0], events=())]) == ("micro",)


def test_a_comparison_of_other_libraries_is_not_continued(videos, tmp_path, monkeypatch):
    compare_spotting(videos[:2], ["guess-even"], tmp_path / "out", jobs=1, progress=False)
    monkeypatch.setattr(evaluation, "versions_of_methods", lambda: {"opencv": "5.0", "torch": "3.0"})
    with pytest.raises(MerlabError, match=r"with opencv .*, and this is opencv 5\.0.* with torch .* is torch 3\.0"):
        compare_spotting(videos[:2], ["guess-even"], tmp_path / "out", jobs=1, progress=False)


def test_mistakes_are_named(videos, tmp_path):
    with pytest.raises(MerlabError, match="all videos are of one subject"):
        leave_one_subject_out(videos[:1])
    with pytest.raises(MerlabError, match="a would be tested and fitted on"):
        compare_spotting(videos[:2], ["hoof"], tmp_path / "out", training=videos[:1])
    with pytest.raises(MerlabError, match="did you mean softnet"):
        find_spotter("softnt")
    for impossible in (float("nan"), -0.1, 1.1):
        with pytest.raises(MerlabError, match=f"p of spotting must be between 0 and 1, got {impossible}"):
            MethodOnVideos("hoof", p=impossible)


def test_a_recording_that_cannot_be_read_is_named_when_all_others_are_read(videos, folder, tmp_path):
    (tmp_path / "broken").mkdir()
    for number in range(1, 4):
        (tmp_path / "broken" / f"{number}.png").touch()
    broken = replace(videos[0], name="broken", source=tmp_path / "broken", subject="e", frames=3)
    reported = []
    with pytest.raises(MerlabError, match=r"1\.png is empty.*The other recordings are read and kept"):
        compare_spotting(
            [broken, *videos[2:]],
            ["lbp-chi2"],
            tmp_path / "out",
            jobs=1,
            progress=lambda done, total, what: reported.append((done, total)),
        )
    assert len(list((tmp_path / "out" / "features").iterdir())) == 2
    # One progress over the frames of all recordings, so that the time left is that of all.
    total = 3 + COUNT + 90
    assert {each for _, each in reported} == {total}
    assert [done for done, _ in reported] == sorted(done for done, _ in reported)
    assert (0, total) in reported
    assert reported[-1] == (total, total)


def test_recordings_come_from_tables_or_paths(folder, tmp_path):
    rows = [
        (name, name.upper(), onset + 1, offset + 1) for name, each in MOVEMENTS.items() for onset, _, offset in each
    ]
    truth = pd.DataFrame(rows, columns=["video", "subject", "onset", "offset"])
    read = recordings(truth, [folder / name for name in (*MOVEMENTS, "black")], FPS)
    assert [(each.name, each.subject, each.frames, len(each.events)) for each in read] == [
        ("a", "A", COUNT, 1),
        ("b", "B", COUNT, 1),
        ("c", "C", COUNT, 2),
        ("black", "", 90, 0),
    ]
    assert {event.kind for each in read for event in each.events} == {"micro"}

    kinds = truth.drop(columns="subject").assign(kind=["micro", "macro", "other", "micro"])
    listed = pd.DataFrame({"video": list(MOVEMENTS), "source": [str(folder / name) for name in MOVEMENTS]})
    listed.assign(subject="s1", fps=25).to_csv(tmp_path / "videos.csv", index=False)
    of_list = recordings(kinds, [tmp_path / "videos.csv"])
    assert [(each.subject, each.fps, [event.kind for event in each.events]) for each in of_list] == [
        ("s1", 25.0, ["micro"]),
        ("s1", 25.0, ["macro"]),
        ("s1", 25.0, ["micro"]),
    ]
    # A rate in the table is that of its recording; --fps is for those without one, and images need it.
    listed.assign(fps=["25", "", ""]).to_csv(tmp_path / "videos.csv", index=False)
    assert [each.fps for each in recordings(kinds, [tmp_path / "videos.csv"], 60)] == [25, 60, 60]
    with pytest.raises(MerlabError, match="b does not state its frame rate; give --fps"):
        recordings(kinds, [tmp_path / "videos.csv"])
    listed.assign(source=["elsewhere", "b", "c"]).to_csv(tmp_path / "videos.csv", index=False)
    with pytest.raises(MerlabError, match=r"videos\.csv: the source of a, elsewhere, does not exist"):
        recordings(kinds, [tmp_path / "videos.csv"])
    with pytest.raises(MerlabError, match="true events of videos that are not given: b, c"):
        recordings(truth, [folder / "a"], FPS)
    with pytest.raises(MerlabError, match="two of the videos have the name a"):
        recordings(truth, [folder / "a", folder / "a"], FPS)


def test_the_videos_of_a_set_are_its_own_where_the_current_folder_has_some_of_the_same_names(
    folder, tmp_path, monkeypatch
):
    """The tables of `merlab make-videos`, whose places begin at the folder of the set."""
    for name, shown in (("here", "a"), ("there", "b")):
        (tmp_path / name / "SYNTHETIC_videos").mkdir(parents=True)
        (tmp_path / name / "SYNTHETIC_videos" / "sub01").symlink_to(folder / shown, target_is_directory=True)
    events, listed = (tmp_path / "there" / f"SYNTHETIC_{what}.csv" for what in ("events", "videos"))
    pd.DataFrame({"video": ["sub01"], "onset": [11], "offset": [19]}).to_csv(events, index=False)
    facts = pd.DataFrame({"video": ["sub01"], "subject": ["s1"], "fps": [25], "source": ["SYNTHETIC_videos/sub01"]})
    facts.to_csv(listed, index=False)
    monkeypatch.chdir(tmp_path / "here")
    for (read,) in (recordings(events, [listed]), recordings_in(tmp_path / "there")):
        assert read.source.resolve() == (folder / "b").resolve()
        assert (read.subject, read.fps) == ("s1", 25.0)
    # An earlier version wrote no places; images then need a rate.
    facts.drop(columns="source").to_csv(listed, index=False)
    (read,) = recordings_in(tmp_path / "there", FPS)
    assert (read.source.resolve(), read.fps) == ((folder / "b").resolve(), FPS)


def test_a_list_of_long_videos_without_their_places_is_named_and_not_called_absent(tmp_path):
    pd.DataFrame({"video": ["a"], "onset": [11], "offset": [19]}).to_csv(tmp_path / "truth.csv", index=False)
    pd.DataFrame({"video": ["a"], "frames": [30]}).to_csv(tmp_path / "videos.csv", index=False)
    with pytest.raises(MerlabError, match=r"videos\.csv has no column source"):
        recordings_in(tmp_path)


@pytest.mark.parametrize(("on_disk", "in_tables"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_recording_is_found_whichever_way_the_disk_and_the_tables_write_its_accents(
    folder, tmp_path, on_disk, in_tables
):
    stored, typed = (normalize(form, "müller") for form in (on_disk, in_tables))
    (tmp_path / stored).symlink_to(folder / "a", target_is_directory=True)
    truth = pd.DataFrame({"video": [typed], "subject": ["1"], "onset": [11], "offset": [19]})
    pd.DataFrame({"video": [typed], "source": [typed]}).to_csv(tmp_path / "videos.csv", index=False)
    for given in (tmp_path / stored, tmp_path / "videos.csv"):
        (read,) = recordings(truth, [given], FPS)
        assert (read.subject, len(read.events)) == ("1", 1)
    # A disk that tells the two apart may hold both, and tables cannot say which one is meant.
    both = [tmp_path / stored, tmp_path / typed]
    with pytest.raises(MerlabError, match="two of the videos have the name müller"):
        recordings(truth, both, FPS)


def test_one_person_is_not_in_both_parts_of_a_fold(folder, tmp_path):
    rows = [("a", "1", 11, 19), ("b", "01", 11, 19), ("c", "2", 11, 19)]
    truth = pd.DataFrame(rows, columns=["video", "subject", "onset", "offset"])
    videos = [folder / name for name in "abc"]
    with pytest.raises(MerlabError, match=r"the subjects 1 and 01 are one .* write one of them \(videos a and b\)"):
        recordings(truth, videos, FPS)
    with pytest.raises(MerlabError, match="the subjects s1 and S01 are one person"):
        leave_one_subject_out([video("a", [], COUNT, "s1"), video("b", [], COUNT, "S01")])
    whole = recordings(truth.assign(subject=["1", "1.0", "2"]), videos, FPS)
    assert [each.subject for each in whole] == ["1", "1", "2"]
    assert [fold.name for fold in leave_one_subject_out(whole)] == ["1", "2"]
    with pytest.raises(MerlabError, match="the video has two subjects"):
        recordings(truth.assign(video=["a", "a", "c"], subject=["1", "2", "3"], onset=[11, 12, 11]), videos, FPS)
    listed = pd.DataFrame({"video": list("abc"), "source": [str(each) for each in videos], "fps": ["nan", "50", "50"]})
    listed.to_csv(tmp_path / "videos.csv", index=False)
    with pytest.raises(MerlabError, match="a: nan is not a frame rate"):
        recordings(truth.assign(subject=["1", "2", "3"]), [tmp_path / "videos.csv"])
    listed.assign(fps=50, subject=["1", "2", "3"]).to_csv(tmp_path / "videos.csv", index=False)
    with pytest.raises(MerlabError, match="a has the subject 1 in the list of videos, and 2 in the true events"):
        recordings(truth.assign(subject=["2", "2", "3"]), [tmp_path / "videos.csv"])


def test_where_subjects_are_unknown_nothing_is_said_to_be_fitted_on_other_subjects(folder, tmp_path):
    rows = [("a", "1", 41, 57), ("b", "NA", 51, 67), ("c", "", 31, 48)]
    read = recordings(
        pd.DataFrame(rows, columns=["video", "subject", "onset", "offset"]), [folder / n for n in "abc"], FPS
    )
    assert [each.subject for each in read] == ["1", "", ""]
    compared = compare_spotting(read, ["guess-even"], tmp_path / "out", jobs=1, progress=False)
    assert comparison_heading(compared).endswith("fitted on the other videos; one person may be in both")
    assert compared.folds == 3
    noted = [note for note in compared.notes if "subject of its own" in note]
    assert len(noted) == 1
    assert "the subject of b, c is unknown, so each counts as a subject of its own" in noted[0]
    assert compared.methods[0].scores.subjects == 3
    known = [replace(each, subject=each.subject or "2") for each in read]
    compared = compare_spotting(known, ["guess-even"], tmp_path / "known", jobs=1, progress=False)
    assert (compared.fitted_on, compared.folds, compared.notes) == ("the other subjects", 2, ())


def test_true_events_after_the_end_of_their_video_are_refused(folder, tmp_path):
    """The 130 frames are numbered from 1, or as their files: 46 to 55."""
    truth = pd.DataFrame({"video": ["a"], "onset": [120], "offset": [131]})
    assert len(recordings(truth, [folder / "a"], FPS)[0].events) == 1
    message = "a: the true event from 120 to 132 ends after the video does, which has the frames 1 to 130"
    with pytest.raises(MerlabError, match=message):
        recordings(truth.assign(offset=132), [folder / "a"], FPS)
    for number in range(46, 56):
        write_image(tmp_path / "a" / f"{number}.png", np.zeros((8, 8, 3), np.uint8))
    assert len(recordings(truth.assign(onset=50, offset=55), [tmp_path / "a"], FPS)[0].events) == 1


def test_a_movement_that_a_database_codes_with_two_apexes_counts_once(videos, tmp_path):
    event = videos[0].events[0]
    twice = replace(videos[0], events=(event, replace(event, apex=None)))
    compared = compare_spotting([twice, videos[1]], ["guess-even"], tmp_path / "out", jobs=1, progress=False)
    assert compared.methods[0].scores.true_events == 2
    # In the heading, and where methods are fitted to it, too.
    assert compared.events == {"micro": 2}
    rates = {fold: facts["micro"]["events_a_minute"] for fold, facts in compared.methods[0].facts.items()}
    assert rates == {"a": pytest.approx(60 * FPS / COUNT, abs=1e-4), "b": pytest.approx(60 * FPS / COUNT, abs=1e-4)}


@pytest.mark.slow
def test_dropped_frames_are_noted_and_do_not_refuse_the_recording(folder, tmp_path):
    """As in CAS(ME)^3, where the numbers of files have gaps."""
    for name in "ab":
        (tmp_path / name).mkdir()
        for number in {*range(1, COUNT + 1)} - {20, 21, 100}:
            os.link(folder / name / f"{number:04d}.png", tmp_path / name / f"{number}.png")
    read = [replace(video(name, MOVEMENTS[name], COUNT), source=tmp_path / name) for name in "ab"]
    compared = compare_spotting(read, ["lbp-chi2"], tmp_path / "out", jobs=1, progress=False)
    assert compared.methods[0].scores.tp == 2
    assert compared.notes[0].startswith("a: 3 of the frames that are used are missing; the one before is shown instead")
    # A guess sees no frame.
    guessed = compare_spotting(read, ["guess-even"], tmp_path / "guessed", jobs=1, progress=False)
    assert [note for note in guessed.notes if note.startswith(("a:", "b:"))] == []


def test_what_methods_of_another_version_computed_is_not_continued(videos, tmp_path, monkeypatch):
    compare_spotting(videos[:2], ["guess-even"], tmp_path / "out", jobs=1, progress=False)
    monkeypatch.setattr(evaluation, "COMPUTED", 0)
    with pytest.raises(MerlabError, match="made by a merlab whose comparison methods computed in another way"):
        compare_spotting(videos[:2], ["guess-even"], tmp_path / "out", jobs=1, progress=False)


def test_recordings_are_those_of_a_folder_and_nothing_else():
    with pytest.raises(MerlabError, match="folder must be a path, as text or pathlib.Path, got None"):
        recordings_in(cast(Any, None))
