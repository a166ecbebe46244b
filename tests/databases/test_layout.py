"""The folders of a release: what the names of frames tell, and which folders are read together."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from merlab.databases import find_database
from merlab.databases.coded.layout import Layout, by_preference, layouts_below, misnamed_subjects, subject_meant
from merlab.databases.coded.release import (
    FrameKind,
    LayoutFormat,
    Release,
    TableFormat,
    any_frames,
    cropped_faces,
    numbered_subject,
)
from merlab.databases.samm_long import RELEASE
from merlab.errors import MerlabError
from merlab.frames import ClipError, open_frames
from merlab.progress import silent
from tests.databases import casme2_release, casme_release, smic_release, test_casme3, test_mmew
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


def test_registered_faces_are_known_on_a_disk_with_names_in_capital_letters(tmp_path):
    write_images(tmp_path / "006_1", ("REG_006_1_0001.JPG",), image_bytes())
    layout = Layout(tmp_path, RELEASE)
    assert layout.frames_of(tmp_path / "006_1").registered
    assert layout.kind.cropped


OF_SYSTEMS = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found", ".Trash")


@pytest.mark.parametrize("database", ["mmew", "casme3", "smic"])
def test_folders_that_systems_add_are_no_clips(tmp_path, database):
    if database == "mmew":
        write_table(tmp_path / test_mmew.TABLE, [test_mmew.row(), test_mmew.row("S05-07-001")], test_mmew.COLUMNS)
        test_mmew.write_clip(tmp_path)
        test_mmew.write_clip(tmp_path, "S05-07-001", "others")
    elif database == "casme3":
        write_table(tmp_path / test_casme3.MICRO_TABLE, [test_casme3.row()], test_casme3.COLUMNS)
        test_casme3.write_video(tmp_path)
    else:
        smic_release.write_single(tmp_path, [smic_release.Take(1, "ne", 1, 559740, 559745)], table=False)
    before = find_database(database).examine(tmp_path, True, silent)
    for folder in [folder for folder in tmp_path.rglob("*") if folder.is_dir()]:
        for name in OF_SYSTEMS:
            write_images(folder / name, ("1.jpg",), image_bytes())
    assert before.clips
    assert find_database(database).examine(tmp_path, True, silent) == before


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


def test_frames_of_another_database_below_the_root_are_not_preferred(tmp_path):
    casme2_release.write_release(tmp_path / "CASME2", rows=[casme2_release.row()])
    write_table(tmp_path / "CASME" / casme_release.TABLE, [casme_release.row()], casme_release.COLUMNS)
    write_images(tmp_path / "CASME" / "sub01" / "EP01_12", (f"{number}.jpg" for number in range(73, 81)), image_bytes())
    for database, clip in (("casme", "EP01_12"), ("casme2", "EP02_01f")):
        examination = find_database(database).examine(tmp_path, False, silent)
        assert [each.name for each in examination.clips] == [clip]
        assert not examination.of("unusable")


def test_mmew_may_have_its_folders_of_emotions_below_those_of_subjects(tmp_path):
    clips = {"S03-01-002": "happiness", "S03-05-001": "disgust", "S05-01-001": "happiness"}
    rows = [test_mmew.row(clip, emotion=emotion) for clip, emotion in clips.items()]
    write_table(tmp_path / test_mmew.TABLE, rows, test_mmew.COLUMNS)
    for clip, emotion in clips.items():
        test_mmew.write_clip(tmp_path, clip, f"{clip[:3]}/{emotion}")
    examination = find_database("mmew").examine(tmp_path, True, silent)
    assert {clip.name: clip.emotion for clip in examination.clips} == clips
    assert not examination.of("unusable")


FORM = TableFormat(
    files="coding",
    looked_for="coding.csv",
    columns={},
    subject=partial(numbered_subject, prefix="s", digits=2),
    subject_example="s01",
    clip_example="a",
    emotions={},
)
KINDS = (FrameKind("Cropped", cropped_faces), FrameKind("raw frames", any_frames))
MINE = Release("mine", "Mine", 30.0, FORM, LayoutFormat(r"s\d+|t", "s01, s02", KINDS))


def write(folder: Path, *names: str) -> Path:
    """A folder with empty files of these names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


class TestSubjects:
    def test_have_the_first_of_several_folders_and_files_are_none(self, tmp_path):
        for folder in ("s1/b", "s01/a", "t/c"):
            write(tmp_path / folder, "1.jpg")
        write(tmp_path, "s02")
        layout = Layout(tmp_path, MINE)
        assert layout.subjects == {"s01": tmp_path / "s01", "t": tmp_path / "t"}
        assert set(layout.sources) == {("s01", "a"), ("s01", "b"), ("t", "c")}

    def test_of_a_clip_may_be_told_by_its_own_name(self, tmp_path):
        for folder in ("s1/a", "s2/b"):
            write(tmp_path / folder, "1.jpg")
        form = replace(MINE.layout, subject_of=lambda source: "x")
        assert Layout(tmp_path, replace(MINE, layout=form)).subjects == {"x": tmp_path / "s1"}

    def test_with_several_sources_of_one_clip_have_none_of_them(self, tmp_path):
        first, second = write(tmp_path / "s01" / "a", "1.jpg"), write(tmp_path / "s1" / "a", "1.jpg")
        layout = Layout(tmp_path, MINE)
        assert (layout.clips, layout.repeated) == ({}, {("s01", "a"): [first, second]})


