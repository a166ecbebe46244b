"""Objective classes I to VII: where each release has them, and the published counts of each version of its table."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from merlab.clips import ClipTable
from merlab.databases import load
from merlab.databases.objective_class import parse_objective_class
from merlab.databases.table import TABLE
from merlab.errors import MerlabError
from merlab.progress import silent
from merlab.protocols import label_clips
from merlab.schemes import find_scheme
from tests.databases import casme2_release, samm_release
from tests.databases.release import edit_table, image_bytes, only, write_images, write_table
from tests.helpers import make_clip

# Davison et al. 2018; MEGC2018 used I to V, 185 clips of CASME II and 68 of SAMM.
CASME2 = {"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20, "VI": 1, "VII": 69}
SAMM = {"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3, "VI": 7, "VII": 84}
ROWS = [casme2_release.row(frames=(46, 48, 50)), casme2_release.row("02", "EP01_11f", (9, 12, 15))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I", "I"),
        ("vii", "VII"),
        ("4", "IV"),
        ("4.0", "IV"),
        ("04", "IV"),
        ("0", None),
        ("Class V", "V"),
        (" ", ""),
        ("8", None),
        ("#REF!", None),
    ],
)
def test_a_class_may_be_written_in_several_ways(text, expected):
    assert parse_objective_class(text) == expected


def classes_of(clips: ClipTable) -> Counter[str]:
    return Counter(clip.objective_class for clip in clips)


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """CASME II with the table of 2014 and the file of objective classes beside it."""
    root = casme2_release.write_release(tmp_path_factory.mktemp("release"))
    casme2_release.write_objective_classes(root / casme2_release.OBJECTIVE_TABLE, casme2_release.published_rows("2014"))
    return root


class TestCasme2:
    @pytest.mark.slow
    def test_the_table_of_2014_gets_them_from_the_file_beside_it(self, release):
        examination = casme2_release.examine(release)
        assert classes_of(examination.clips) == CASME2
        assert examination.facts["objective classes"].endswith("(as published)")
        assert [path.name for path in examination.tables] == [
            casme2_release.TABLE_2014,
            casme2_release.OBJECTIVE_TABLE,
        ]
        assert {finding.severity for finding in examination.findings} == {"handled"}

    @pytest.mark.parametrize("named", ["EP02_01f", "ep02_01f"])
    def test_clips_that_the_file_does_not_list_are_named(self, tmp_path, named):
        root = casme2_release.write_release(tmp_path, rows=ROWS)
        lines = [{"Subject": "1", "Filename": named, "Objective Class": 1}]
        lines += [{"Subject": "02", "Filename": "EP01_11f", "Objective Class": 4}]
        write_table(root / casme2_release.OBJECTIVE_TABLE, lines, ("Subject", "Filename", "Objective Class"))
        expected = "the objective class of every clip of the coding table"
        found = [each.found for each in casme2_release.examine(root).findings if each.expected == expected]
        assert found == ([] if named == "EP02_01f" else ["none for 1 clip: sub01 EP02_01f"])

    @pytest.mark.slow
    def test_the_schemes_have_the_published_counts(self, release):
        clips = casme2_release.examine(release).clips
        five, seven = (label_clips(clips, find_scheme(name)) for name in ("objective-5", "objective-7"))
        assert (len(five.table), len(seven.table)) == (185, 255)
        assert dict(five.left_out) == {"casme2 objective class VI": 1, "casme2 objective class VII": 69}
        for labeled in (five, seven):
            published = labeled.scheme.published["casme2, table of 2014"] or ()
            assert tuple(Counter(labeled.labels.tolist())[each] for each in range(len(published))) == published

    def small(self, root: Path, version: str = "2014") -> Path:
        return casme2_release.write_release(root, version, ROWS)

    def test_the_table_of_2019_has_its_own_column_and_is_not_compared_with_the_counts_of_2014(self, tmp_path):
        rows = [{**cells, "Objective Classes": number} for cells, number in zip(ROWS, (2, 7), strict=True)]
        examination = casme2_release.examine(casme2_release.write_release(tmp_path, "2019", rows))
        assert [clip.objective_class for clip in examination.clips] == ["II", "VII"]
        assert "for the table of 2019 are not known" in examination.facts["objective classes"]
        assert "objective" not in " ".join(finding.expected for finding in examination.findings)

    def test_without_the_file_the_scheme_names_it(self, tmp_path):
        table = load("casme2", self.small(tmp_path))
        assert table.sources[0].facts["objective classes"].startswith("none, so the schemes objective-5")
        with pytest.raises(MerlabError, match=r"clips of casme2 have none; copy CASME2-ObjectiveClasses\.xlsx"):
            label_clips(table, find_scheme("objective-5"))

    def test_other_counts_than_published_differ(self, tmp_path):
        casme2_release.write_objective_classes(self.small(tmp_path) / casme2_release.OBJECTIVE_TABLE, ROWS)
        findings = casme2_release.examine(tmp_path).findings
        assert [each.found for each in findings if each.expected.startswith("objective classes III 99")] == ["III 2"]

    def test_a_file_with_another_heading_is_read(self, tmp_path):
        path = self.small(tmp_path) / "casme2_objective_classes.xlsx"
        casme2_release.write_objective_classes(path, ROWS, "Objective Classes")
        assert classes_of(casme2_release.examine(tmp_path).clips) == {"III": 2}

    def test_a_file_with_a_cell_that_is_no_class_is_not_read(self, tmp_path):
        path = self.small(tmp_path) / casme2_release.OBJECTIVE_TABLE
        casme2_release.write_objective_classes(path, ROWS)
        edit_table(path, "EP02_01f", "Objective Class", "#REF!")
        examination = casme2_release.examine(tmp_path)
        assert classes_of(examination.clips) == {"": 2}
        assert any("row 2" in each.found for each in examination.findings)


class TestSamm:
    @pytest.mark.slow
    def test_the_release_has_the_published_counts(self, tmp_path):
        clips = samm_release.examine(samm_release.write_release(tmp_path)).clips
        assert classes_of(clips) == SAMM
        assert len(label_clips(clips, find_scheme("objective-5")).table) == 68

    def test_a_cell_that_is_no_class_is_left_empty_and_differs(self, tmp_path):
        root = samm_release.write_release(tmp_path, [samm_release.row(objective_class="VIII")])
        examination = samm_release.examine(root)
        assert [clip.objective_class for clip in examination.clips] == [""]
        assert only(examination, "006_1_2").found == "'VIII'"


class TestATable:
    def test_has_a_column_of_its_own(self, tmp_path):
        write_images(tmp_path / "frames", [f"img{number}.png" for number in range(1, 4)], image_bytes(suffix=".png"))
        (tmp_path / "mine.csv").write_text("subject,clip,frames,fps,label,Objective Class\ns1,c1,frames,200,joy,3\n")
        assert [clip.objective_class for clip in TABLE.examine(tmp_path / "mine.csv", False, silent).clips] == ["III"]

    def test_without_it_cannot_be_used(self, tmp_path):
        clips = ClipTable((make_clip(tmp_path, database="mine"),))
        with pytest.raises(MerlabError, match="clips of mine have none; .*add a column objective_class"):
            label_clips(clips, find_scheme("objective-7"))


def test_released_flow_has_none_and_the_message_does_not_name_a_coding_table(tmp_path):
    clips = ClipTable((make_clip(tmp_path, apex_source="released"),))
    with pytest.raises(MerlabError, match="clips of casme2 have none; released flow comes without them; load") as error:
        label_clips(clips, find_scheme("objective-5"))
    assert "copy" not in str(error.value)


@pytest.mark.parametrize(("database", "remedy"), [("casme", "leave it out"), ("synthetic-long", "another scheme")])
def test_a_database_that_has_none_at_all_is_not_taken_for_a_table_of_your_own(tmp_path, database, remedy):
    clips = ClipTable((make_clip(tmp_path, database=database),))
    with pytest.raises(MerlabError, match=f"clips of {database} have none; .*{remedy}"):
        label_clips(clips, find_scheme("objective-5"))


def test_one_database_without_classes_among_others_is_refused(tmp_path):
    with_classes = [make_clip(tmp_path, name=f"EP{number}", objective_class=name) for number, name in enumerate(CASME2)]
    clips = ClipTable((*with_classes, make_clip(tmp_path, database="smic")))
    with pytest.raises(MerlabError, match="clips of smic have none; SMIC has no action units"):
        label_clips(clips, find_scheme("objective-5"))
