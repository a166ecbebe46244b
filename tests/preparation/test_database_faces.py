"""The whole heads of a database become its cropped layout, and every fault is reported."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from merlab.alignment_record import MANIFEST, RECORD
from merlab.clips import ClipTable
from merlab.databases import Database, Examination, find_database, load, long_videos
from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.frames import open_frames, read_image
from merlab.preparation import database_faces
from merlab.preparation.aligned_clip import TRANSFORMS
from merlab.preparation.database_faces import SHEETS, Prepared, prepare
from merlab.preparation.record import landmarks_of, read_record
from merlab.preparation.settings import Settings
from merlab.progress import Progress, silent
from merlab.storage import WriteError
from tests.databases import casme2_release, casme_release, test_casme3
from tests.databases.release import empty, truncate, write_table
from tests.frames.videos import damage as damage_video
from tests.frames.videos import write_video
from tests.helpers import make_clip, texture
from tests.preparation.conftest import FIVE_POINTS

CODED = ("casme2", "casme", "samm", "smic")


def prepared(name, root, out, settings=FIVE_POINTS, **options):
    return prepare(name, root, out, settings, **{"jobs": 1, "progress": False, **options})


def contents(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def without_a_face(clip: Path) -> None:
    for seed, path in enumerate(sorted(clip.iterdir())):
        assert cv2.imwrite(str(path), texture(seed, 480, 640))


@pytest.mark.slow
@pytest.mark.parametrize("name", CODED)
def test_a_prepared_tree_is_read_like_the_release_it_comes_from(raw_tree, tmp_path, name):
    root, out = raw_tree(name), tmp_path / "out"
    done = prepared(name, root, out)
    assert (len(done.clips), done.faults) == (2, ())
    before, after = (load(name, folder) for folder in (root, out))
    compared = ["database", "subject", "name", "onset", "apex", "offset", "fps", "emotion", "action_units"]
    assert after.frame[compared].equals(before.frame[compared])
    for clip in after:
        assert clip.onset is not None
        assert clip.offset is not None
        frames = open_frames(clip.source)
        assert list(frames.numbers) == list(range(clip.onset, clip.offset + 1))
        assert frames.read(clip.onset).shape == (282, 231, 3)
    assert not [
        finding
        for finding in find_database(name).examine(out, True, silent).findings
        if "unusable" in vars(finding).values()
    ]


@pytest.mark.slow
def test_casme2_is_laid_out_as_its_release_lays_out_cropped_faces_with_its_own_table(prepared_casme2):
    root, out = prepared_casme2
    names = {path.name for path in (out / "Cropped" / "sub01" / "EP02_01f").iterdir()}
    assert {"reg_img46.jpg", RECORD} <= names
    table = casme2_release.TABLE_2014
    assert (out / table).read_bytes() == (root / table).read_bytes()


@pytest.mark.slow
def test_the_eyes_are_at_the_position_of_casme2s_own_crops(prepared_casme2):
    record = read_record(prepared_casme2[1] / "Cropped" / "sub01" / "EP02_01f")
    (points,) = record.landmarks.values()
    np.testing.assert_allclose(points[:2], [(53.5, 73), (176.5, 73)], atol=0.6)
    assert record.quality.frames_with_face == record.frames[1] - record.frames[0] + 1


@pytest.mark.slow
def test_the_manifest_states_how_the_faces_were_made(prepared_casme2):
    manifest = json.loads((prepared_casme2[1] / MANIFEST).read_text())
    assert manifest["settings"] == {
        "detector": "yunet",
        "landmarks": "five-points",
        "motion": "onset",
        "image": "jpg",
        "jpeg_quality": 95,
    }
    assert set(manifest["versions"]) == {"merlab", "opencv", "numpy", "pyav"}
    assert len(manifest["models"]["yunet"]["sha256"]) == 64
    assert [entry["folder"] for entry in manifest["clips"]] == ["Cropped/sub01/EP02_01f", "Cropped/sub02/EP02_01f"]
    assert any("five points" in warning for warning in manifest["clips"][0]["warnings"])


def test_what_was_prepared_is_shown_in_one_line(tmp_path):
    done = Prepared((make_clip(tmp_path),), (), {"sub01 EP01_01": ("small",)}, ("FIVE POINTS",))
    assert repr(done) == "Prepared: 1 clip, 0 faults, warnings of 1 clip [FIVE POINTS]"


@pytest.mark.slow
def test_clips_that_share_a_folder_share_its_transform_and_each_has_its_landmarks(tmp_path, whole_heads):
    rows = [casme_release.row(frames=(73, 76, 80)), casme_release.row(frames=(83, 86, 90))]
    root = whole_heads(casme_release.write_release(tmp_path / "raw", rows))
    out = tmp_path / "out"
    assert len(prepared("casme", root, out).clips) == 2
    record = read_record(out / "Cropped" / "sub01" / "EP01_12")
    assert list(record.landmarks) == [73, 83]
    assert record.frames == (73, 90)
    # The folder lacks the frames between the clips, which is not a gap in either.
    assert not [warning for warning in record.warnings if "missing" in warning]
    stamp = (out / "Cropped" / "sub01" / "EP01_12" / RECORD).stat().st_mtime_ns
    prepared("casme", root, out)
    assert (out / "Cropped" / "sub01" / "EP01_12" / RECORD).stat().st_mtime_ns == stamp
    assert len(load("casme", out)) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("number", "clips"), [(81, 2), (84, 0)])
def test_a_damaged_frame_of_a_folder_is_left_out_where_no_clip_needs_it(tmp_path, whole_heads, number, clips):
    rows = [casme_release.row(frames=(73, 76, 80)), casme_release.row(frames=(83, 86, 90))]
    root = whole_heads(casme_release.write_release(tmp_path / "raw", rows))
    (last,) = root.rglob("*80.jpg")
    last.with_name(last.name.replace("80", str(number))).write_bytes(b"")
    done = prepared("casme", root, tmp_path / "out")
    assert len(done.clips) == clips
    if clips:
        (warnings,) = done.warnings.values()
        assert [text for text in warnings if text.startswith("1 of 17 frames are damaged and left out: 81;")]
        examined = find_database("casme").examine(tmp_path / "out", True, silent)
        assert (len(examined.clips), list(examined.of("unusable"))) == (2, [])
        # Where a corrected table needs it, the faces that lack it are not taken for complete.
        corrected = [casme_release.row(frames=(73, 76, 81)), rows[1]]
        write_table(root / casme_release.TABLE, corrected, casme_release.COLUMNS)
        (fault,) = prepared("casme", root, tmp_path / "out").faults
        assert "81" in fault.found
    else:
        (fault,) = done.faults
        assert (fault.severity, str(number) in fault.found) == ("unusable", True)
        assert "needs each of its frames from onset to offset" in fault.remedy


class TestATableThatWasCorrected:
    def written(self, path, offset):
        rows = [casme2_release.row(frames=(46, 50, offset)), casme2_release.row("02", frames=(46, 50, 52))]
        return write_table(path, rows, casme2_release.COLUMNS_2014)

    @pytest.fixture
    def root(self, tmp_path, whole_heads):
        for subject in ("01", "02"):
            casme2_release.write_clip(tmp_path / "raw" / "RAW", subject, "EP02_01f", range(44, 61), "img{}.jpg")
        return whole_heads(tmp_path / "raw")

    @pytest.mark.slow
    def test_has_the_clips_of_other_frames_aligned_again(self, root, tmp_path):
        out = tmp_path / "out"
        self.written(root / casme2_release.TABLE_2014, 52)
        prepared("casme2", root, out)
        kept = (out / "Cropped" / "sub02" / "EP02_01f" / RECORD).stat().st_mtime_ns
        self.written(root / casme2_release.TABLE_2014, 56)
        prepared("casme2", root, out)
        clips = list(load("casme2", out))
        assert [(clip.subject, clip.offset) for clip in clips] == [("sub01", 56), ("sub02", 52)]
        assert [list(open_frames(clip.source).numbers) for clip in clips] == [[*range(46, 57)], [*range(46, 53)]]
        assert (out / "Cropped" / "sub02" / "EP02_01f" / RECORD).stat().st_mtime_ns == kept

    @pytest.mark.slow
    def test_under_another_name_needs_again_because_one_of_both_would_be_read(self, root, tmp_path):
        first, second = self.written(tmp_path / "first.xlsx", 52), self.written(tmp_path / "second.xlsx", 56)
        prepared(find_database("casme2", table=first), root, tmp_path / "out")
        with pytest.raises(MerlabError, match=r"--table first\.xlsx -> second\.xlsx\. Add --again"):
            prepared(find_database("casme2", table=second), root, tmp_path / "out")
        prepared(find_database("casme2", table=second), root, tmp_path / "out", again=True)
        assert [clip.offset for clip in load("casme2", tmp_path / "out")] == [56, 52]


class TestLongVideos:
    """Of which prepare aligns the micro-expressions; its tree is read without their macro-expressions."""

    @pytest.fixture
    def root(self, tmp_path, whole_heads):
        rows = [
            test_casme3.row(),
            test_casme3.row("b", (5, 7, 9)),
            test_casme3.row("a", (14, 15, 17), kind="Macro-expression"),
            test_casme3.row("c", kind="Macro-expression"),
        ]
        root = tmp_path / "raw"
        write_table(root / test_casme3.BOTH_TABLE, rows, test_casme3.BOTH_COLUMNS)
        for video in "abc":
            test_casme3.write_video(root, f"spNO.1/{video}")
        return whole_heads(root)

    @pytest.mark.slow
    def test_give_clips_that_can_be_used_and_a_sheet_for_every_video(self, root, tmp_path):
        out = tmp_path / "out"
        assert prepared("casme3", root, out).faults == ()
        assert [(clip.name, clip.onset, clip.offset) for clip in load("casme3", out)] == [("a@3", 3, 8), ("b", 5, 9)]
        sheets = {path.name for path in (out / SHEETS).iterdir()}
        assert sheets == {"spNO.1-a-color.png", "spNO.1-b-color.png", "overview.png"}

    def test_are_refused_as_the_truth_of_spotting(self, root, tmp_path):
        prepared("casme3", root, tmp_path / "out")
        with pytest.raises(MerlabError, match=r"micro-expressions alone; give the folder of the long videos"):
            long_videos("casme3", tmp_path / "out", allow_unusable=True)


@pytest.mark.slow
@pytest.mark.usefixtures("prepared_processes")
def test_interrupted_work_is_resumed_and_gives_the_same_bytes_with_any_number_of_processes(prepared_casme2, tmp_path):
    root, whole = prepared_casme2[0], contents(prepared_casme2[1])
    out = Path(shutil.copytree(prepared_casme2[1], tmp_path / "out"))
    shutil.rmtree(out / "Cropped" / "sub02")
    (out / "Cropped" / ".unfinished-0-clip").mkdir()
    (out / SHEETS / "sub01-EP02_01f.png").unlink()
    stamp = (out / "Cropped" / "sub01" / "EP02_01f" / RECORD).stat().st_mtime_ns
    prepared("casme2", root, out, jobs=2)
    assert contents(out) == whole
    unchanged = (out / MANIFEST).stat().st_mtime_ns
    prepared("casme2", root, out)
    assert (out / MANIFEST).stat().st_mtime_ns == unchanged
    assert (out / "Cropped" / "sub01" / "EP02_01f" / RECORD).stat().st_mtime_ns > stamp


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "message"), [(truncate, "is truncated"), (empty, "is empty"), (without_a_face, "no face is found")]
)
def test_a_damaged_clip_is_reported_and_the_others_are_prepared(raw_tree, tmp_path, damage, message):
    root, out = raw_tree("casme2"), tmp_path / "out"
    damage(root / "Cropped" / "sub01" / "EP02_01f")
    done = prepared("casme2", root, out)
    assert [clip.subject for clip in done.clips] == ["sub02"]
    (fault,) = done.faults
    assert ("sub01 EP02_01f" in fault.where, message in fault.found, bool(fault.remedy)) == (True, True, True)
    assert not (out / "Cropped" / "sub01").exists() or not list((out / "Cropped" / "sub01").iterdir())
    assert json.loads((out / MANIFEST).read_text())["faults"][0]["found"] == fault.found


@pytest.mark.slow
def test_a_repaired_clip_is_prepared_by_the_next_run(raw_tree, tmp_path):
    root, out = raw_tree("casme2"), tmp_path / "out"
    clip = root / "Cropped" / "sub01" / "EP02_01f"
    shutil.copytree(clip, tmp_path / "original")
    truncate(clip)
    shown: list[tuple[int, int, str]] = []
    assert len(prepared("casme2", root, out, progress=lambda *step: shown.append(step)).faults) == 1
    assert shown == [(0, 2, "finding faces"), (1, 2, "sub01 EP02_01f"), (2, 2, "sub02 EP02_01f")]
    shutil.copytree(tmp_path / "original", clip, dirs_exist_ok=True)
    shown.clear()
    assert prepared("casme2", root, out, progress=lambda *step: shown.append(step)).faults == ()
    assert shown == [(1, 2, "1 of 2 already finished"), (2, 2, "sub01 EP02_01f")]
    assert json.loads((out / MANIFEST).read_text())["faults"] == []
    record = out / "Cropped" / "sub02" / "EP02_01f" / RECORD
    stamp, content = record.stat().st_mtime_ns, record.read_bytes()
    prepared("casme2", root, out, again=True)
    assert record.stat().st_mtime_ns > stamp
    assert record.read_bytes() == content


def test_a_damaged_video_is_reported(tmp_path, heads):
    row = casme2_release.row(frames=(1, 3, 8))
    write_table(tmp_path / "raw" / casme2_release.TABLE_2014, [row], casme2_release.COLUMNS_2014)
    folder = tmp_path / "raw" / "CASME2_compressed" / "sub01"
    folder.mkdir(parents=True)
    made = write_video(tmp_path / "a.mp4", "libx264", images=heads * 2, size=(640, 480))
    damage_video(made, [4, 5]).rename(folder / "EP02_01f.avi")
    (fault,) = prepared("casme2", tmp_path / "raw", tmp_path / "out").faults
    assert (fault.where, "is damaged" in fault.found) == ("sub01 EP02_01f", True)
    assert "`merlab align` alone leaves damaged ones out" in fault.remedy


@pytest.mark.slow
def test_a_pause_in_a_video_of_a_database_is_reported_in_seconds_of_its_camera(tmp_path, heads):
    """The video plays at 25 frames per second what the cameras of CASME II recorded at 200."""
    row = casme2_release.row(frames=(1, 3, 8))
    write_table(tmp_path / "raw" / casme2_release.TABLE_2014, [row], casme2_release.COLUMNS_2014)
    folder = tmp_path / "raw" / "CASME2_compressed" / "sub01"
    folder.mkdir(parents=True)
    times = [0, 40, 80, 120, 1000, 1040, 1080, 1120]
    made = write_video(tmp_path / "a.mp4", "libx264", images=heads * 2, size=(640, 480), milliseconds=times)
    made.rename(folder / "EP02_01f.avi")
    (texts,) = prepared("casme2", tmp_path / "raw", tmp_path / "out").warnings.values()
    (warning,) = [text for text in texts if "time is missing" in text]
    assert warning.startswith("time is missing before frame 5 (0.11 s after the one before)")


def test_faces_that_are_cropped_already_are_refused(tmp_path):
    root = casme2_release.write_release(tmp_path / "crops", rows=[casme2_release.row()])
    with pytest.raises(MerlabError, match="registered faces.*already aligned"):
        prepared("casme2", root, tmp_path / "out")


def test_a_database_of_stored_flow_is_refused(tmp_path):
    with pytest.raises(MerlabError, match="ststnet-flow does not contain .* whole heads.* are synthetic, casme2, smic"):
        prepared("ststnet-flow", tmp_path, tmp_path / "out")


def test_without_a_usable_clip_the_command_for_the_reasons_names_the_chosen_table(tmp_path):
    def examine(root: Path, deep: bool, progress: Progress) -> Examination:
        return Examination(ClipTable(()), ())

    options = ("--table", "my.xlsx")
    mine = Database("mine", "", "", examine, examine_heads=examine, cropped=lambda root, _: root, options=options)
    with pytest.raises(
        MerlabError, match="no usable clip; run `merlab doctor mine .* --table my.xlsx` for the reasons"
    ):
        prepared(mine, tmp_path, tmp_path / "out")


@pytest.mark.parametrize("ignored", [True, False])
def test_on_a_disk_that_ignores_case_clips_whose_names_differ_only_in_it_are_refused(tmp_path, monkeypatch, ignored):
    def examine(root: Path, deep: bool, progress: Progress) -> Examination:
        clips = tuple(make_clip(tmp_path / name, name=name) for name in "Aba")
        return Examination(ClipTable(clips), (), tables=(tmp_path / "table.csv",))

    monkeypatch.setattr(database_faces, "ignores_case", lambda file: file.is_file() and ignored)
    mine = Database("mine", "", "", examine, examine_heads=examine, cropped=lambda root, clip: root / "x" / clip.name)
    (tmp_path / "table.csv").touch()
    out = tmp_path / "out"
    if ignored:
        with pytest.raises(MerlabError, match="sub01 A and sub01 a would share one folder, .* or rename one"):
            prepared(mine, tmp_path / "heads", out)
        assert not out.exists()
    else:
        assert len(prepared(mine, tmp_path / "heads", out).faults) == 3


@pytest.mark.parametrize("inside", [".", "faces", ".."])
def test_out_may_not_be_inside_root_nor_root_inside_out(raw_tree, inside):
    root = raw_tree("casme2")
    with pytest.raises(MerlabError, match="is inside the other"):
        prepared("casme2", root, root / inside)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"jobs": 0}, "jobs must be a whole number from 1 up, or None for one per core, got 0"),
        ({"again": "yes"}, "again must be True or False, got 'yes'"),
        ({"settings": "png"}, r"settings must be a Settings \(.*\), got 'png'"),
        ({"database": None}, "database must be a Database .*, got None"),
        ({"root": None}, "root must be a path"),
        ({"out": ""}, "out must be a path"),
    ],
)
def test_values_of_another_kind_are_named(tmp_path, change, named):
    given: dict[str, Any] = {
        "database": "casme2",
        "root": tmp_path,
        "out": tmp_path / "out",
        "settings": FIVE_POINTS,
        **change,
    }
    with pytest.raises(MerlabError, match=named):
        prepare(**given)


def test_a_folder_with_other_content_is_not_touched(raw_tree, tmp_path):
    root, out = raw_tree("casme2"), tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(MerlabError, match="is not empty"):
        prepared("casme2", root, out)
    with pytest.raises(MerlabError, match="is a file"):
        prepared("casme2", root, out / "thesis.txt")
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


@pytest.mark.slow
def test_a_tree_of_other_settings_is_not_continued(prepared_casme2, tmp_path):
    root, out = prepared_casme2[0], Path(shutil.copytree(prepared_casme2[1], tmp_path / "out"))
    other = Settings(FaceFinding(landmarks="five-points"), motion="rigid")
    with pytest.raises(MerlabError, match="--motion onset -> rigid"):
        prepared("casme2", root, out, other)
    shutil.copytree(out, out / "deep" / "er")
    with pytest.raises(MerlabError, match=r"also holds .*deep/er/prepared\.json.*, which --again"):
        prepared("casme2", root, out, other, again=True)
    shutil.rmtree(out / "deep")
    again = prepared("casme2", root, out, other, again=True)
    assert len(again.clips) == len(list(out.rglob("alignment.json"))) == len(list(out.rglob(TRANSFORMS))) == 2
    prepared("casme2", root, out, again=True)
    assert list(out.rglob(TRANSFORMS)) == []
    assert {path.name for path in out.parent.iterdir()} == {"out"}


def test_a_full_disk_ends_the_run_with_its_reason_and_leaves_no_incomplete_clip(raw_tree, tmp_path, monkeypatch):
    root, out = raw_tree("casme2"), tmp_path / "out"
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name.startswith("reg_img48"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WriteError, match="No space left on device; make room"):
        prepared("casme2", root, out)
    assert not list(out.rglob("reg_*"))


def test_a_frame_of_another_size_is_a_fault(raw_tree, tmp_path):
    root = raw_tree("casme2")
    frame = root / "Cropped" / "sub01" / "EP02_01f" / "img47.jpg"
    assert cv2.imwrite(str(frame), cv2.resize(read_image(frame), (320, 240)))
    (fault,) = prepared("casme2", root, tmp_path / "out").faults
    assert "320x240 from frame 47" in fault.found


@pytest.mark.slow
def test_images_of_16_bits_that_are_read_too_dark_have_a_warning(raw_tree, tmp_path):
    """Those of one clip, of a camera of 14 bits."""
    root = raw_tree("casme2")
    for path in (root / "Cropped" / "sub01" / "EP02_01f").iterdir():
        assert cv2.imwrite(str(path.with_suffix(".png")), read_image(path).astype(np.uint16) << 6)
        path.unlink()
    warnings = prepared("casme2", root, tmp_path / "out").warnings
    dark = {clip for clip, texts in warnings.items() if any("as of a camera of 14 bits" in text for text in texts)}
    assert dark == {"sub01 EP02_01f"}


@pytest.mark.slow
def test_clips_without_a_face_mesh_have_no_landmarks(prepared_casme2):
    raw, aligned = (load("casme2", folder).clips[0] for folder in prepared_casme2)
    with pytest.raises(MerlabError, match="were not aligned by merlab"):
        landmarks_of(raw)
    with pytest.raises(MerlabError, match="sub01 EP02_01f .casme2. was aligned by five points"):
        landmarks_of(aligned)
