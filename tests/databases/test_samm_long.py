"""samm-long: fractional frames, unknown frames as 0 or -1, and the emotions of SAMM's own table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from merlab.clips import Finding
from merlab.databases import examine_table, find_database, load, long_videos
from merlab.errors import MerlabError
from merlab.progress import silent
from tests.databases.release import image_bytes, write_images, write_table
from tests.databases.samm_release import COLUMNS as SAMM_COLUMNS
from tests.databases.samm_release import row as samm_row
from tests.databases.samm_release import write_release as write_samm
from tests.helpers import SHARED

TABLE = "SAMM_LongVideos_V2_Release.xlsx"
COLUMNS = (
    "Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units", "Notes",
)  # fmt: skip
INTERVALS = SHARED / "data" / "lgsnet_spotting" / "samm_annotation.csv"
SAMM_LONG = find_database("samm-long")
JPEG = image_bytes()


def row(clip: str = "006_1_2", frames: Sequence[Any] = (5, 7, 9), kind: str = "Micro - 1/2") -> dict[str, Any]:
    """A row as column name -> cell."""
    onset, apex, offset = frames
    cells = (int(clip[:3]), clip, 1, onset, apex, offset, 5, kind, "12", None)
    return dict(zip(COLUMNS, cells, strict=True))


def write_release(
    root: Path, rows: Sequence[dict[str, Any]], videos: Sequence[str] = ("006_1",), frames: int = 20
) -> Path:
    """A table below nine notes, and videos of 20 frames."""
    write_table(root / TABLE, rows, COLUMNS, sheets=("FACS_Movement_Only",), notes=9)
    for video in videos:
        names = (f"{video}_{number:04d}.jpg" for number in range(1, 21))
        write_images(root / "SAMM_longvideos" / video, names, JPEG)
    return root


def clips_findings(root: Path) -> tuple[Finding, ...]:
    return SAMM_LONG.examine(root, False, silent).findings


def test_a_movement_is_a_clip_of_its_long_video(tmp_path):
    (clip,) = load("samm-long", write_release(tmp_path, [row()]))
    assert (clip.subject, clip.name, clip.source.name, clip.fps) == ("006", "006_1_2", "006_1", 200.0)
    assert (clip.onset, clip.apex, clip.offset, clip.emotion) == (5, 7, 9, "")


def test_fractions_are_rounded_to_the_nearest_frame_and_noted(tmp_path):
    write_release(tmp_path, [row(frames=(5.4, 7.5, 9.6))])
    (clip,) = load("samm-long", tmp_path)
    assert (clip.onset, clip.apex, clip.offset) == (5, 8, 10)
    assert "the nearest frame is used" in clip.note


@pytest.mark.parametrize(
    ("cells", "frames"),
    [
        ((5, -1, 9), (5, None, 9)),
        ((0, 7, 9), (1, 7, 9)),
        ((-1, 7, 9), (1, 7, 9)),
        ((5, 7, -1), (5, 7, 7)),
        ((5, 7, 0), (5, 7, 7)),
    ],
)
def test_zero_and_minus_one_are_unknown_frames(tmp_path, cells, frames):
    write_release(tmp_path, [row(frames=cells, kind="Macro")])
    ((event,),) = [video.events for video in long_videos("samm-long", tmp_path).videos]
    assert (event.onset, event.apex, event.offset, event.kind) == (*frames, "macro")


@pytest.mark.parametrize(
    ("cells", "frames"), [((5, -57, 9), (5, None, 9)), ((-2, 7, 9), (1, 7, 9)), ((5, 7, 0.3), (5, 7, 7))]
)
def test_other_numbers_below_one_are_unknown_with_a_finding(tmp_path, cells, frames):
    write_release(tmp_path, [row(frames=cells, kind="Macro"), row("006_1_3", (-1, 3, 4), "Macro")])
    read = long_videos("samm-long", tmp_path)
    event = next(event for event in read.videos[0].events if event.offset == frames[2])
    assert (event.onset, event.apex, event.offset) == frames
    assert "a lower number is taken as unknown" in event.note
    for findings in (read.findings, clips_findings(tmp_path)):
        (finding,) = [each for each in findings if each.expected.startswith("frame numbers from 1 up")]
        assert (finding.severity, finding.found) == ("differs", "1 row without: 11")


@pytest.mark.parametrize("cell", ["566,4", "1,234", "1,234.5"])
def test_a_number_with_a_comma_is_refused_with_its_own_remedy_because_it_may_be_two_numbers(tmp_path, cell):
    write_release(tmp_path, [row(frames=(cell, 700, 800))])
    (finding,) = SAMM_LONG.examine(tmp_path, False, silent).of("unusable")
    assert (finding.found, "with a decimal point" in finding.remedy) == (repr(cell), True)


@pytest.mark.parametrize("role", ["Onset", "Apex", "Offset"])
def test_a_number_that_may_be_one_or_a_thousand_is_refused(tmp_path, role):
    cells = {**row(frames=(1, 1, 2)), role: "1.000"}
    (finding,) = [each for each in clips_findings(write_release(tmp_path, [cells])) if each.severity == "unusable"]
    assert (finding.found, finding.remedy[:26]) == ("'1.000'", "it may be 1 or 1000: write")


@pytest.mark.parametrize("apex", [4, 10])
def test_an_apex_outside_of_a_macro_expression_is_unknown_with_a_finding(tmp_path, apex):
    write_release(tmp_path, [row(frames=(5, apex, 9), kind="Macro")])
    read = long_videos("samm-long", tmp_path)
    (event,) = read.videos[0].events
    assert (event.apex, event.note) == (None, f"apex {apex} is outside and taken as unknown")
    for findings in (read.findings, clips_findings(tmp_path), examine_table(SAMM_LONG, tmp_path).findings):
        (finding,) = [each for each in findings if each.expected == "onset <= apex <= offset"]
        assert (finding.severity, finding.where) == ("differs", "006 006_1_2 (row 11)")
        assert finding.found == f"onset 5, apex {apex}, offset 9"


def test_a_clip_without_an_apex_gets_the_midpoint(tmp_path):
    write_release(tmp_path, [row(frames=(5, -1, 9))])
    (clip,) = load("samm-long", tmp_path)
    assert (clip.apex, clip.apex_source) == (7, "midpoint")


def test_an_offset_and_an_apex_that_are_both_unknown_make_a_row_unusable(tmp_path):
    write_release(tmp_path, [row(), row("006_1_3", (5, -1, -1))])
    with pytest.raises(MerlabError, match=r"006 006_1_3 \(row 12\): expected a frame number"):
        load("samm-long", tmp_path)


def test_the_emotions_come_from_samms_own_table_where_it_lies_beside_it(tmp_path):
    write_samm(tmp_path / "SAMM", [samm_row(emotion="Anger")])
    write_release(tmp_path, [row(), row("006_1_3", (10, 12, 15), "Macro")])
    (clip,) = load("samm-long", tmp_path)
    assert (clip.emotion, clip.objective_class) == ("anger", "I")
    assert "anger 1, from " in SAMM_LONG.examine(tmp_path, False, silent).facts["emotions"]


class TestSeveralTablesOfSamm:
    @pytest.fixture
    def tables(self, tmp_path):
        """The release, and a function that writes a table of SAMM under a name."""
        write_release(tmp_path, [row()])

        def write(name: str, *rows: dict[str, Any]) -> Path:
            return write_table(
                tmp_path / f"{name} SAMM_Micro_FACS_Codes.xlsx", rows, SAMM_COLUMNS, sheets=("MICRO_ONLY",)
            )

        return write

    def test_that_differ_are_not_read(self, tmp_path, tables):
        for name, emotion in (("a", "Anger"), ("b", "Happiness")):
            tables(name, samm_row(emotion=emotion))
        (clip,) = load("samm-long", tmp_path)
        assert clip.emotion == ""
        finding = next(each for each in clips_findings(tmp_path) if "the coding table of SAMM" in each.expected)
        assert "several different coding tables" in finding.found
        assert "leave only the right one below" in finding.found

    def test_are_decided_by_the_movements_that_they_list(self, tmp_path, tables):
        tables("a", samm_row("007", "007_1_1", emotion="Fear"))
        tables("b", samm_row(emotion="Happiness"))
        assert [clip.emotion for clip in load("samm-long", tmp_path)] == ["happiness"]

    def test_that_are_equal_are_one(self, tmp_path, tables):
        for name in "ab":
            tables(name, samm_row(emotion="Happiness"))
        assert [clip.emotion for clip in load("samm-long", tmp_path)] == ["happiness"]

    def test_give_their_findings_as_those_of_another_table(self, tmp_path, tables):
        path = tables("a", samm_row(emotion="hapiness"), samm_row("007", "007_1_1") | {"Onset Frame": "x"})
        load("samm-long", tmp_path)
        found = {each.where: each for each in clips_findings(tmp_path)}
        assert "correct it to happiness?" in found[f"{path.name}, 006 006_1_2 (row 2)"].remedy
        fault = found[f"{path.name}, 007 007_1_1 (row 3)"]
        assert (fault.severity, fault.found) == ("differs", "'x'")
        assert fault.remedy.endswith("until then, the clip is read without an emotion")


@pytest.mark.skipif(not INTERVALS.is_file(), reason="the intervals of LGSNet are not in this checkout")
def test_the_real_intervals_give_their_counts_and_the_missing_macro_expressions_are_reported(tmp_path):
    rows = [
        row(f"{Path(each['video']).name}_{number}", (int(each["startFrame"]), -1, int(each["endFrame"])), each["type"])
        for number, each in enumerate(csv.DictReader(INTERVALS.read_text().splitlines()), start=1)
    ]
    write_table(tmp_path / TABLE, rows, COLUMNS, sheets=("FACS_Movement_Only",), notes=9)
    examination = SAMM_LONG.examine_table(tmp_path / TABLE)  # type: ignore[misc]
    assert examination.facts["micro-expressions"].startswith("159 of 29 subjects")
    (finding,) = examination.of("differs")
    assert (finding.expected, finding.found) == ("kinds macro 343, micro 159", "macro 340, micro 159")


def test_without_frames_the_table_alone_is_examined(tmp_path):
    write_release(tmp_path, [row(), row("006_1_3", (10.5, 12, 15), "Macro")], videos=())
    facts = SAMM_LONG.examine_table(tmp_path).facts  # type: ignore[misc]
    assert (facts["kinds"], facts["videos with movements"]) == ("macro 1, micro 1", "1")
    assert facts["micro-expressions"] == "1 of 1 subject, 0.03 to 0.03 s, median 0.03 s"
