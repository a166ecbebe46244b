"""smic: clips that are folders, a table that lacks two clips, three cameras, and no apex."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from openpyxl import load_workbook

from merlab.databases import find_database, long_videos
from merlab.databases.smic_facts import CAMERAS
from merlab.databases.smic_release import LONG, padded, release_of
from merlab.errors import MerlabError
from merlab.progress import silent
from tests.databases.release import about, edit_table, only, write_images
from tests.databases.smic_release import (
    BMP,
    JPEG,
    TABLE,
    WITH_SECOND,
    Take,
    examine,
    takes,
    write_annotation,
    write_long,
    write_single,
)

ROWS = (Take(1, "ne", 1, 559740, 559745), Take(1, "sur", 1, 559900, 559904), Take(20, "po", 3, 17581039, 17581044))


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """Single clips and table as published; tests do not change them."""
    return write_single(tmp_path_factory.mktemp("release"))


@pytest.fixture
def small(tmp_path):
    """Three clips of two subjects, with the table."""
    return write_single(tmp_path / "smic", ROWS)


def folder(root, take, camera="HS"):
    emotion = {"ne": "negative", "po": "positive", "sur": "surprise"}[take.emotion]
    return root / "SMIC_all_cropped" / camera / f"s{take.subject:02d}" / "micro" / emotion / take.name


def rename_sheet(root, name):
    workbook = load_workbook(root / TABLE)
    workbook["HS"].title = name
    workbook.save(root / TABLE)


class TestSingleClips:
    @pytest.mark.slow
    def test_all_164_are_usable_and_the_two_without_a_row_are_handled(self, release):
        examination = examine(release, deep=True)
        assert len(examination.clips) == 164
        assert Counter(clip.emotion for clip in examination.clips) == {"negative": 70, "positive": 51, "surprise": 43}
        found = [(finding.severity, finding.where) for finding in examination.findings]
        assert found == [("handled", "s01 s01_ne_02"), ("handled", "s02 s02_sur_05")]

    def test_have_no_apex_and_this_is_reported(self, release):
        examination = examine(release)
        assert {(clip.apex, clip.apex_source, clip.action_units) for clip in examination.clips} == {
            (None, "unannotated", "")
        }
        assert "recipe of the input chooses" in examination.facts["apex"]

    def test_need_no_table(self, small):
        (small / TABLE).unlink()
        examination = examine(small)
        assert [(clip.name, clip.onset, clip.offset) for clip in examination.clips] == [
            ("s01_ne_01", 559740, 559745),
            ("s01_sur_01", 559900, 559904),
            ("s20_po_03", 17581039, 17581044),
        ]
        assert examination.facts["coding table"].startswith("none")

    def test_that_merlab_aligned_say_how_and_carry_their_stamps(self, small):
        record = {"database": "smic", "settings": {"landmarks": "mesh"}, "stamps": ["SYNTHETIC"]}
        (small / "SMIC_all_cropped" / "prepared.json").write_text(json.dumps(record))
        examination = examine(small)
        assert examination.facts["aligned by"] == "merlab prepare: landmarks mesh (3 clips)"
        assert examination.clips.stamps == ("SYNTHETIC",)
        raw = write_single(small / "raw", ROWS, image="image")
        (raw / "prepared.json").write_text(json.dumps(record))
        assert "aligned by" not in examine(raw).facts

    def test_are_read_without_a_table_that_has_nothing_about_their_camera(self, small):
        (small / "SMIC_all_cropped" / "HS").rename(small / "SMIC_all_cropped" / "VIS")
        examination = examine(small)
        finding = only(examination, TABLE)
        assert finding.severity == "differs"
        assert finding.found.endswith("has nothing on its sheet VIS; copy it again from the original")
        assert len(examination.clips) == 3

    @pytest.mark.parametrize("name", ["s1_ne_01", "s01_ne_01", "S1_ne_1"])
    def test_have_the_same_name_with_any_padding(self, small, name):
        folder(small, ROWS[0]).rename(folder(small, ROWS[0]).with_name(name))
        assert examine(small).clips.clips[0].name == "s01_ne_01"

    def test_the_registered_faces_are_preferred(self, small):
        write_single(small / "raw", ROWS, table=False, image="image")
        examination = examine(small)
        assert "registered faces" in examination.facts["layout"]
        assert str(small / "raw") in examination.facts["not read"]
        assert "not read" not in examine(small / "raw").facts
        whole = find_database("smic").examine_heads
        assert whole is not None
        assert "whole heads" in whole(small, False, silent).facts["layout"]

    def test_a_missing_first_frame_differs_from_the_table(self, small):
        (folder(small, ROWS[0]) / "reg_image559740.bmp").unlink()
        examination = examine(small)
        finding = only(examination, "s01_ne_01")
        assert (finding.severity, finding.expected[:24]) == ("differs", "frames 559740 to 559745,")
        used = "the table states frames 559740 to 559745: 559741 to 559745 are used, as in the folder"
        assert [clip.note for clip in examination.clips] == [used, "", ""]

    def test_different_emotions_of_table_and_folder_differ(self, small):
        edit_table(small / TABLE, "s1_ne_01", "Emotion", "surprise")
        finding = only(examine(small), "s01_ne_01")
        assert (finding.severity, finding.found) == ("differs", "surprise in the table")

    def test_an_emotion_may_be_shortened_in_the_table_as_in_names(self, small):
        edit_table(small / TABLE, "s1_ne_01", "Emotion", "ne")
        assert about(examine(small), "s01_ne_01") == []

    def test_a_clip_in_the_folder_of_another_emotion_differs(self, small):
        target = small / "SMIC_all_cropped" / "HS" / "s01" / "micro" / "positive" / "s01_ne_01"
        target.parent.mkdir()
        folder(small, ROWS[0]).rename(target)
        stated = "a clip of s01, positive, as the folders above state"
        assert ("s01 s01_ne_01 (row 2)", stated) in [
            (finding.where, finding.expected) for finding in about(examine(small), "s01_ne_01")
        ]
        (small / TABLE).unlink()
        finding = only(examine(small), "s01_ne_01")
        assert (finding.where, finding.expected) == ("s01 s01_ne_01", stated)

    def test_a_folder_of_other_images_among_the_clips_is_not_a_clip(self, small):
        holiday = folder(small, ROWS[0]).with_name("holiday")
        holiday.mkdir()
        (holiday / "beach1.bmp").write_bytes(BMP)
        examination = examine(small)
        assert "unusable" in {finding.severity for finding in about(examination, "holiday")}
        assert len(examination.clips) == 3

    def test_are_the_folders_below_micro_alone(self, small):
        """The release has non_micro beside it; Windows and macOS add files."""
        folder(small, ROWS[0]).with_name("Thumbs.db").write_bytes(b"")
        other = folder(small, ROWS[0]).parents[2] / "non_micro" / "negative" / "s01_ne_90"
        other.mkdir(parents=True)
        (other / "reg_image1.bmp").write_bytes(BMP)
        assert about(examine(small), "Thumbs") == about(examine(small), "s01_ne_90") == []
        assert [clip.name for clip in examine(small).clips] == [take.name for take in ROWS]

    def test_the_folder_of_an_emotion_may_have_another_case(self, small):
        before = examine(small).clips.clips
        negative = folder(small, ROWS[0]).parent
        negative.rename(negative.with_name("Negative"))
        after = examine(small).clips.clips
        assert [(clip.key, clip.emotion) for clip in after] == [(clip.key, clip.emotion) for clip in before]

    def test_the_folder_micro_may_have_another_case(self, small):
        micro = folder(small, ROWS[0]).parent.parent
        micro.rename(micro.with_name("Micro"))
        assert len(examine(small).clips) == 3

    def test_subjects_that_are_nearly_right_are_named_with_the_rename(self, small):
        hs = small / "SMIC_all_cropped" / "HS"
        for name in ("s01", "s20"):
            (hs / name).rename(hs / name.replace("s", "sub"))
        with pytest.raises(MerlabError, match=r"in .*HS, rename sub01 to s01, sub20 to s20"):
            examine(small)

    def test_a_clip_numbered_from_0_is_unusable_and_the_others_are_kept(self, small):
        frames = sorted(folder(small, ROWS[0]).iterdir())
        for number, path in enumerate(frames):
            path.rename(path.with_name(f"reg_image{number}.bmp"))
        examination = examine(small)
        finding = only(examination, "s01_ne_01")
        assert (finding.severity, finding.found) == ("unusable", "frames 0..5")
        assert [clip.name for clip in examination.clips] == ["s01_sur_01", "s20_po_03"]

    def test_fewer_clips_than_published_differ_for_each_subject(self, small):
        differs = examine(small).of("differs")
        findings = {finding.where: finding.found for finding in differs}
        assert sum(finding.where == "HS" for finding in differs) == 1
        assert findings["HS, s01"] == "2 clips"
        assert findings["HS, subjects"].startswith("no clips of 14 of them: s02, s03, s04, ")
        assert findings["HS"] == "negative 1, positive 1, surprise 1"


class TestLongVideos:
    @pytest.mark.slow
    def test_are_given_with_the_second_movements_of_some_rows(self, tmp_path):
        read = find_database("smic").videos(write_long(tmp_path))  # type: ignore[misc]
        assert len(read.videos) == 164 - 5
        two = next(video for video in read.videos if padded(video.name) in WITH_SECOND)
        first = next(take for take in takes() if take.name == padded(two.name))
        assert [(event.onset, event.offset) for event in two.events] == [
            (first.onset, first.offset),
            (first.offset + 9, first.offset + 12),
        ]
        assert read.kinds == {"micro": 164 - 5 - 2 + len(WITH_SECOND)}

    def test_are_given_with_the_third_movement_of_a_row(self, tmp_path):
        """The annotation of 2019 has the columns Onset3F and Offset3F, after those of a second movement."""
        header = "Subject,Filename,,OnsetF,OffsetF,Onset2F,Offset2F,Onset3F,Offset3F,,FirstF,LastF,Emotion"
        rows = ("1,s1_ne_01,,11,14,21,24,31,34,,1,40,negative", "1,s1_ne_02,,11,14,,,,,,1,40,negative")
        (tmp_path / "SMIC-HS-E_annotation_2019.csv").write_text("\n".join((header, *rows)))
        for name in ("s1_ne_01", "s1_ne_02"):
            write_images(tmp_path / "SMIC_HS_E" / "s01" / name, (f"image{n}.jpg" for n in range(1, 41)), JPEG)
        first, second = long_videos("smic", tmp_path).videos
        assert [(each.onset, each.offset) for each in first.events] == [(11, 14), (21, 24), (31, 34)]
        assert [(each.onset, each.offset) for each in second.events] == [(11, 14)]
        assert examine(tmp_path).facts["third onset coded"].startswith("in 1 row; a third movement")

    def test_of_one_name_in_two_spellings_are_refused(self, tmp_path):
        root = write_long(tmp_path, ROWS)
        write_images(root / "SMIC_HS_E" / "s01" / "s01_ne_01", ("image559740.jpg",), JPEG)
        with pytest.raises(MerlabError, match="s01 s01_ne_01: expected one folder or video per clip"):
            long_videos("smic", root)

    def test_of_single_clips_there_are_none(self, small):
        with pytest.raises(MerlabError, match="no long videos of SMIC: searched for folders such as SMIC_HS_E"):
            find_database("smic").videos(small)  # type: ignore[misc]

    @pytest.mark.slow
    def test_the_table_alone_is_examined_without_them(self, tmp_path):
        write_long(tmp_path)
        examination = find_database("smic").examine_table(tmp_path)  # type: ignore[misc]
        assert examination.facts["micro-expressions"].startswith("162 of 16 subjects")

    @pytest.mark.slow
    def test_take_onset_and_offset_from_the_table_and_lack_five_folders_and_two_rows(self, tmp_path):
        examination = examine(write_long(tmp_path), deep=True)
        assert len(examination.clips) == 164 - 5 - 2
        assert {finding.severity for finding in examination.findings} == {"handled"}
        assert len(examination.findings) == 5 + 2
        by_name = {take.name: take for take in takes()}
        assert all(clip.onset == by_name[clip.name].onset for clip in examination.clips)

    def test_an_emotion_in_the_table_that_contradicts_the_name_of_the_clip_differs(self, tmp_path):
        write_long(tmp_path, ROWS)
        edit_table(tmp_path / TABLE, "s1_ne_01", "Emotion", "positive")
        finding = only(examine(tmp_path), "s01 s01_ne_01")
        assert (finding.severity, finding.expected) == ("differs", "positive, as the table states")
        assert finding.found == "negative, by the folder s01/s1_ne_01"

    def test_the_sheet_of_the_camera_is_found_whatever_its_case_and_blanks(self, tmp_path):
        rename_sheet(write_long(tmp_path, ROWS), "hs ")
        assert len(examine(tmp_path).clips) == 3

    def test_a_sheet_of_another_name_is_refused_with_the_rename(self, tmp_path):
        rename_sheet(write_long(tmp_path, ROWS), "Sheet1")
        with pytest.raises(MerlabError, match="has no sheet HS; it has Sheet1, VIS; give the right sheet the name HS"):
            examine(tmp_path)

    def test_without_the_table_are_an_error(self, tmp_path):
        with pytest.raises(MerlabError, match=r"onset and offset from the annotation table .*SMIC-HS-E_annotation"):
            examine(write_long(tmp_path, ROWS, table=False))

    @pytest.mark.slow
    def test_the_number_of_rows_with_a_second_movement_is_reported(self, tmp_path):
        facts = examine(write_long(tmp_path)).facts
        assert facts["second onset coded"].startswith("in 2 rows; a second movement")

    def test_single_clips_are_preferred(self, small):
        write_long(small, ROWS, table=False)
        facts = examine(small).facts
        assert facts["layout"].startswith("single clips")
        assert "SMIC_HS_E" in facts["not read"]


class TestTheAnnotation:
    """The table of onsets, offsets and emotions, which long videos need."""

    def text(self, path, onset):
        path.write_text(
            f"Subject,Filename,OnsetF,OffsetF,Emotion\n1,s1_ne_01,{onset},559745,negative\n", encoding="utf-8"
        )
        return path

    @pytest.fixture
    def long(self, tmp_path):
        return write_long(tmp_path / "smic", ROWS[:1], table=False)

    def test_of_which_there_are_several_is_chosen_by_the_user(self, long):
        first, second = (self.text(long / f"SMIC annotation {onset}.csv", onset) for onset in (559740, 559742))
        with pytest.raises(MerlabError, match=r"several annotation tables: .* 559740.csv, .* 559742.csv; .*--table"):
            examine(long)
        for table, onset in ((first, 559740), (second, 559742)):
            examination = find_database("smic", table=table).examine(long, False, silent)
            assert [clip.onset for clip in examination.clips] == [onset]
            assert examination.tables == (table,)
            assert [video.events[0].onset for video in long_videos("smic", long, table=table).videos] == [onset]

    def test_as_a_text_is_that_of_the_camera_in_its_name_and_else_that_of_hs(self, long):
        self.text(long / "SMIC annotation.csv", 559740)
        self.text(long / "SMIC-VIS annotation.csv", 559742)
        assert [clip.onset for clip in examine(long).clips] == [559740]
        (long / "SMIC_HS_E").rename(long / "SMIC_VIS_E")
        assert [(clip.onset, clip.fps) for clip in examine(long).clips] == [(559742, 25.0)]

    def test_is_not_known_of_nir(self, tmp_path):
        root = write_single(tmp_path, ROWS, "NIR")
        assert examine(root).facts["coding table"] == "none; it is not needed"
        assert examine(root).tables == ()
        with pytest.raises(MerlabError, match="no annotation table of the camera NIR is known; leave --table out"):
            find_database("smic", table=root / TABLE).examine(root, False, silent)

    @pytest.mark.parametrize("name", ["SMIC-VIS annotation.csv", TABLE])
    def test_is_examined_alone_for_the_camera_that_it_has(self, tmp_path, name):
        table = write_annotation(tmp_path, ROWS, sheet="VIS")
        if name != TABLE:
            table = self.text(tmp_path / name, 559740)
        facts = find_database("smic").examine_table(table).facts  # type: ignore[misc]
        assert facts["camera"] == "VIS, 25 frames per second"
        assert facts["frames per second"].startswith("25 (")
        with pytest.raises(MerlabError, match="no annotation table of the camera NIR is known"):
            find_database("smic").examine_table(self.text(tmp_path / "SMIC-NIR annotation.csv", 1))  # type: ignore[misc]

    def test_is_examined_alone_if_it_is_the_only_one_or_the_file_is_given(self, tmp_path):
        alone = find_database("smic").examine_table
        assert alone is not None
        with pytest.raises(MerlabError, match=r"has not one annotation table of SMIC but none; choose it with --table"):
            alone(tmp_path)
        table = write_annotation(tmp_path, ROWS)
        for given in (tmp_path, table):
            assert alone(given).facts["rows"] == "3"
        self.text(tmp_path / "SMIC annotation.csv", 559740)
        with pytest.raises(MerlabError, match=r"but .*SMIC annotation\.csv, .*SMIC-HS-E_annotation_2019\.xlsx; choose"):
            alone(tmp_path)
        assert alone(table).facts["rows"] == "3"
        chosen = find_database("smic", table=table)
        assert (chosen.options, find_database("smic").options) == (("--table", str(table)), ())
        assert chosen.examine_table is not None
        assert chosen.examine_table(tmp_path).facts["rows"] == "3"


class TestClipsElsewhere:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("s01/micro/negative", "s01/micro/Neg"),
            ("s01/micro/negative", "s01/negative"),
            ("s01", "sub01"),
            ("s01/micro", "s01/s01/micro"),
        ],
    )
    def test_are_named_also_without_a_table(self, tmp_path, old, new):
        cropped = write_single(tmp_path, ROWS, table=False) / "SMIC_all_cropped" / "HS"
        before = len(examine(tmp_path).clips)
        (cropped / new).parent.mkdir(exist_ok=True)
        (cropped / old).rename(cropped / new)
        examination = examine(tmp_path)
        lost = before - len(examination.clips)
        (finding,) = [each for each in examination.findings if "elsewhere" in each.found]
        assert finding.found.startswith(f"{lost} clip")
        assert f"{cropped / new}" in finding.found

    def test_are_not_those_behind_a_link(self, tmp_path):
        cropped = write_single(tmp_path, ROWS, table=False) / "SMIC_all_cropped" / "HS"
        (cropped / "s01" / "again").symlink_to(cropped)
        assert not [each for each in examine(tmp_path).findings if "elsewhere" in each.found]


class TestCameras:
    def test_hs_is_preferred_and_the_other_cameras_are_named(self, small):
        for camera in ("VIS", "NIR"):
            write_single(small, ROWS[:2], camera, table=False)
        examination = examine(small)
        assert examination.facts["camera"].startswith("HS, 100 frames per second")
        assert ("VIS" in examination.facts["not read"], "NIR" in examination.facts["not read"]) == (True, True)
        assert {clip.fps for clip in examination.clips} == {100.0}

    @pytest.mark.parametrize("camera", ["VIS", "NIR"])
    def test_another_is_read_by_giving_its_folder(self, small, camera):
        write_single(small, ROWS[:2], camera, table=False)
        (small / TABLE).unlink()
        examination = examine(small / "SMIC_all_cropped" / camera)
        assert examination.facts["camera"].startswith(f"{camera}, 25 frames per second (by the folder {camera})")
        assert [(clip.name, clip.fps) for clip in examination.clips] == [("s01_ne_01", 25.0), ("s01_sur_01", 25.0)]

    @pytest.mark.parametrize(
        ("above", "camera", "fps"),
        [
            ("my VIS project", "HS", 100.0),
            ("HS/SMIC_VIS_NIR", "HS", 100.0),
            ("HS and all", "VIS", 25.0),
            ("VIS", "NIR", 25.0),
        ],
    )
    def test_the_closest_folder_that_names_one_camera_decides(self, tmp_path, above, camera, fps):
        root = tmp_path / above
        write_single(root, ROWS[:2], camera, table=False)
        for given in (tmp_path, root, root / "SMIC_all_cropped" / camera):
            assert {clip.fps for clip in examine(given).clips} == {fps}

    def test_the_name_of_a_symbolic_link_comes_before_the_names_behind_it(self, tmp_path):
        write_single(tmp_path / "disk of VIS", ROWS[:2], "clips", table=False)
        (tmp_path / "smic").mkdir()
        (tmp_path / "smic" / "HS").symlink_to(tmp_path / "disk of VIS" / "SMIC_all_cropped" / "clips")
        examination = examine(tmp_path / "smic")
        assert examination.facts["camera"] == "HS, 100 frames per second (by the folder HS)"

    def test_clips_that_are_too_long_for_the_camera_raise_a_doubt(self, tmp_path):
        write_single(tmp_path, [Take(1, "ne", 1, 559740, 559773)], "VIS", table=False)
        examination = examine(tmp_path)
        (finding,) = [each for each in examination.of("differs") if "half a second" in each.expected]
        # 34 frames are .34 s at the rate of HS, and 1.36 s at that of VIS.
        assert finding.found == "the middle one of all clips lasts 1.4 s at 25 frames per second"
        assert "1.4 s" in examination.facts["camera"]

    @pytest.mark.parametrize(("frames", "doubts"), [(60, 0), (61, 1)])
    def test_up_to_six_tenths_of_a_second_raise_none(self, tmp_path, frames, doubts):
        write_single(tmp_path, [Take(1, "ne", 1, 1, frames)], table=False)
        assert sum("half a second" in each.expected for each in examine(tmp_path).findings) == doubts

    def test_without_any_usable_clip_there_is_none(self, tmp_path):
        examination = examine(write_single(tmp_path, [Take(1, "ne", 1, 0, 5)], table=False))
        assert len(examination.clips) == 0
        assert not any("half a second" in each.expected for each in examination.findings)

    def test_of_nir_only_the_number_of_clips_is_known(self, tmp_path):
        write_single(tmp_path, ROWS[:2], "NIR", table=False)
        assert [(each.expected, each.found) for each in examine(tmp_path).of("differs")] == [("71 clips", "2 clips")]
        everything = [Take(1, "ne", number, 1, 2) for number in range(1, 72)]
        assert examine(write_single(tmp_path / "all", everything, "NIR", table=False)).of("differs") == []

    def test_a_name_above_the_root_does_not_decide(self, tmp_path):
        root = write_single(tmp_path / "VIS archive" / "faces", ROWS[:2], "clips", table=False)
        assert examine(root).facts["camera"].startswith("HS, 100 frames per second (assumed")
        assert examine(tmp_path).facts["camera"] == "VIS, 25 frames per second (by the folder VIS archive)"

    def test_without_a_camera_in_the_folder_names_hs_is_assumed_and_this_is_reported(self, tmp_path):
        root = write_single(tmp_path / "faces", ROWS, table=False)
        (root / "SMIC_all_cropped" / "HS").rename(root / "clips")
        assert "assumed: no folder is named" in examine(root).facts["camera"]


def test_a_folder_of_other_images_is_an_error_with_the_expected_layouts(tmp_path):
    (tmp_path / "beach1.jpg").write_bytes(BMP)
    with pytest.raises(MerlabError, match=r"no frames of SMIC: searched for .*micro/negative.*; give the folder that"):
        examine(tmp_path)


@pytest.mark.parametrize("read", ["examine", "videos", "examine_table"])
def test_a_folder_that_does_not_exist_is_named(tmp_path, read):
    smic = find_database("smic")
    given = (False, silent) if read == "examine" else ()
    with pytest.raises(MerlabError, match="gone does not exist"):
        getattr(smic, read)(tmp_path / "gone", *given)


def test_the_published_table_has_a_row_for_162_of_the_164_clips():
    rows = release_of(CAMERAS["HS"], LONG).table.clips_per_subject
    assert (sum(rows.values()), rows["s01"], rows["s02"], rows["s03"]) == (162, 5, 5, 39)


@pytest.mark.parametrize(("name", "expected"), [("s3_sur_2", "s03_sur_02"), ("holiday", "holiday")])
def test_names_are_padded(name, expected):
    assert padded(name) == expected


class TestSubjectsInSeveralFolders:
    """As where archives of a part of the subjects were unpacked beside each other."""

    @pytest.fixture(params=[write_single, write_long])
    def parts(self, request, tmp_path):
        root = request.param(tmp_path / "smic", ROWS)
        last = next(root.rglob("s20"))
        other = last.parents[1] / "HS, second part" / last.name
        other.parent.mkdir()
        last.rename(other)
        return root

    def test_are_read_together(self, parts):
        examination = examine(parts, deep=True)
        assert [clip.name for clip in examination.clips] == [take.name for take in ROWS]
        assert examination.of("unusable") == []
        assert examination.facts["camera"].startswith("HS, 100 frames per second (by the folder")
        assert "second part" in examination.facts["frames"]

    def test_of_another_camera_are_not_read_with_them(self, parts):
        write_single(parts / "VIS", [Take(2, "ne", 1, 1, 5)], "VIS", table=False)
        examination = examine(parts)
        assert [clip.name for clip in examination.clips] == [take.name for take in ROWS]
        assert examination.facts["not read"].startswith(f"{parts / 'VIS'}")

    def test_are_refused_if_both_have_a_clip_and_so_are_their_long_videos(self, tmp_path):
        write_long(tmp_path / "smic", ROWS)
        write_long(tmp_path / "smic" / "copy", ROWS, table=False)
        for read in (examine, lambda root: long_videos("smic", root)):
            with pytest.raises(MerlabError, match="give one of these folders as the root"):
                read(tmp_path / "smic")

    def test_give_the_long_videos_of_all_by_the_names_that_results_of_spotting_have(self, tmp_path):
        write_long(tmp_path / "smic", ROWS[:2])
        write_long(tmp_path / "smic" / "second part", ROWS[2:], table=False)
        (tmp_path / "smic" / TABLE).unlink()
        write_annotation(tmp_path / "smic", ROWS)
        videos = long_videos("smic", tmp_path / "smic").videos
        assert [video.name for video in videos] == [video.source.name for video in videos]
        assert [padded(video.name) for video in videos] == [take.name for take in ROWS]
