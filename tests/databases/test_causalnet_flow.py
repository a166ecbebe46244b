"""causalnet-flow: four images for each clip of ststnet-flow, joined with its labels."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from merlab.databases import load
from merlab.databases.causalnet_flow import CAUSALNET_FLOW, IMAGES_FOLDER, SUFFIXES, image_of, labels_for
from merlab.databases.database import Examination
from merlab.errors import MerlabError
from merlab.frames import ClipError, read_image
from merlab.progress import silent
from tests.databases.causalnet_release import write_causalnet_tree
from tests.databases.release import only
from tests.helpers import SHARED, make_clip, texture, write_frames
from tests.helpers import STSTNET_FLOW as RELEASED

CAUSALNET = SHARED / "data" / "causalnet_flow"
needs_causalnet = pytest.mark.skipif(
    not (CAUSALNET.is_dir() and RELEASED.is_dir()),
    reason="the released flow images of CausalNet and STSTNet are not redistributed; put them next to the checkout",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four subjects of three databases, two clips per class, four images per clip."""
    labels_for.cache_clear()
    return write_causalnet_tree(tmp_path)


def examine(root: Path, *, deep: bool = False) -> Examination:
    return CAUSALNET_FLOW.examine(root, deep, silent)


def file_of(root: Path, stem: str) -> Path:
    return root / IMAGES_FOLDER / f"{stem} .png"


class TestTheRelease:
    @needs_causalnet
    def test_has_every_clip_of_ststnet_flow_with_the_same_label(self):
        examination = examine(CAUSALNET, deep=True)
        joined = {(clip.key, clip.emotion) for clip in examination.clips}
        assert joined == {(clip.key, clip.emotion) for clip in load("ststnet-flow", RELEASED)}
        assert len(joined) == 309
        assert [(finding.severity, finding.where) for finding in examination.findings] == [("differs", "samm")]

    @needs_causalnet
    def test_shows_the_same_movement_as_ststnets_image_in_another_crop(self):
        """Strain of the two images of a clip resembles each other more than that of two clips does."""
        clips = [clip for clip in examine(CAUSALNET).clips if clip.subject == "sub17"]
        one, other = (
            np.stack([read_image(image_of(clip, image))[..., 0].ravel() for clip in clips])
            for image in ("ststnet", "out")
        )
        alike = np.corrcoef(one, other)[: len(clips), len(clips) :]
        assert np.diag(alike).mean() > alike.mean() + 0.1


class TestAClip:
    def test_has_the_key_and_the_label_of_the_same_clip_in_ststnet_flow(self, root):
        expected = {(clip.key, clip.emotion, clip.fps) for clip in load("ststnet-flow", root.parent / "labels")}
        assert {(clip.key, clip.emotion, clip.fps) for clip in examine(root).clips} == expected

    def test_has_four_images_and_that_of_ststnet(self, root):
        clip = examine(root).clips[0]
        files = {image: image_of(clip, image) for image in (*SUFFIXES, "ststnet")}
        assert {image: files[image].name for image in SUFFIXES} == {
            image: f"{clip.name}{suffix} .png" for image, suffix in SUFFIXES.items()
        }
        assert clip.source == files["out"]
        assert files["ststnet"].name == f"{clip.name} .png"
        assert files["ststnet"].parent.parent.name == "u_test"

    def test_is_not_confused_with_the_second_image_of_another_clip(self, root):
        """SAMM has names such as 006_1_2 and 006_1_3, whose last part looks like the suffix of an image."""
        label = next((root.parent / "labels" / "006" / "u_test" / "0").glob("*.png"))
        shutil.copy(label, label.with_name("006_1_3 .png"))
        shutil.copy(label, label.with_name("006_1_2 .png"))
        for name in ("006_1_2", "006_1_3"):
            for suffix in SUFFIXES.values():
                path = file_of(root, name + suffix)
                cv2.imwrite(str(path), np.full((28, 28, 3), (len(name), 0, 9), np.uint8))
        found = {clip.name: image_of(clip, "back").name for clip in examine(root).clips}
        assert (found["006_1_2"], found["006_1_3"]) == ("006_1_2_1 .png", "006_1_3_1 .png")

    def test_of_another_database_has_no_such_images(self, root):
        clip = load("ststnet-flow", root.parent / "labels").clips[0]
        of_faces = make_clip(write_frames(root / "clip", [texture(1, 20, 20)] * 3))
        for other in (clip, of_faces):
            with pytest.raises(ClipError, match="not a clip of causalnet-flow.*load the clips with .*causalnet-flow"):
                image_of(other, "back")

    @pytest.mark.parametrize("image", ["back", "out-direction", "back-direction"])
    def test_that_is_lost_is_named_with_its_file(self, root, image):
        clip = examine(root).clips.clips[0]
        lost = image_of(clip, image)
        lost.unlink()
        with pytest.raises(ClipError, match=rf"{lost.name} does not exist"):
            image_of(clip, image)


