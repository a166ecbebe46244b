"""Advice about folders that are not found: a rename only where it cannot be wrong, else the database that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from merlab.clips import Finding
from merlab.databases import casme2, find_database, fourdme, samm
from merlab.databases.coded.coding_table import CodingTable
from merlab.databases.coded.known_layouts import LAYOUTS, databases_like
from merlab.databases.coded.layout import Layout
from merlab.databases.coded.missing_folders import may_be_one_clip, missing_sources, no_layout, unlisted_sources
from merlab.databases.coded.quirks import Quirk
from merlab.databases.coded.release import Release
from merlab.databases.coded.row import Row
from merlab.databases.database import Examination
from merlab.progress import silent
from tests.databases import casme2_release, samm_release, smic_release, test_4dme, test_dfme, test_mmew
from tests.databases.casme2_release import row
from tests.databases.release import edit_table, write_images, write_table


def examine(name: str, root: Path) -> Examination:
    return find_database(name).examine(root, False, silent)


def remedies(examination: Examination) -> dict[str, str]:
    return {finding.where: finding.remedy for finding in examination.findings}


class TestAnotherDatabase:
    def test_is_named_instead_of_a_rename_of_its_folders(self, tmp_path):
        casme2_release.write_release(tmp_path, rows=[row(), row("02", "EP03_02")])
        (finding,) = examine("samm", tmp_path).of("unusable")
        assert finding.found == "folders of another database"
        assert finding.remedy == (
            f"this looks like casme2 or casme: give that name, as in `merlab doctor casme2 {tmp_path}`"
        )

    def test_beside_the_subjects_is_not_a_subject_under_another_name(self, tmp_path):
        casme2_release.write_release(tmp_path, rows=[row(), row("02", "EP03_02")])
        smic_release.write_long(tmp_path / "smic", (smic_release.Take(2, "ne", 1, 559740, 559750),))
        (tmp_path / "Cropped" / "sub02").rename(tmp_path / "away")
        (tmp_path / "smic" / "SMIC_HS_E" / "s02").rename(tmp_path / "Cropped" / "s02")
        examination = examine("casme2", tmp_path)
        assert remedies(examination)["sub02"] == "copy these folders from the original"
        assert remedies(examination)["s02"] == "nothing is read from it; it looks like smic: move it elsewhere"

    @pytest.mark.parametrize(
        ("name", "folder", "like"),
        [
            ("samm", "sub01/EP02_01f", ["casme2"]),
            ("casme2", "006/006_1_2", ["samm"]),
            ("casme2", "s15/15_0101disgustingteeth", ["casme-squared"]),
            ("samm", "006_1", ["samm-long"]),
            ("samm", "sub0003_01", ["dfme"]),
            ("casme2", "spNO.1/a", ["casme3"]),
            ("casme2", "happiness/S03-01-002", ["mmew"]),
            ("casme2", "sub01/u_test", ["ststnet-flow"]),
            ("casme2", "s01/EP02_01f", []),
            ("casme", "sub01/EP02_01", []),
            ("samm", "6/006_1_2", []),
        ],
    )
    def test_is_known_by_the_names_of_its_folders(self, tmp_path, name, folder, like):
        (tmp_path / folder).mkdir(parents=True)
        assert databases_like(list(tmp_path.iterdir()), name) == like

    def test_exists_under_the_name_that_is_given(self):
        assert [find_database(name).name for name in LAYOUTS] == list(LAYOUTS)


class TestAFolderThatIsNearlyRight:
    def test_is_no_other_subject_than_its_number_states(self, tmp_path):
        casme2_release.write_release(tmp_path, rows=[row(), row("02", "EP03_02"), row("12", "EP03_02")])
        (tmp_path / "Cropped" / "sub02").rename(tmp_path / "away")
        (tmp_path / "Cropped" / "sub12").rename(tmp_path / "Cropped" / "sub012")
        examination = examine("casme2", tmp_path)
        assert remedies(examination)["sub02"] == "copy these folders from the original"
        assert remedies(examination)["sub12"] == "rename sub012 to sub12"

    def test_is_found_in_every_folder_of_subjects(self, tmp_path):
        casme2_release.write_release(tmp_path, rows=[row(), row("02"), row("03")])
        (tmp_path / "Cropped" / "sub01").rename(tmp_path / "sub01")
        (tmp_path / "Cropped" / "sub03").rename(tmp_path / "Cropped" / "sub3")
        assert remedies(examine("casme2", tmp_path))["sub03"] == "rename sub3 to sub03"

    @pytest.mark.parametrize("named", ["ep02_01f", "EP02_01F", "EP02_01f.avi", "EP2_01f"])
    def test_is_not_offered_where_the_name_in_the_table_is_the_odd_one(self, tmp_path, named):
        casme2_release.write_release(tmp_path, rows=[row()])
        edit_table(tmp_path / casme2_release.TABLE_2014, "EP02_01f", "Filename", named)
        (finding,) = examine("casme2", tmp_path).of("unusable")
        assert finding.remedy == "correct the name in the table to EP02_01f, if the folder holds these frames"

    @pytest.mark.parametrize("copy", ["{} (1)", "{} - Copy", "{} copy 2", "{} - copy (3)"])
    def test_is_found_for_the_name_that_a_program_gives_to_a_second_copy(self, tmp_path, copy):
        root = samm_release.write_release(tmp_path, rows=[samm_release.row(), samm_release.row("011", "011_1_1")])
        named = copy.format("006")
        (root / "SAMM" / "006").rename(root / "SAMM" / named)
        assert remedies(examine("samm", root))["006"] == f"rename {named} to 006"

    @pytest.mark.parametrize("named", ["sub0003_01 (1)", " sub0003_01", "sub3_1"])
    def test_is_that_of_a_clip_where_no_folder_is_of_a_subject(self, tmp_path, named):
        test_dfme.write_training(tmp_path, [test_dfme.row(), test_dfme.row("sub0012_01")])
        test_dfme.write_clip(tmp_path, "sub0012_01")
        test_dfme.write_clip(tmp_path, named)
        remedy = remedies(examine("dfme", tmp_path))["sub0003"]
        assert remedy == f"rename {repr(named) if named[0] == ' ' else named} to sub0003_01, if it holds these frames"

    @pytest.mark.parametrize("folder", ["happiness (1)", "happiness/happiness", "."])
    def test_is_to_move_a_clip_of_mmew_to_the_folder_of_its_emotion(self, tmp_path, folder):
        write_table(tmp_path / test_mmew.TABLE, [test_mmew.row(), test_mmew.row("S05-07-001")], test_mmew.COLUMNS)
        test_mmew.write_clip(tmp_path, emotion=folder)
        test_mmew.write_clip(tmp_path, "S05-07-001")
        clip = tmp_path / "Micro_Expression" / folder / "S03-01-002"
        assert remedies(examine("mmew", tmp_path))["S03"].startswith(
            f"move {clip} to where the clip belongs, in folders"
        )

    def test_of_a_subject_may_be_blanks_around_its_name_alone(self, tmp_path):
        write_table(tmp_path / "4DME_Labelling_Micro_release v1.xlsx", [test_4dme.row()], test_4dme.COLUMNS)
        write_images(tmp_path / "gray_micro" / " S01 " / "s1_01", ["1.jpg"], test_4dme.JPEG)
        (finding,) = examine("4dme", tmp_path).of("unusable")
        assert finding.remedy == "rename ' S01 ' to S01"

    def test_is_not_needed_for_a_clip_beside_the_folders_of_subjects(self, tmp_path):
        root = casme2_release.write_release(tmp_path, rows=[row(), row("01", "EP03_02")])
        (root / "Cropped" / "sub01" / "EP03_02").rename(root / "Cropped" / "EP03_02")
        remedy = remedies(examine("casme2", root))["sub01 EP03_02 (row 3)"]
        assert remedy.startswith(f"move {root / 'Cropped' / 'EP03_02'} into the folder of its subject")

    def test_is_to_correct_the_subject_where_another_one_has_the_folder(self, tmp_path):
        rows = [samm_release.row(), samm_release.row("006", "006_1_3"), samm_release.row("011", "011_1_1")]
        root = samm_release.write_release(tmp_path, rows=rows)
        edit_table(root / samm_release.TABLE, "006_1_3", "Subject", "011")
        assert remedies(examine("samm", root))["011 006_1_3 (row 16)"].startswith(
            "006 has it without a row: if it is this clip, correct the subject; otherwise copy"
        )

    def test_is_not_to_correct_the_subject_where_several_have_clips_of_one_name(self, tmp_path):
        root = casme2_release.write_release(tmp_path, rows=[row(), row("02"), row("03")])
        edit_table(root / casme2_release.TABLE_2014, "03", "Filename", "EP09_09")
        (root / "Cropped" / "sub02" / "EP02_01f").rename(tmp_path / "away")
        assert remedies(examine("casme2", root))["sub02 EP02_01f (row 3)"].startswith("copy the clip's folder again")

    def test_is_offered_to_the_clip_that_it_resembles_most(self, tmp_path):
        rows = [row("01", "EP02_01f"), row("01", "EP03_02"), row("01", "EP03_09")]
        cropped = casme2_release.write_release(tmp_path, rows=rows) / "Cropped" / "sub01"
        (cropped / "EP03_02").rename(cropped / "EP03-02")
        (cropped / "EP03_09").rename(tmp_path / "away")
        found = remedies(examine("casme2", tmp_path))
        assert found["sub01 EP03_02 (row 3)"] == "rename EP03-02 to EP03_02, if it holds these frames"
        assert found["sub01 EP03_09 (row 4)"] == "copy the clip's folder again from the original"

    def test_is_not_renamed_to_a_subject_that_the_table_lacks(self, tmp_path):
        casme2_release.write_release(tmp_path, rows=[row()])
        casme2_release.write_clip(tmp_path / "Cropped", "5", "EP09_01", range(1, 5))
        (tmp_path / "Cropped" / "sub5").rename(tmp_path / "Cropped" / "s5")
        remedy = remedies(examine("casme2", tmp_path))["s5"]
        assert remedy.endswith("if it is a subject, rename it to the subject, otherwise move it elsewhere")


def test_the_folders_of_samm_are_not_those_of_casme2(tmp_path):
    samm_release.write_release(tmp_path, [samm_release.row()])
    assert "this looks like samm: give that name" in remedies(examine("casme2", tmp_path))[str(tmp_path / "SAMM")]


class TestBlanksAroundTheName:
    def test_of_a_subject_are_seen_in_the_rename(self, tmp_path):
        casme2_release.write_release(tmp_path, rows=[row(), row("02", "EP03_02")])
        (tmp_path / "Cropped" / "sub02").rename(tmp_path / "Cropped" / "sub02 ")
        assert remedies(examine("casme2", tmp_path))["sub02"] == "rename 'sub02 ' to sub02"

    def test_of_a_clip_are_seen_in_the_rename(self, tmp_path):
        casme2_release.write_release(tmp_path, rows=[row(), row("02", "EP03_02")])
        clip = tmp_path / "Cropped" / "sub02" / "EP03_02"
        clip.rename(clip.with_name("EP03_02 "))
        (fault,) = examine("casme2", tmp_path).of("unusable")
        assert fault.remedy == "rename 'EP03_02 ' to EP03_02, if it holds these frames"


def test_a_word_that_shares_no_letter_is_that_of_another_clip():
    """The emotion in the names of SMIC."""
    assert not may_be_one_clip("s01_ne_01", "s01_po_01")
    assert may_be_one_clip("S1_NE_01", "s01_ne_01")
    assert may_be_one_clip("my EP02_01f", "EP02_01f")


COPY = "copy these folders from the original"
COPY_CLIP = "copy the clip's folder again from the original"


class Copy:
    """A copy of a release: a table of these ``subject/clip`` rows, and these folders, which are empty."""

    def __init__(
        self, root: Path, rows: Sequence[str], folders: Sequence[str], release: Release = casme2.RELEASE
    ) -> None:
        for folder in folders:
            (root / folder).mkdir(parents=True)
        keys = [(subject, clip) for subject, _, clip in (row.partition("/") for row in rows)]
        coded = [
            Row(number, subject, clip, clip, 1, 2, 3, "", "others")
            for number, (subject, clip) in enumerate(keys, start=2)
        ]
        self.table = CodingTable(root / "coding.csv", "2014", tuple(coded), (), frozenset(keys), {})
        self.layout = Layout(root, release)

    @property
    def missing(self) -> list[Finding]:
        return list(missing_sources(self.table, self.layout))

    @property
    def unlisted(self) -> list[Finding]:
        return list(unlisted_sources(self.table, self.layout))

    @property
    def advice(self) -> list[tuple[str, str]]:
        """Place and remedy of each row without a folder."""
        return [(finding.where, finding.remedy) for finding in self.missing]


class TestSubjectsWithoutAFolder:
    def test_are_one_finding_with_their_clips(self, tmp_path):
        rows = ("sub01/EP01_01", "sub02/EP01_01", "sub02/EP01_02", "sub03/EP01_01")
        (finding,) = Copy(tmp_path, rows, ["sub01/EP01_01"]).missing
        assert (finding.severity, finding.where, finding.found) == ("unusable", "2 of 3 subjects", "no such folder")
        assert finding.expected == f"folders sub02, sub03 with 3 clips in {tmp_path}"
        assert finding.remedy == COPY

    def test_have_their_name_where_it_is_one(self, tmp_path):
        (finding,) = Copy(tmp_path, ("sub01/EP01_01", "sub02/EP01_01"), ["sub01/EP01_01"]).missing
        assert (finding.where, finding.expected) == ("sub02", f"folders sub02 with 1 clip in {tmp_path}")

    def test_may_have_one_of_another_name_and_then_have_findings_of_their_own(self, tmp_path):
        rows = ("sub01/EP01_01", "sub01/EP01_02", "sub02/EP01_01")
        named, lost = Copy(tmp_path, rows, ["sub1/EP01_01", "s1/EP01_01"]).missing
        assert (named.where, named.remedy) == ("sub01", "rename s1 to sub01")
        assert named.expected == f"a folder sub01 with 2 clips in {tmp_path}"
        assert (lost.where, lost.remedy) == ("sub02", COPY)

    def test_are_no_files(self, tmp_path):
        (tmp_path / "sub1").touch()
        assert Copy(tmp_path, ["sub01/EP01_01"], []).advice == [("sub01", COPY)]

    def test_are_not_those_of_another_subject_of_the_table(self, tmp_path):
        rows, folders = ("7_left/a", "7_lift/a"), ["7_left/a"]
        assert Copy(tmp_path, rows, folders, fourdme.RELEASE).advice == [("7_lift", COPY)]

    @pytest.mark.parametrize(
        ("folder", "remedy"),
        [("subject ol", COPY), ("sub0l", "rename sub0l to sub01, if it holds these frames"), ("sub02", COPY)],
    )
    def test_may_have_a_similar_name_without_the_number_of_another(self, tmp_path, folder, remedy):
        assert Copy(tmp_path, ["sub01/EP01_01"], [f"{folder}/EP01_01"]).advice == [("sub01", remedy)]


class TestClipsWithoutAFolder:
    def test_have_one_finding_per_folder(self, tmp_path):
        rows = ("sub01/EP01_01", "sub01/EP01_02", "sub01/EP01_02")
        (finding,) = Copy(tmp_path, rows, ["sub01/EP01_01"]).missing
        assert (finding.severity, finding.where) == ("unusable", "sub01 EP01_02 (row 3)")
        assert finding.expected == f"frames of EP01_02 in {tmp_path / 'sub01'}"
        assert (finding.found, finding.remedy) == ("neither a folder nor a video of this name", COPY_CLIP)

    def test_may_be_documented(self, tmp_path):
        release = replace(casme2.RELEASE, quirks=(Quirk("sub01 EP01_02", "no folder", "left out: never released"),))
        (finding,) = Copy(tmp_path, ["sub01/EP01_02"], ["sub01"], release).missing
        assert (finding.severity, finding.remedy) == ("handled", "left out: never released")

    def test_may_lie_one_folder_deeper(self, tmp_path):
        folders = ["sub01/a/EP01_02", "sub01/b/EP01_02", "sub01/c"]
        (finding,) = Copy(tmp_path, ["sub01/EP01_02"], folders).missing
        place = tmp_path / "sub01" / "a" / "EP01_02"
        assert finding.remedy == f"move {place} into the folder of its subject, if it holds these frames"

    @pytest.mark.parametrize(
        ("rows", "folders", "remedy"),
        [
            ([], ["sub01/EP01-01"], "rename EP01-01 to EP01_01, if it holds these frames"),
            # It is a clip of the table.
            (["sub01/EP01_011"], ["sub01/EP01_011"], COPY_CLIP),
            # It is in the folder of another subject.
            (["sub02/EP01_03"], ["sub01/holiday", "sub02/EP01-01", "sub02/EP01_03"], COPY_CLIP),
            # It is more similar to another clip without a folder.
            (["sub01/EP01_01f"], ["sub01/EP01-01f"], COPY_CLIP),
            # The more similar clip has its folder, or is one of another subject.
            (
                ["sub01/EP01_01f"],
                ["sub01/EP01-01f", "sub01/EP01_01f"],
                "rename EP01-01f to EP01_01, if it holds these frames",
            ),
            (["sub02/EP01_01f"], ["sub01/EP01-01f", "sub02"], "rename EP01-01f to EP01_01, if it holds these frames"),
            # It is a clip of another number.
            ([], ["sub01/EP01_09"], COPY_CLIP),
            ([], ["sub01/EP09_01"], COPY_CLIP),
            ([], ["sub01/EP0101"], "rename EP0101 to EP01_01, if it holds these frames"),
            ([], ["sub01/EP01_1 (2)"], "rename EP01_1 (2) to EP01_01, if it holds these frames"),
            ([], ["sub01/EP_01_01"], "rename EP_01_01 to EP01_01, if it holds these frames"),
            # No name is similar.
            ([], ["sub01/holiday"], COPY_CLIP),
        ],
    )
    def test_may_have_another_name(self, tmp_path, rows, folders, remedy):
        assert dict(Copy(tmp_path, ["sub01/EP01_01", *rows], folders).advice)["sub01 EP01_01 (row 2)"] == remedy


class TestFoldersWithoutARow:
    def findings(self, *arguments: object) -> list[tuple[str, str, str]]:
        return [(each.severity, each.where, each.remedy) for each in Copy(*arguments).unlisted]  # type: ignore[arg-type]

    def test_are_left_out_and_those_with_a_row_have_no_finding(self, tmp_path):
        folders = ["sub01/EP01_01", "sub01/holiday"]
        assert self.findings(tmp_path, ["sub01/EP01_01"], folders) == [("differs", "sub01 holiday", "left out")]

    def test_may_be_documented(self, tmp_path):
        release = replace(casme2.RELEASE, quirks=(Quirk("sub01 EP01_02", "no row", "left out: not coded"),))
        assert self.findings(tmp_path, [], ["sub01/EP01_02"], release) == [
            ("handled", "sub01 EP01_02", "left out: not coded")
        ]

    @pytest.mark.parametrize(
        ("row", "remedy"),
        [
            ("sub01/EP01_01", "perhaps it is the clip EP01_01 of the table under another name; otherwise left out"),
            ("sub02/EP01_01", "left out"),
            ("sub01/EP01_02", "left out"),
        ],
    )
    def test_may_be_a_clip_of_the_same_subject_under_another_name(self, tmp_path, row, remedy):
        assert self.findings(tmp_path, [row], ["sub01/EP01-01"]) == [("differs", "sub01 EP01-01", remedy)]

    def test_are_not_the_clip_that_has_its_own_folder(self, tmp_path):
        folders = ["sub01/EP01_01", "sub01/EP01-01"]
        assert self.findings(tmp_path, ["sub01/EP01_01"], folders) == [("differs", "sub01 EP01-01", "left out")]

    def test_may_be_read_alone(self, tmp_path):
        copy = Copy(tmp_path, ["sub01/EP01_01"], ["sub01/EP01_01"])
        copy.table = replace(copy.table, listed=frozenset())
        assert [finding.remedy for finding in copy.unlisted] == ["the clip is read from its folder alone"]

    def test_of_no_subject_are_named_where_they_hold_images(self, tmp_path):
        copy = Copy(tmp_path, ["sub01/EP01_01", "sub02/EP01_01"], ["sub01/EP01_01", "s2/EP", "s3/EP", "empty"])
        for name in ("s2", "s3"):
            (tmp_path / name / "EP" / "img1.jpg").touch()
        advice = "nothing is read from it; if it is a subject, rename it to {}, otherwise move it elsewhere"
        assert [(each.where, each.remedy) for each in copy.unlisted] == [
            ("s2", advice.format("sub02")),
            ("s3", advice.format("the subject")),
        ]


@pytest.mark.parametrize(
    ("rows", "folder", "target"),
    [
        ([], "s2", "sub02"),
        ([], "holiday", "the subject"),
        (["sub01/EP01_01"], "s1", "the subject"),
    ],
)
def test_a_folder_of_no_subject_may_be_one_that_has_no_folder_yet(tmp_path, rows, folder, target):
    copy = Copy(tmp_path, rows, ["sub01/EP01_01", f"{folder}/EP"])
    (tmp_path / folder / "EP" / "img1.jpg").touch()
    (remedy,) = (each.remedy for each in copy.unlisted if each.where == folder)
    assert f"if it is a subject, rename it to {target}, otherwise" in remedy


def test_a_root_without_folders_of_subjects_has_the_remedy_to_unpack_the_frames(tmp_path):
    # A file is not a folder of samm-long.
    (tmp_path / "006_1").touch()
    finding = no_layout(tmp_path, samm.RELEASE)
    assert (finding.where, finding.found) == (str(tmp_path), "no such folders with frames")
    assert finding.remedy.startswith("unpack the frames of the release next to the coding table")
