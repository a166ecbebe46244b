"""Whole heads where inputs expect aligned faces: every reader knows which it has, and every result is marked."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from merlab.clips import ClipTable
from merlab.clips.whole_heads import is_aligned, mark_whole_heads, prepare_remedy
from merlab.databases import load
from merlab.databases.database import examine_copy
from merlab.databases.samm import SAMM
from merlab.databases.table import TABLE
from merlab.evaluation.study import as_table
from merlab.progress import silent
from tests.databases import casme2_release, samm_release, smic_release
from tests.databases.release import image_bytes, write_images, write_table
from tests.helpers import make_clip

RAW = "CASME2_RAW_selected"


def casme2(root: Path, folder: str = RAW) -> Path:
    """Two clips; in Cropped, file names begin with reg_."""
    rows = [casme2_release.row(frames=(46, 48, 50)), casme2_release.row("02", "EP01_11f", (9, 12, 15))]
    write_table(root / casme2_release.TABLE_2014, rows, casme2_release.COLUMNS_2014)
    name = "reg_img{}.jpg" if folder == "Cropped" else "img{}.jpg"
    casme2_release.write_clip(root / folder, "01", "EP02_01f", range(46, 51), name)
    casme2_release.write_clip(root / folder, "02", "EP01_11f", range(9, 16), name)
    return root


def samm(root: Path) -> Path:
    return samm_release.write_release(root, [samm_release.row()])


def smic(root: Path, image: str) -> Path:
    return smic_release.write_single(root, [smic_release.Take(1, "ne", 1, 559740, 559745)], image=image)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "write", "aligned"),
    [
        ("casme2", lambda root: casme2(root, "Cropped"), True),
        ("casme2", casme2, False),
        ("casme2", lambda root: casme2(root, "CASME2-RAW"), False),
        ("samm", samm, False),
        ("smic", lambda root: smic(root, "reg_image"), True),
        ("smic", lambda root: smic(root, "image"), False),
    ],
)
def test_a_layout_states_whether_its_frames_are_aligned(tmp_path, name, write, aligned):
    table = load(name, write(tmp_path / "copy"))
    assert {clip.aligned for clip in table} == {aligned}
    assert table.stamps == (() if aligned else (f"WHOLE HEADS: {name}",))


def test_the_warning_and_the_finding_have_the_command_to_type(tmp_path):
    root = casme2(tmp_path / "my copy")
    command = f"`merlab prepare casme2 '{root}' '{root}-aligned'`"
    with pytest.warns(UserWarning, match="whole heads in 2 clips of casme2, but inputs expect aligned") as caught:
        table = load("casme2", root)
    assert command in str(caught[0].message)
    (finding,) = [each for each in table.findings if each.where == str(root)]
    assert (finding.severity, finding.found[:28], command in finding.remedy) == (
        "differs",
        "whole heads in 2 of 2 clips,",
        True,
    )


def test_frames_that_the_user_states_to_be_aligned_are_not_marked(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = load("samm", samm(tmp_path), aligned=True)
    assert (table.stamps, {clip.aligned for clip in table}) == ((), {True})
    assert "as stated by the user" in table.sources[0].facts["faces"]
    assert table.sources[0].options == ("--aligned",)


def test_one_clip_of_whole_heads_among_aligned_faces_is_found(tmp_path):
    root = casme2(tmp_path, "Cropped")
    for frame in (root / "Cropped" / "sub02" / "EP01_11f").iterdir():
        frame.rename(frame.with_name(frame.name.removeprefix("reg_")))
    with pytest.warns(UserWarning, match="whole heads in 1 clip of casme2"):
        table = load("casme2", root)
    assert [clip.aligned for clip in table] == [True, False]
    (found,) = [each.found for each in table.findings if each.where == str(root)]
    assert found.startswith("whole heads in 1 of 2 clips, the first sub02 EP01_11f")


@pytest.mark.parametrize(("root", "out"), [(Path("data/casme"), "data/casme-aligned"), (Path("/x/y"), "/x/y-aligned")])
def test_the_new_folder_lies_beside_the_root(root, out):
    assert (
        prepare_remedy("casme", root)
        == f"`merlab prepare casme {root} {out}` aligns the faces; then give {out} as the root"
    )


@pytest.mark.parametrize(
    ("width", "height", "aligned"), [(231, 282, True), (128, 128, True), (640, 480, False), (1080, 1920, False)]
)
def test_frames_of_a_clip_that_does_not_state_it_are_judged_by_their_proportions(tmp_path, width, height, aligned):
    frames = write_images(tmp_path, [f"img{number}.png" for number in (1, 2, 3)], image_bytes(width, height, ".png"))
    assert is_aligned(make_clip(frames)) is aligned


def test_frames_that_cannot_be_read_stay_unknown(tmp_path):
    assert is_aligned(make_clip(tmp_path / "nowhere")) is None


class TestClipsOfYourOwn:
    @pytest.fixture
    def clip(self, tmp_path):
        names = [f"img{number}.png" for number in (1, 2, 3)]
        return make_clip(write_images(tmp_path, names, image_bytes(64, 48, ".png")))

    def test_are_marked_when_inputs_are_made_of_them(self, clip):
        with pytest.warns(UserWarning, match="whole heads in 1 clip of casme2.*`merlab align FRAMES OUT`"):
            assert as_table([clip]).stamps == ("WHOLE HEADS: casme2",)

    def test_state_after_it_whether_they_are_aligned(self, clip, tmp_path):
        face = write_images(tmp_path / "face", ["img1.png"], image_bytes(48, 48, ".png"))
        with pytest.warns(UserWarning, match="1 clip of casme2"):
            table = as_table([clip, make_clip(face, name="EP02_01")])
        assert [each.aligned for each in table] == [False, True]

    def test_are_marked_once(self, clip):
        table = ClipTable((clip,), ("WHOLE HEADS: casme2",))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert mark_whole_heads(table).stamps == table.stamps

    def test_of_which_one_database_shows_whole_heads_name_it(self, clip):
        faces = replace(clip, database="mine", aligned=True)
        with pytest.warns(UserWarning, match="1 clip of casme2"):
            assert as_table([clip, faces]).stamps == ("WHOLE HEADS: casme2",)


class TestATable:
    def table(self, root: Path, aligned: str | None, width: int = 64) -> Path:
        write_images(root / "frames", [f"img{number}.png" for number in range(1, 6)], image_bytes(width, 48, ".png"))
        column, cell = (",aligned", f",{aligned}") if aligned is not None else ("", "")
        (root / "mine.csv").write_text(f"subject,clip,frames,fps,label{column}\ns1,c1,frames,200,joy{cell}\n")
        return root / "mine.csv"

    @pytest.mark.parametrize(
        ("cell", "width", "aligned"),
        [("yes", 64, True), ("No", 40, False), ("0", 40, False), ("", 64, False), ("", 40, True), (None, 64, False)],
    )
    def test_states_it_in_a_column_or_the_proportions_decide(self, tmp_path, cell, width, aligned):
        (clip,) = examine_copy(TABLE, self.table(tmp_path, cell, width), False, silent).clips
        assert clip.aligned is aligned

    def test_with_whole_heads_has_a_finding_with_the_command(self, tmp_path):
        (finding,) = examine_copy(TABLE, self.table(tmp_path, None), True, silent).of("differs")
        assert "64x48 pixels" in finding.found
        assert "merlab align" in finding.remedy

    def test_with_another_word_in_the_column_cannot_be_used(self, tmp_path):
        (finding,) = TABLE.examine(self.table(tmp_path, "perhaps"), False, silent).findings
        assert (finding.severity, finding.expected) == ("unusable", "yes or no in column aligned")


def test_samm_with_the_frames_of_other_software_can_be_stated_to_be_aligned(tmp_path):
    examination = examine_copy(SAMM, samm(tmp_path), False, silent, aligned=True)
    assert examination.facts["faces"] == "aligned faces in 1 clip, as stated by the user"
