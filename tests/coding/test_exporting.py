"""Coded events as files for other programs."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pympi
import pytest

import merlab
from merlab.coding.boris import write_boris
from merlab.coding.codable_result import read_codable
from merlab.coding.decisions import Coding, Decision
from merlab.coding.elan_writing import write_elan
from merlab.coding.events import coded_events
from merlab.coding.exporting import export_coding
from merlab.coding.file import read_coding, write_coding
from merlab.coding.frame_clock import FrameClock
from merlab.coding.tables import CodedVideo, Subjects
from merlab.errors import MerlabError
from merlab.outputs.result_folder import CODING
from merlab.sinks import VideoSink
from merlab.spotting.scoring.read_intervals import ReadingOptions, read_events
from merlab.videos.result import EVENTS
from tests.coding.results import about, coded_in, every_kind, material_in, renamed
from tests.videos.fake_result import sketched_face


def tiers_in(path):
    document = pympi.Elan.Eaf(str(path))
    return {name: document.get_annotation_data_for_tier(name) for name in document.get_tier_names()}


def test_elan_has_tiers_of_the_machine_and_of_each_coder_at_the_times_of_the_frames(tmp_path):
    material = coded_in(tmp_path / "out")
    both = Coding((*every_kind(material).decisions, *renamed(every_kind(material), "CD").decisions))
    write_coding(material.folder, both)
    assert export_coding([material.folder], tmp_path / "coded.eaf") == []
    tiers = tiers_in(tmp_path / "coded.eaf")
    # Frame 138 at 100 frames per second is shown at 1370 ms.
    assert tiers["face 0 events [SYNTHETIC]"][0][:2] == (1370, 1650)
    for coder in ("AB", "CD"):
        assert tiers[f"{coder} face 0 movements"] == [(1370, 1650, "joy"), (7390, 7650, "")]
        assert tiers[f"{coder} face 0 movements (2)"] == [(7570, 7850, "ü <&>")]
        assert tiers[f"{coder} face 0 action units"] == [(1370, 1650, "6+L12", "joy")]
        assert tiers[f"{coder} face 0 comments"] == [(1370, 1650, 'says "hm", then', "joy")]
        assert tiers[f"{coder} face 0 apexes"] == [(1490, 1500, "apex")]
        assert tiers[f"{coder} face 1 rejected"] == [(4370, 4650, "e0002")]


def test_elan_states_kinds_as_the_tables_of_the_result_do(tmp_path):
    """Movements of the kind other are no expressions: without their kind, scores would count them."""
    folder, kinds = material_in(tmp_path / "out").folder, ["micro", "other", "macro", "micro"]
    pd.read_csv(folder / EVENTS).assign(kind=kinds).to_csv(folder / EVENTS, index=False)
    export_coding([folder], tmp_path / "coded.eaf")
    read = read_events(tmp_path / "coded.eaf", ReadingOptions(fps=100)).sort_values("onset")
    assert read["kind"].tolist() == kinds
    assert read["onset"].tolist() == pd.read_csv(folder / EVENTS)["onset"].tolist()


def test_elan_is_linked_to_the_video_from_where_the_file_is(tmp_path):
    """A video that is gone, such as one that was uploaded to a service, is expected beside the file."""
    video, out = tmp_path / "videos" / "interview.mp4", tmp_path / "eaf" / "coded.eaf"
    material = material_in(tmp_path / "out", video)
    export_coding([material.folder], out)
    assert pympi.Elan.Eaf(str(out)).media_descriptors[0]["RELATIVE_MEDIA_URL"] == "./interview.mp4"
    video.parent.mkdir()
    video.touch()
    export_coding([material.folder], out, again=True)
    (media,) = pympi.Elan.Eaf(str(out)).media_descriptors
    assert media["MEDIA_URL"] == video.as_uri()
    assert media["RELATIVE_MEDIA_URL"] == "./../videos/interview.mp4"


def test_elan_is_linked_to_the_overlay_of_a_folder_of_images(tmp_path):
    (tmp_path / "images").mkdir()
    material = material_in(tmp_path / "out", tmp_path / "images")
    write_coding(material.folder, every_kind(material))
    (note,) = export_coding([material.folder], tmp_path / "coded.eaf")
    (media,) = pympi.Elan.Eaf(str(tmp_path / "coded.eaf")).media_descriptors
    assert media["RELATIVE_MEDIA_URL"] == "./out/overlay.mp4"
    # `merlab spot` and `merlab recognize --no-overlay` write none.
    assert note.endswith(
        "has no overlay.mp4, to which the file is linked; make a video of the images and link it in ELAN "
        "(Edit, Linked Files)"
    )
    (material.folder / "overlay.mp4").touch()
    assert export_coding([material.folder], tmp_path / "coded.eaf", again=True) == []


def test_movements_that_share_a_frame_are_on_two_tiers(tmp_path):
    """Annotations of a tier of ELAN do not overlap, and the apex of frame 166 lasts until 167 is shown."""
    material = material_in(tmp_path / "out")
    frames = [(138, 166, ""), (166, 180, "L12"), (167, 180, "")]
    events = [
        replace(material.events[0], onset=onset, apex=onset, offset=offset, action_units=units)
        for onset, offset, units in frames
    ]
    write_elan(tmp_path / "coded.eaf", replace(material, events=tuple(events)), Coding(), ())
    tiers = tiers_in(tmp_path / "coded.eaf")
    times = {name: [each[:2] for each in tiers[name]] for name in tiers if name.startswith("face 0 events")}
    assert times == {
        "face 0 events [SYNTHETIC]": [(1370, 1650), (1660, 1790)],
        "face 0 events [SYNTHETIC] (2)": [(1650, 1790)],
    }
    assert tiers["face 0 apexes [SYNTHETIC]"] == [(1370, 1380, "apex"), (1660, 1670, "apex")]
    assert tiers["face 0 apexes [SYNTHETIC] (2)"] == [(1650, 1660, "L12")]


def test_csv_has_what_was_accepted_moved_or_added(tmp_path):
    material = coded_in(tmp_path / "out")
    notes = export_coding([material.folder], tmp_path / "coded.csv", subjects=Subjects(by_face={0: "anna"}))
    assert notes == ["1 of 4 movements of interview.mp4 are not decided yet; they are not in the file"]
    with (tmp_path / "coded.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["event"], row["decision"], row["emotion"]) for row in rows] == [
        ("e0001", "accept", "joy"),
        ("e0003", "move", ""),
        ("", "add", "ü <&>"),
    ]
    assert [rows[0][name] for name in ("subject", "onset", "apex", "offset", "onset_s", "fps", "action_units")] == [
        *("anna", "138", "150", "166", "1.37000", "100", "6+L12")
    ]
    names = ("e0001", "e0003", "own0001")
    assert [row["clip"] for row in rows] == [f"interview.mp4_{name}" for name in names]
    # `merlab score-spotting` reads it as true events.
    assert read_events(tmp_path / "coded.csv")["emotion"].tolist()[0] == "joy"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*whole heads:UserWarning")
def test_coded_videos_are_a_database(tmp_path):
    for name in ("one.mp4", "two.mp4"):
        with VideoSink(tmp_path / name, 100) as sink:
            for _ in range(300):
                sink.write(sketched_face(0))
        coded_in(tmp_path / f"result-{name}", source=tmp_path / name, video=name, seconds=3)
    folders = [tmp_path / "result-one.mp4", tmp_path / "result-two.mp4"]
    export_coding(folders, tmp_path / "mine.csv", subjects=Subjects("anna"))
    clips = merlab.load("table", tmp_path / "mine.csv")
    assert [finding for finding in clips.findings if finding.severity == "unusable"] == []
    assert {clip.database for clip in clips} == {"mine"}
    assert [clip.name for clip in clips][:3] == ["one.mp4_e0001", "one.mp4_e0003", "one.mp4_own0001"]
    first, coded = next(iter(clips)), read_coding_of(folders[0])[0]
    assert (first.onset, first.apex, first.offset) == (coded.onset, coded.apex, coded.offset)
    assert (first.subject, first.emotion, first.action_units, first.aligned) == ("anna face 0", "joy", "6+L12", False)


def read_coding_of(folder):
    return read_coding(read_codable(folder)).decisions


def test_boris_has_a_start_and_a_stop_of_every_event_and_its_apex(tmp_path):
    material = coded_in(tmp_path / "out")
    export_coding([material.folder], tmp_path / "boris.csv", to="boris")
    with (tmp_path / "boris.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = ("Behavior", "Behavior type", "Time", "Modifier #1")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("joy", "START", "1.370", "6+L12"),
        ("apex", "POINT", "1.490", "None"),
        ("joy", "STOP", "1.650", "6+L12"),
        ("movement", "START", "7.390", "None"),
        ("ü <&>", "START", "7.570", "None"),
        ("movement", "STOP", "7.650", "None"),
        ("ü <&>", "STOP", "7.850", "None"),
    ]
    stated = ("Observation id", "Observation duration", "Media duration (s)", "FPS", "Time offset (s)")
    assert {tuple(row[column] for column in stated) for row in rows} == {
        ("interview.mp4", "12.000", "12.000", "100.000", "0")
    }


def test_an_event_of_boris_ends_before_one_that_starts_at_the_same_frame(tmp_path):
    """Times are in milliseconds, as of frames 5, 9 and 15 at 30 frames per second."""
    material = material_in(tmp_path / "out", fps=30.0)
    spans = {"joy": (5, 9), "anger": (9, 15)}
    added = (
        Decision("", 0, "add", *(span[0], None, span[1]), label=label, coder="AB") for label, span in spans.items()
    )
    write_coding(material.folder, Coding(tuple(added)))
    export_coding([material.folder], tmp_path / "BORIS.XLSX")
    sheet = openpyxl.load_workbook(tmp_path / "BORIS.XLSX").worksheets[0]
    assert [(line[0], line[2]) for line in sheet.iter_rows(values_only=True)][1:] == [
        (0.133, "joy"),
        (0.267, "joy"),
        (0.267, "anger"),
        (0.467, "anger"),
    ]


def test_an_event_of_one_frame_starts_before_it_stops(tmp_path):
    material = material_in(tmp_path / "out", faces=1)
    own = (Decision("", 0, "add", onset, onset, offset, label="joy") for onset, offset in ((5, 9), (9, 9)))
    write_coding(material.folder, Coding(tuple(own)))
    export_coding([material.folder], tmp_path / "boris.csv", to="boris")
    kinds = pd.read_csv(tmp_path / "boris.csv")["Behavior type"].tolist()
    assert kinds == ["START", "POINT", "STOP", "START", "POINT", "STOP"]


def test_boris_imports_a_spreadsheet(tmp_path):
    material = coded_in(tmp_path / "out")
    export_coding([material.folder], tmp_path / "boris.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "boris.xlsx").worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("time", "subject", "code", "modifier", "comment")
    assert rows[1] == (1.37, "interview face 0", "joy", "6+L12", 'e0001; says "hm", then')


def test_events_that_boris_could_not_tell_apart_are_noted(tmp_path):
    """A spreadsheet has no START and no STOP: 10, 15, 20 and 25 would be the events 10 to 15 and 20 to 25."""
    material = material_in(tmp_path / "out", faces=1)
    frames = [(10, 20, "joy"), (15, 25, "joy"), (25, 30, "joy"), (16, 18, "fear")]
    own = (Decision("", 0, "add", onset, None, offset, label=label) for onset, offset, label in frames)
    write_coding(material.folder, Coding(tuple(own)))
    _, note = export_coding([material.folder], tmp_path / "boris.xlsx")
    assert note.startswith("interview.mp4: the events in frames 10 to 20 and 15 to 25 overlap, and have the same face")
    assert len(export_coding([material.folder], tmp_path / "coded.csv")) == 1


def test_an_event_within_a_longer_one_does_not_hide_another_overlap(tmp_path):
    material = material_in(tmp_path / "out", faces=1)
    own = (Decision("", 0, "add", onset, None, offset) for onset, offset in ((10, 40), (15, 20), (30, 50)))
    write_coding(material.folder, Coding(tuple(own)))
    notes = export_coding([material.folder], tmp_path / "boris.xlsx")[1:]
    assert [re.findall(r"\d+ to \d+", note) for note in notes] == [["10 to 40", "15 to 20"], ["10 to 40", "30 to 50"]]


def test_times_in_boris_are_those_of_a_player_also_in_slow_motion(tmp_path):
    real = coded_in(tmp_path / "out")
    clock = FrameClock(real.clock.numbers, 8 * real.clock.ms, real.clock.fps, 8)
    slow = replace(real, clock=clock)
    write_boris(tmp_path / "boris.csv", [CodedVideo(slow, coded_events(slow, read_coding(slow), "AB"))])
    first = pd.read_csv(tmp_path / "boris.csv").iloc[0]
    assert first[["Time", "FPS", "Media duration (s)"]].tolist() == [8 * 1.37, 12.5, 96]


def test_videos_are_not_mixed_in_one_observation(tmp_path):
    """A spreadsheet for BORIS has no column for the video: events of two would be at the times of one."""
    folders = [coded_in(tmp_path / name, video=name).folder for name in ("a.mp4", "b.mp4")]
    with pytest.raises(MerlabError, match="one observation of BORIS, is about one video, but 2 results are given"):
        export_coding(folders, tmp_path / "boris.xlsx")
    export_coding(folders, tmp_path / "boris.csv", to="boris")


def test_a_text_that_begins_like_a_formula_stays_a_text_in_the_spreadsheet(tmp_path):
    material = material_in(tmp_path / "out")
    write_coding(material.folder, Coding((about(material.events[0], "accept", label="=joy+1"),)))
    export_coding([material.folder], tmp_path / "boris.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "boris.xlsx").worksheets[0]
    assert (sheet["C2"].value, sheet["C2"].data_type) == ("=joy+1", "s")


def test_a_text_with_a_sign_that_no_spreadsheet_can_hold_is_exported(tmp_path):
    """U+FFFE and U+FFFF are no characters in XML: the workbook could not be opened."""
    material = material_in(tmp_path / "out")
    write_coding(material.folder, Coding((about(material.events[0], "accept", label="joy\ufffe", comment="\uffff"),)))
    export_coding([material.folder], tmp_path / "boris.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "boris.xlsx").worksheets[0]
    assert [sheet["C2"].value, sheet["E2"].value] == ["joy\ufffd", "e0001; \ufffd"]


def test_a_file_of_the_result_is_not_replaced_whichever_way_its_path_is_written(tmp_path, monkeypatch):
    folder = coded_in(tmp_path / "out").folder
    before = (folder / CODING).read_bytes()
    monkeypatch.chdir(tmp_path)
    for result, out in ((folder, Path("out", CODING)), (Path("out"), folder / CODING)):
        with pytest.raises(MerlabError, match="belongs to the result"):
            export_coding([result], out, again=True)
    assert (folder / CODING).read_bytes() == before


def test_what_cannot_be_exported_is_named(tmp_path):
    material = coded_in(tmp_path / "out")
    other, folder = material_in(tmp_path / "other"), material.folder
    taken = tmp_path / "taken.csv"
    taken.write_text("mine")
    cases: list[tuple[list[Path], Path, dict[str, Any], str]] = [
        ([folder], taken, {}, "taken.csv exists"),
        ([folder], tmp_path / "a.csv", {"subjects": Subjects(by_face={2: "anna"})}, r"face 2, .*\(faces: 0, 1\)"),
        ([folder], tmp_path / "a.eaf", {"subjects": Subjects("anna")}, "no names of subjects; leave --subject out"),
        ([folder], folder / CODING, {"again": True}, "belongs to the result"),
        ([folder], folder / "events.csv", {"again": True}, "belongs to the result"),
        ([folder], tmp_path / "a.txt", {}, "does not end in .csv"),
        (
            [folder],
            tmp_path / "a.csv",
            {"to": "anvil"},
            "unknown export format 'anvil'; export formats are csv, elan, boris",
        ),
        ([folder, other.folder], tmp_path / "a.eaf", {}, "about one video"),
        ([other.folder], tmp_path / "a.csv", {}, "has no decisions yet"),
        ([folder], tmp_path / "a.csv", {"coder": "XY"}, "its coders are AB"),
        ([tmp_path], tmp_path / "a.csv", {}, rf"contains no finished result .*, such as {other.folder}$"),
    ]
    for results, out, options, named in cases:
        with pytest.raises(MerlabError, match=named):
            export_coding(results, out, **options)
    assert taken.read_text() == "mine"
    write_coding(folder, Coding((*every_kind(material).decisions, *renamed(every_kind(material), "CD").decisions)))
    with pytest.raises(MerlabError, match="several coders"):
        export_coding([folder], tmp_path / "a.csv")


def test_a_face_without_a_name_has_that_of_its_video_which_may_be_a_folder_with_a_dot(tmp_path):
    named = {name: coded_in(tmp_path / name, video=name) for name in ("interview.mp4", "sub1.take2")}
    assert [Subjects().of(material, 0) for material in named.values()] == ["interview face 0", "sub1.take2 face 0"]


@pytest.mark.parametrize("name", ["coded.csv", "boris.xlsx"])
def test_videos_of_the_same_name_are_not_mixed_in_one_file(tmp_path, name):
    folders = [coded_in(tmp_path / day, video="interview.mp4").folder for day in ("day1", "day2")]
    with pytest.raises(
        MerlabError, match=r"day1 and .*day2 are about videos of the same name, interview\.mp4, so that"
    ):
        export_coding(folders, tmp_path / name)
    assert not (tmp_path / name).exists()
