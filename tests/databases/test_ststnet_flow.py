"""ststnet-flow: the released 28x28 flow images as clips, each with its original database."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from merlab.clips import Clip, Finding
from merlab.databases.database import Examination
from merlab.databases.ststnet_flow import STSTNET_FLOW
from merlab.errors import MerlabError
from merlab.progress import silent
from tests.helpers import STSTNET_FLOW as RELEASED
from tests.helpers import needs_released_flow, write_flow_tree

IMAGE = np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8)

# Class counts of MEGC2019's composite database: negative, positive, surprise.
MEGC2019 = {"casme2": (88, 32, 25), "smic": (70, 51, 43), "samm": (92, 26, 15)}
SUBJECTS = {"casme2": "sub01", "smic": "s01", "samm": "006"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four subjects of three databases, two images per class."""
    return write_flow_tree(tmp_path / "flow")


def examine(root: Path, *, deep: bool = False) -> Examination:
    return STSTNET_FLOW.examine(root, deep, silent)


def about(examination: Examination, where: str) -> Finding:
    (finding,) = [finding for finding in examination.findings if finding.where == where]
    return finding


def write_image(path: Path, image: np.ndarray = IMAGE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


class TestTheRelease:
    @needs_released_flow
    def test_has_the_official_counts_of_the_existing_databases(self):
        examination = examine(RELEASED, deep=True)
        found = Counter((clip.database, clip.emotion) for clip in examination.clips)
        for database in ("casme2", "smic"):
            counts = tuple(found[database, emotion] for emotion in ("negative", "positive", "surprise"))
            assert counts == MEGC2019[database]
        assert examination.of("unusable") == []

    @needs_released_flow
    def test_without_samm_is_usable_with_a_finding(self):
        examination = examine(RELEASED)
        assert len(examination.clips) == 309
        assert [(finding.severity, finding.where) for finding in examination.findings] == [("differs", "samm")]

    def test_complete_with_all_databases_has_no_findings(self, tmp_path):
        for database, counts in MEGC2019.items():
            for label, count in enumerate(counts):
                for number in range(count):
                    name = f"{SUBJECTS[database]}_{label}_{number:03d} .png"
                    write_image(tmp_path / SUBJECTS[database] / "u_test" / str(label) / name)
        examination = examine(tmp_path)
        assert len(examination.clips) == 442
        assert examination.findings == ()


class TestAClip:
    def clip(self, root: Path, subject: str) -> Clip:
        return next(clip for clip in examine(root).clips if clip.subject == subject)

    @pytest.mark.parametrize(
        ("subject", "database", "fps"), [("sub01", "casme2", 200.0), ("s03", "smic", 100.0), ("006", "samm", 200.0)]
    )
    def test_belongs_to_the_database_of_its_subjects_name(self, root, subject, database, fps):
        clip = self.clip(root, subject)
        assert (clip.database, clip.fps) == (database, fps)

    def test_has_no_frames_and_its_apex_source_is_the_release(self, root):
        clip = self.clip(root, "sub01")
        assert (clip.onset, clip.apex, clip.offset, clip.apex_source) == (None, None, None, "released")
        assert clip.holds_flow

    def test_has_a_name_without_the_space_before_the_suffix(self, root):
        clip = self.clip(root, "sub01")
        assert clip.source.name.endswith(" .png")
        assert clip.name == clip.name.strip()

    @pytest.mark.parametrize(("label", "emotion"), [(0, "negative"), (1, "positive"), (2, "surprise")])
    def test_has_the_emotion_of_its_class_folder(self, root, label, emotion):
        emotions = {clip.emotion for clip in examine(root).clips if clip.source.parent.name == str(label)}
        assert emotions == {emotion}

    def test_is_read_only_from_u_test(self, root):
        write_image(root / "sub01" / "u_train" / "0" / "sub02_EP01 .png")
        assert {clip.source.parents[1].name for clip in examine(root).clips} == {"u_test"}


class TestFaults:
    def test_too_few_clips_differ_for_each_database(self, root):
        found = {finding.where: finding.found for finding in examine(root).of("differs")}
        assert found == {"casme2": "12 clips (4/4/4)", "smic": "6 clips (2/2/2)", "samm": "6 clips (2/2/2)"}

    def test_a_folder_that_does_not_exist_is_an_error_with_the_remedy(self, tmp_path):
        with pytest.raises(MerlabError, match=r"nowhere does not exist; give the folder that holds sub01"):
            examine(tmp_path / "nowhere")

    def test_a_folder_of_other_images_is_an_error_with_the_expected_layout(self, tmp_path):
        write_image(tmp_path / "sub01" / "beach.png")
        with pytest.raises(MerlabError, match=r"has no folder <subject>/u_test"):
            examine(tmp_path)

    def test_a_subject_without_u_test_is_unusable(self, root):
        write_image(root / "sub09" / "u_train" / "0" / "sub01_EP01 .png")
        assert about(examine(root), "sub09").severity == "unusable"

    def test_a_subject_of_no_known_pattern_is_unusable(self, root):
        (root / "sub01").rename(root / "person1")
        examination = examine(root)
        assert about(examination, "person1").severity == "unusable"
        assert len(examination.clips) == 18

    @pytest.mark.parametrize(("one", "other"), [("sub02", "sub2"), ("s03", "s003")])
    def test_two_folders_of_one_subject_are_both_unusable(self, root, one, other):
        write_image(root / one / "u_test" / "0" / f"{one}_EP02 .png")
        write_image(root / other / "u_test" / "0" / f"{one}_EP02 .png")
        examination = examine(root)
        finding = next(each for each in examination.of("unusable"))
        assert (finding.where, finding.found) == (min(one, other), " and ".join(sorted([one, other])))
        assert not {one, other} & {clip.subject for clip in examination.clips}

    def test_an_image_with_the_name_of_another_subject_is_unusable(self, root):
        write_image(root / "sub01" / "u_test" / "0" / "sub02_EP02 .png")
        examination = examine(root)
        assert about(examination, "sub01 sub02_EP02").severity == "unusable"
        assert len(examination.clips) == 24

    def test_an_image_may_state_its_subject_with_other_digits(self, root):
        write_image(root / "sub01" / "u_test" / "0" / "sub1_EP02 .png")
        assert len(examine(root).clips) == 25

    def test_an_unknown_class_folder_is_not_read_and_differs(self, root):
        write_image(root / "sub01" / "u_test" / "3" / "sub01_EP01 .png")
        examination = examine(root)
        assert about(examination, "sub01/u_test/3").severity == "differs"
        assert len(examination.clips) == 24

    def test_a_file_that_is_not_an_image_is_not_read_and_differs(self, root):
        (root / "sub01" / "u_test" / "0" / "readme.txt").touch()
        assert about(examine(root), "sub01/u_test/0/readme.txt").severity == "differs"

    def test_files_and_folders_that_systems_add_are_not_named(self, root):
        before = examine(root)
        for folder in (root / "sub01" / "u_test", root / "sub01" / "u_test" / "0"):
            (folder / "@eaDir").mkdir()
            for name in ("Thumbs.db", "desktop.ini"):
                (folder / name).write_bytes(b"")
        assert examine(root) == before

    @pytest.mark.parametrize("copy", ["2/sub01_EP02 .png", "0/sub01_EP02.png"])
    def test_a_name_that_occurs_twice_is_unusable_in_any_class(self, root, copy):
        write_image(root / "sub01" / "u_test" / "0" / "sub01_EP02 .png")
        write_image(root / "sub01" / "u_test" / copy)
        examination = examine(root)
        finding = about(examination, "sub01 sub01_EP02")
        assert (finding.severity, "0/sub01_EP02 .png" in finding.found, copy in finding.found) == (
            "unusable",
            True,
            True,
        )
        assert "sub01_EP02" not in {clip.name for clip in examination.clips}

    def test_the_same_name_in_two_subjects_is_two_clips(self, root):
        for subject in ("sub01", "sub02"):
            write_image(root / subject / "u_test" / "0" / "EP02 .png")
        assert Counter(clip.name for clip in examine(root).clips)["EP02"] == 2

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            (np.zeros((28, 28), np.uint8), "a gray image"),
            (np.zeros((32, 30, 3), np.uint8), "30x32"),
        ],
    )
    def test_an_image_of_another_shape_is_found_by_the_deep_examination(self, root, content, found):
        write_image(root / "sub01" / "u_test" / "0" / "sub01_EP02 .png", content)
        assert len(examine(root).clips) == 25
        examination = examine(root, deep=True)
        finding = about(examination, "sub01 sub01_EP02")
        assert (finding.severity, finding.found) == ("unusable", found)
        assert len(examination.clips) == 24

    @pytest.mark.parametrize("content", [b"", b"a text", cv2.imencode(".png", IMAGE)[1].tobytes()[:200]])
    def test_an_unreadable_image_is_found_by_the_deep_examination(self, root, content):
        (root / "sub01" / "u_test" / "0" / "sub01_EP02 .png").write_bytes(content)
        finding = about(examine(root, deep=True), "sub01 sub01_EP02")
        assert (finding.severity, "sub01_EP02 .png" in finding.found) == ("unusable", True)
