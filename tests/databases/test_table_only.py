"""A coding table without frames: durations, and numbers that cannot be those of a micro-expression."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from merlab.databases import examine_table, find_database
from merlab.databases.database import Examination
from merlab.errors import MerlabError
from tests.databases import samm_release, test_casme3, test_mmew
from tests.databases.casme2_release import COLUMNS_2014, examine, row, write_release
from tests.databases.release import write_table


def examined(root: Path, *frames: Sequence[int]) -> Examination:
    """A table of MMEW, at 90 frames per second, with a clip of each of these onsets, apexes and offsets."""
    rows = [test_mmew.row(f"S03-01-{number:03d}", each) for number, each in enumerate(frames, start=1)]
    write_table(root / test_mmew.TABLE, rows, test_mmew.COLUMNS)
    return examine_table(find_database("mmew"), root)


def test_durations_are_those_of_rows_in_order(tmp_path):
    examination = examined(tmp_path, (1, 5, 9), (1, 5, 18), (20, 15, 10))
    assert examination.facts["micro-expressions"] == "3 of 1 subject, 0.10 to 0.20 s, median 0.15 s"
    assert [finding.where for finding in examination.of("unusable")] == ["S03 S03-01-003 (row 4)"]


def test_no_duration_is_stated_where_no_row_is_in_order(tmp_path):
    facts = examined(tmp_path, (20, 15, 10)).facts
    assert facts["micro-expressions"] == "1 of 1 subject, none with onset and offset in order"


@pytest.mark.parametrize(("offset", "found"), [(270, 0), (271, 1), (999_999_999, 1)])
def test_a_micro_expression_of_more_than_three_seconds_is_named(tmp_path, offset, found):
    findings = [each for each in examined(tmp_path, (1, 5, offset)).of("differs") if "3 s or less" in each.expected]
    assert [each.where for each in findings] == ["S03 S03-01-001 (row 2)"] * found


@pytest.mark.slow
def test_it_is_named_beside_its_frames_too(tmp_path):
    examination = examine(write_release(tmp_path, rows=(row(frames=(1, 5, 700)),)))
    (finding,) = [finding for finding in examination.findings if "3 s or less" in finding.expected]
    assert (finding.severity, finding.found) == ("differs", "3.5 s, onset 1 and offset 700")


@pytest.mark.parametrize("given", [".", "SYNTHETIC-coding.xlsx"])
def test_of_synthetic_faces_is_read_and_stamped(tmp_path, given):
    write_table(tmp_path / "SYNTHETIC-coding.xlsx", [row(), row("02")], COLUMNS_2014)
    with pytest.raises(MerlabError, match="has no SYNTHETIC_manifest.json, so it is not a complete tree"):
        examine_table(find_database("synthetic"), tmp_path / given)
    (tmp_path / "SYNTHETIC_manifest.json").write_text("{}")
    examination = examine_table(find_database("synthetic"), tmp_path / given)
    assert (examination.facts["subjects"], examination.findings) == ("2", ())
    assert examination.clips.stamps == ("SYNTHETIC",)


@pytest.mark.parametrize("name", ["S03-01-００１", "S03-1-1"])
def test_an_unusual_name_is_reported_as_beside_its_frames(tmp_path, name):
    """Digits of full width are also what ``\\d`` matches; no folder of the database has them."""
    rows = [test_mmew.row("S03-01-001", (1, 5, 9)), test_mmew.row(name, (1, 5, 9))]
    write_table(tmp_path / test_mmew.TABLE, rows, test_mmew.COLUMNS)
    findings = [each for each in examine_table(find_database("mmew"), tmp_path).findings if each.found == name]
    assert [(each.severity, each.expected) for each in findings] == [("differs", "a name such as S03-01-002")]


def test_a_clip_name_of_full_width_is_reported_where_any_other_is_usual(tmp_path):
    rows = [test_casme3.row(name) for name in ("a", "ｂ")]
    write_table(tmp_path / test_casme3.MICRO_TABLE, rows, test_casme3.COLUMNS)
    findings = examine_table(find_database("casme3"), tmp_path).of("differs")
    assert [each.found for each in findings if "name such as" in each.expected] == ["ｂ"]


def test_a_micro_expression_of_one_frame_cannot_be_used(tmp_path):
    (finding,) = examined(tmp_path, (1, 5, 9), (7, 7, 7)).of("unusable")
    assert (finding.where, finding.found) == ("S03 S03-01-002 (row 3)", "onset 7, apex 7, offset 7")


def test_only_the_documented_mistake_of_a_row_is_handled(tmp_path):
    rows = [samm_release.row("028", "028_4_1", frames) for frames in ((1090, 1143, 1134), (1090, 1999, 1134))]
    severities = []
    for line in rows:
        write_table(tmp_path / samm_release.TABLE, [line], samm_release.COLUMNS, sheets=("MICRO_ONLY",))
        findings = examine_table(find_database("samm"), tmp_path).findings
        severities += [each.severity for each in findings if "onset <=" in each.expected]
    assert severities == ["handled", "unusable"]


def test_a_documented_offset_does_not_handle_an_apex_before_the_onset(tmp_path):
    """The documented offset of spNO.214 c, with its onset 5, is 34."""
    severities = []
    for apex in (9, 4):
        rows = [test_casme3.row("c", (5, apex, 3), subject="spNO.214")]
        write_table(tmp_path / test_casme3.MICRO_TABLE, rows, test_casme3.COLUMNS)
        findings = examine_table(find_database("casme3"), tmp_path).findings
        severities += [each.severity for each in findings if "onset <=" in each.expected]
    assert severities == ["handled", "unusable"]
