"""The folders of a release: what the names of frames tell, and which folders are read together."""

from __future__ import annotations

import pytest

from merlab.databases import find_database
from merlab.databases.coded.layout import Layout
from merlab.databases.samm_long import RELEASE
from merlab.errors import MerlabError
from merlab.frames import ClipError, open_frames
from merlab.progress import silent
from tests.databases import casme2_release, test_mmew
from tests.databases.release import image_bytes, write_images, write_table

NAMES = ("img9.jpg", "img10.JPG", "006_1_00011.png", "._img8.jpg", "img12.txt", "cover.jpg", "13.jpeg")


def test_frames_are_those_that_are_read_and_a_folder_is_listed_once(tmp_path):
    write_images(tmp_path / "006_1", NAMES, image_bytes())
    layout = Layout(tmp_path, RELEASE)
    found = layout.frames_of(tmp_path / "006_1")
    assert list(found.numbers) == list(open_frames(tmp_path / "006_1").numbers) == [9, 10, 11, 13]
    assert not found.registered
    (tmp_path / "006_1" / "img14.jpg").touch()
    assert layout.frames_of(tmp_path / "006_1") is found


def test_registered_faces_are_known_by_their_names(tmp_path):
    write_images(tmp_path / "006_1", ("reg_006_1_0001.jpg", "reg_006_1_0002.jpg"), image_bytes())
    assert Layout(tmp_path, RELEASE).frames_of(tmp_path / "006_1") == ([1, 2], True)


def test_two_files_of_one_number_are_refused(tmp_path):
    write_images(tmp_path / "006_1", ("img1.jpg", "img01.jpg"), image_bytes())
    with pytest.raises(ClipError, match="have the same frame number"):
        Layout(tmp_path, RELEASE).frames_of(tmp_path / "006_1")


def test_subjects_in_several_folders_as_of_several_archives_are_read_together(tmp_path):
    rows = (casme2_release.row("01"), casme2_release.row("02"), casme2_release.row("03"))
    casme2_release.write_release(tmp_path, rows=rows)
    (tmp_path / "part 2").mkdir()
    (tmp_path / "Cropped" / "sub02").rename(tmp_path / "part 2" / "sub02")
    examination = casme2_release.examine(tmp_path)
    assert [clip.subject for clip in examination.clips] == ["sub01", "sub02", "sub03"]
    assert examination.facts["frames"] == f"{tmp_path / 'Cropped'}, {tmp_path / 'part 2'}"
    assert not [finding for finding in examination.findings if finding.severity == "unusable"]


def test_folders_that_hold_a_clip_twice_are_not_read_together(tmp_path):
    casme2_release.write_release(tmp_path, rows=(casme2_release.row("01"), casme2_release.row("02")))
    casme2_release.write_clip(tmp_path / "part 2", "02", "EP02_01f", range(46, 87))
    with pytest.raises(MerlabError, match="more than once: .*Cropped.*part 2.* give one of these folders"):
        casme2_release.examine(tmp_path)


def test_mmew_may_have_its_folders_of_emotions_below_those_of_subjects(tmp_path):
    clips = {"S03-01-002": "happiness", "S03-05-001": "disgust", "S05-01-001": "happiness"}
    rows = [test_mmew.row(clip, emotion=emotion) for clip, emotion in clips.items()]
    write_table(tmp_path / test_mmew.TABLE, rows, test_mmew.COLUMNS)
    for clip, emotion in clips.items():
        test_mmew.write_clip(tmp_path, clip, f"{clip[:3]}/{emotion}")
    examination = find_database("mmew").examine(tmp_path, True, silent)
    assert {clip.name: clip.emotion for clip in examination.clips} == clips
    assert not examination.of("unusable")