def test_unknown_folders_hold_images_and_no_subject(tmp_path):
    for folder in ("x", "y/clip", "s01/a", "hidden/.clip"):
        write(tmp_path / folder, "1.jpg")
    write(tmp_path / "z" / "clip", "notes.txt")
    write(tmp_path, "1.jpg")
    assert Layout(tmp_path, MINE).unknown_folders == [tmp_path / "x", tmp_path / "y"]


def test_one_registered_face_tells_the_kind(tmp_path):
    write(tmp_path / "s01" / "empty")
    frames = write(tmp_path / "s01" / "full", "img10.jpg", "reg_img2.jpg", "img3.jpg")
    layout = Layout(tmp_path, MINE)
    assert layout.kind == KINDS[0]
    assert layout.frames_of(frames) == ([2, 3, 10], True)
    assert not layout.frames_of(tmp_path / "s01" / "empty").numbers


@pytest.mark.parametrize("name", ["s1", "S01", " s1 ", "sub001", "subject 1", "subj_1", "p-1", "1", "01", "s.1"])
def test_a_folder_may_state_the_number_of_its_subject_in_any_spelling(name):
    assert subject_meant(name, MINE) == "s01"


@pytest.mark.parametrize("name", ["s1a", "x1", "s", "1 2", "0s1", "person1"])
def test_another_name_states_no_subject(name):
    assert subject_meant(name, MINE) is None


def test_misnamed_subjects_are_folders_with_clips_that_state_a_number(tmp_path):
    for folder in ("p1/a", "sub2/a", "s03/a", "notes/a"):
        write(tmp_path / folder, "1.jpg")
    write(tmp_path / "p1" / "empty")
    write(tmp_path / "p4" / "a", "notes.txt")
    write(tmp_path, "p5")
    assert misnamed_subjects(tmp_path, MINE) == {"p1": "s01", "sub2": "s02"}


class TestPreference:
    def preferred(self, root: Path, *listed: str) -> list[tuple[str, list[str]]]:
        """The folder of each layout and those of its parts; ``listed`` are clips as subject/clip."""
        keys = {(subject, clip) for subject, _, clip in (each.partition("/") for each in listed)}
        ordered = by_preference(root, layouts_below(root, MINE), keys)
        return [(each.folder.name, [part.name for part in each.parts]) for each in ordered]

    def test_is_for_cropped_faces_and_the_others_follow(self, tmp_path):
        write(tmp_path / "a" / "s01" / "a", "1.jpg")
        write(tmp_path / "b" / "s01" / "a", "reg_1.jpg")
        assert self.preferred(tmp_path) == [("b", []), ("a", [])]

    def test_takes_layouts_of_one_kind_together_or_those_that_the_table_lists(self, tmp_path):
        for folder in ("1/s01/a", "2/s02/b", "3/s03/c"):
            write(tmp_path / folder, "reg_1.jpg")
        write(tmp_path / "raw" / "s01" / "a", "1.jpg")
        root = tmp_path.name
        assert self.preferred(tmp_path) == [(root, ["1", "2", "3"]), ("raw", [])]
        assert self.preferred(tmp_path, "s01/a", "s03/c") == [(root, ["1", "3"]), ("2", []), ("raw", [])]
        assert self.preferred(tmp_path, "s02/b") == [("2", []), ("1", []), ("3", []), ("raw", [])]

    @pytest.mark.parametrize("listed", [(), ("s01/a",), ("s09/z",)])
    def test_needs_a_choice_between_layouts_of_the_same_clips(self, tmp_path, listed):
        for folder in ("1/s01/a", "2/s01/a"):
            write(tmp_path / folder, "reg_1.jpg")
        write(tmp_path / "raw" / "s01" / "a", "1.jpg")
        alike = f"holds the same frames more than once: {tmp_path / '1'}, {tmp_path / '2'} all have the layout Cropped"
        with pytest.raises(MerlabError, match=alike):
            self.preferred(tmp_path, *listed)

    def test_needs_no_choice_between_layouts_that_are_not_preferred(self, tmp_path):
        for folder in ("1/s01/a", "2/s01/a"):
            write(tmp_path / folder, "1.jpg")
        write(tmp_path / "3" / "s01" / "a", "reg_1.jpg")
        assert self.preferred(tmp_path) == [("3", []), ("1", []), ("2", [])]

    def test_keeps_a_single_layout_that_the_table_does_not_list(self, tmp_path):
        write(tmp_path / "1" / "s01" / "a", "1.jpg")
        assert self.preferred(tmp_path, "s09/z") == [("1", [])]

    def test_has_nothing_to_order_without_layouts(self, tmp_path):
        assert self.preferred(tmp_path) == []


def test_a_layout_of_links_to_the_clips_of_another_is_left_out(tmp_path):
    clip = write(tmp_path / "1" / "s01" / "a", "1.jpg")
    (tmp_path / "2" / "s01").mkdir(parents=True)
    (tmp_path / "2" / "s01" / "a").symlink_to(clip, target_is_directory=True)
    assert [layout.folder.name for layout in layouts_below(tmp_path, MINE)] == ["1"]