class TestTheLabels:
    @pytest.mark.parametrize("place", ["causalnet/three_norm_u_v_os", "three_norm_u_v_os"])
    def test_are_inside_the_root_or_beside_it(self, root, place):
        (root.parent / "labels").rename(root.parent / place)
        assert len(examine(root).clips) == 24
        assert examine(root).facts["labels"] == str(root.parent / place)

    def test_are_found_if_the_folder_of_the_images_is_given(self, root):
        assert len(examine(root / IMAGES_FOLDER).clips) == 24

    def test_are_those_of_the_folder_that_names_the_most_clips(self, root):
        shutil.copytree(root.parent / "labels" / "sub01", root.parent / "a_part" / "sub01")
        assert examine(root).facts["labels"] == str(root.parent / "labels")

    def test_that_are_absent_are_an_error_with_the_remedy(self, root):
        shutil.rmtree(root.parent / "labels")
        with pytest.raises(MerlabError, match=r"no labels of its own.*copy three_norm_u_v_os of the CausalNet"):
            examine(root)

    def test_are_not_chosen_where_two_folders_contradict_each_other(self, root):
        labels, other = root.parent / "labels", root.parent / "other"
        shutil.copytree(labels, other)
        assert len(examine(root).clips) == 24
        image = other / "sub01" / "u_test" / "0" / "sub01_sub01_c0_00 .png"
        image.rename(other / "sub01" / "u_test" / "1" / image.name)
        with pytest.raises(
            MerlabError, match="labels and .*other give clips of .* other labels; move the wrong folder"
        ):
            examine(root)


class TestFaults:
    def test_suffixes_may_be_in_capital_letters(self, root):
        before = [clip.key for clip in examine(root).clips]
        for path in root.parent.rglob("*.png"):
            path.rename(path.with_suffix(".PNG"))
        clips = examine(root, deep=True).clips
        assert [clip.key for clip in clips] == before
        assert all(image_of(clips[0], image).is_file() for image in (*SUFFIXES, "ststnet"))

    def test_two_images_of_one_name_make_the_clip_unusable(self, root):
        shutil.copy(file_of(root, "sub01_sub01_c0_01"), root / IMAGES_FOLDER / "sub01_sub01_c0_00_1.png")
        examination = examine(root)
        finding = only(examination, "sub01 sub01_sub01_c0_00")
        assert (finding.severity, finding.found) == ("unusable", "two images of the name sub01_sub01_c0_00_1")
        assert len(examination.clips) == 23

    def test_a_folder_without_such_images_is_an_error_with_the_expected_layout(self, tmp_path):
        with pytest.raises(MerlabError, match="has no images <subject>_<clip> .png with the suffixes _1, _2, _3"):
            examine(tmp_path)

    def test_a_folder_that_does_not_exist_is_an_error(self, tmp_path):
        with pytest.raises(MerlabError, match="nowhere does not exist; give the folder that holds STSNet_whole"):
            examine(tmp_path / "nowhere")

    def test_a_clip_without_one_of_its_images_is_unusable(self, root):
        file_of(root, "sub01_sub01_c0_00_2").unlink()
        examination = examine(root)
        finding = only(examination, "sub01 sub01_sub01_c0_00")
        assert (finding.severity, finding.found) == ("unusable", "no sub01_sub01_c0_00_2 .png")
        assert len(examination.clips) == 23

    def test_images_without_a_label_differ(self, root):
        shutil.rmtree(root.parent / "labels" / "006")
        finding = only(examine(root), "006")
        assert (finding.severity, finding.found) == ("differs", "24 images without a label")

    def test_faults_of_the_labels_are_findings_too(self, root):
        labels = root.parent / "labels" / "sub01" / "u_test"
        shutil.copy(labels / "0" / "sub01_sub01_c0_00 .png", labels / "1" / "sub01_sub01_c0_00 .png")
        assert only(examine(root), "sub01 sub01_sub01_c0_00").expected == "one image per clip, in one class"

    def test_labels_of_one_subject_in_two_folders_are_not_used(self, root):
        labels = root.parent / "labels"
        (labels / "sub1").symlink_to(labels / "sub01")
        examination = examine(root)
        assert "sub01 and sub1" in {finding.found for finding in examination.of("unusable")}
        assert not {"sub01", "sub1"} & {clip.subject for clip in examination.clips}

    def test_a_damaged_image_is_found_by_the_deep_examination(self, root):
        file_of(root, "sub01_sub01_c0_00_3").write_bytes(b"not an image")
        assert len(examine(root).clips) == 24
        examination = examine(root, deep=True)
        assert only(examination, "sub01 sub01_sub01_c0_00").expected == "a readable image"
        assert len(examination.clips) == 23
