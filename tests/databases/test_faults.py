"""For every release, the deep examination finds every possible fault of a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from merlab.databases.database import Examination
from tests.databases import casme2_release, casme_release, samm_release, smic_release
from tests.databases.release import FAULTS, about, edit_table, middle, write_images, write_table


@dataclass(frozen=True)
class Tree:
    """A small tree without faults: how to write and examine it, and the place of one of its clips and rows."""

    write: Callable[[Path], Path]
    examine: Callable[..., Examination]
    clip: str
    folder: str
    table: str
    row: str
    offset: str
    emotion: str


CASME2 = Tree(
    lambda root: casme2_release.write_release(root, rows=[casme2_release.row(), casme2_release.row("02")]),
    casme2_release.examine,
    "sub01 EP02_01f",
    "Cropped/sub01/EP02_01f",
    casme2_release.TABLE_2014,
    "01",
    "OffsetFrame",
    "Estimated Emotion",
)
CASME = Tree(
    lambda root: casme_release.write_release(root, [casme_release.row(), casme_release.row(2, "EP03_01")]),
    casme_release.examine,
    "sub01 EP01_12",
    "Cropped/sub01/EP01_12",
    casme_release.TABLE,
    "EP01_12",
    "OffsetF",
    "Emotion",
)
SAMM = Tree(
    lambda root: samm_release.write_release(root, [samm_release.row(), samm_release.row("007", "007_1_1")]),
    samm_release.examine,
    "006 006_1_2",
    "SAMM/006/006_1_2",
    samm_release.TABLE,
    "006_1_2",
    "Offset Frame",
    "Estimated Emotion",
)
TAKES = (smic_release.Take(1, "ne", 1, 559740, 559750), smic_release.Take(2, "po", 1, 600000, 600010))
SMIC = Tree(
    lambda root: smic_release.write_single(root, TAKES),
    smic_release.examine,
    "s01 s01_ne_01",
    "SMIC_all_cropped/HS/s01/micro/negative/s01_ne_01",
    smic_release.TABLE,
    "s1_ne_01",
    "OffsetF",
    "Emotion",
)
SMIC_LONG = Tree(
    lambda root: smic_release.write_long(root, TAKES),
    smic_release.examine,
    "s01 s01_ne_01",
    "SMIC_HS_E/s01/s1_ne_01",
    smic_release.TABLE,
    "s1_ne_01",
    "OffsetF",
    "Emotion",
)
TREES = {"casme2": CASME2, "casme": CASME, "samm": SAMM, "smic": SMIC, "smic, long": SMIC_LONG}


@pytest.fixture(params=TREES)
def tree(request):
    return TREES[request.param]


@pytest.fixture
def root(tree, tmp_path):
    return tree.write(tmp_path / "copy")


def test_the_tree_without_faults_has_two_usable_clips_and_no_findings_about_them(tree, root):
    examination = tree.examine(root, deep=True)
    assert len(examination.clips) == 2
    assert about(examination, tree.clip) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_clip_is_found_and_the_other_clip_is_kept(tree, root, fault):
    FAULTS[fault](root / tree.folder)
    examination = tree.examine(root, deep=True)
    faulty = [finding for finding in about(examination, tree.clip) if finding.severity == "unusable"]
    assert faulty
    assert faulty[0].remedy
    assert len(examination.clips) == 1


def renumbered_from_0(clip: Path) -> None:
    frames = sorted(clip.iterdir())
    for number, path in enumerate(frames):
        path.rename(path.with_name(f"img{number}{path.suffix}"))


def two_files_of_one_number(clip: Path) -> None:
    frame = middle(clip)
    (frame.with_name(f"copy_{frame.name}")).write_bytes(frame.read_bytes())


def without_frames(clip: Path) -> None:
    for frame in clip.iterdir():
        frame.unlink()


def a_file_with_a_date(clip: Path) -> None:
    """One coded frame is missing, and the numbers span 10^13 frames."""
    frame = middle(clip)
    frame.rename(frame.with_name(f"reg_img20140508123456{frame.suffix}"))


def a_folder_named_like_a_frame(clip: Path) -> None:
    frame = middle(clip)
    frame.unlink()
    frame.mkdir()


@pytest.mark.parametrize(
    "fault",
    [renumbered_from_0, two_files_of_one_number, without_frames, a_file_with_a_date, a_folder_named_like_a_frame],
)
def test_one_bad_clip_never_ends_the_examination_of_the_others(tree, root, fault):
    fault(root / tree.folder)
    examination = tree.examine(root, deep=True)
    assert [finding for finding in about(examination, tree.clip) if finding.severity == "unusable"]
    assert len(examination.clips) == 1


def test_frames_one_level_too_deep_are_named_with_where_to_move_them(tree, root):
    folder = root / tree.folder
    folder.rename(root / "aside")
    folder.mkdir()
    (root / "aside").rename(folder / folder.name)
    examination = tree.examine(root, deep=True)
    fault = next(finding for finding in about(examination, tree.clip) if finding.severity == "unusable")
    assert f"those in {folder / folder.name}, move them into the folder above" in fault.remedy
    assert len(examination.clips) == 1


def test_a_subject_one_level_too_deep_is_named_with_where_to_move_its_clips(tmp_path):
    subject = CASME2.write(tmp_path).joinpath(CASME2.folder).parent
    clips = [path.name for path in subject.iterdir()]
    (subject / subject.name).mkdir()
    for name in clips:
        (subject / name).rename(subject / subject.name / name)
    for name in clips:
        fault = next(each for each in CASME2.examine(tmp_path, deep=False).of("unusable") if name in each.where)
        assert fault.remedy.startswith(f"move {subject / subject.name / name} into the folder of its subject")


def test_a_clip_with_two_folders_cannot_be_used_and_both_are_named(tree, root):
    first = root / tree.folder
    # s01_ne_01 of SMIC under two emotions, or the same clip below Sub01 and sub01.
    parent = first.parent.parent / ("positive" if tree is SMIC else first.parent.name.swapcase())
    if parent.name == first.parent.name:
        pytest.skip("the name of a subject has no letters")
    shutil.copytree(first, parent / first.name)
    examination = tree.examine(root, deep=True)
    (fault,) = examination.of("unusable")
    assert (fault.where.startswith(tree.clip), fault.expected) == (True, "one folder or video per clip")
    assert len(examination.clips) == 1


def test_what_macos_adds_to_an_archive_is_ignored(tree, root):
    before = tree.examine(root, deep=True)
    aside = root / "__MACOSX" / tree.folder
    aside.mkdir(parents=True)
    for frame in (root / tree.folder).iterdir():
        (aside / f"._{frame.name}").write_bytes(b"resource fork")
        frame.with_name(f"._{frame.name}").write_bytes(b"resource fork")
    assert tree.examine(root, deep=True) == before


def test_an_offset_that_is_much_too_large_is_found(tree, root):
    edit_table(root / tree.table, tree.row, tree.offset, 999_999_999)
    assert about(tree.examine(root), tree.clip)


def test_a_changed_label_is_found(tree, root):
    edit_table(root / tree.table, tree.row, tree.emotion, "joy")
    assert about(tree.examine(root), tree.clip)


def test_a_changed_offset_is_found(tree, root):
    edit_table(root / tree.table, tree.row, tree.offset, 1)
    assert about(tree.examine(root), tree.clip)


def test_a_folder_of_other_images_next_to_the_subjects_is_reported_and_not_read(tree, root):
    subjects = (root / tree.folder).parents[2 if tree is SMIC else 0].parent
    write_images(subjects / "holiday", ["beach1.jpg", "beach2.jpg"], samm_release.JPEG)
    examination = tree.examine(root, deep=True)
    (finding,) = about(examination, "holiday")
    assert (finding.severity, "contains images" in finding.found) == ("differs", True)
    assert len(examination.clips) == 2


def test_an_empty_video_is_found(tmp_path):
    root = tmp_path / "copy"
    write_table(root / casme2_release.TABLE_2014, [casme2_release.row()], casme2_release.COLUMNS_2014)
    video = root / "CASME2_compressed" / "sub01" / "EP02_01f.avi"
    video.parent.mkdir(parents=True)
    video.touch()
    (finding,) = about(casme2_release.examine(root, deep=True), "EP02_01f")
    assert (finding.severity, "cannot be opened as a video" in finding.found) == ("unusable", True)
