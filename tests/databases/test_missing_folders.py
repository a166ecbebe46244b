"""Advice about folders that are not found: a rename only where it cannot be wrong, else the database that fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from merlab.databases import find_database
from merlab.databases.coded.known_layouts import LAYOUTS, databases_like
from merlab.databases.database import Examination
from merlab.progress import silent
from tests.databases import casme2_release, samm_release, smic_release
from tests.databases.casme2_release import row


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
