"""casme2: the coding table, the layouts, and every fault of a copy that ``merlab doctor`` must report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from merlab.alignment_record import RECORD
from merlab.clips import Clip
from merlab.databases.casme2 import CASME2
from merlab.errors import MerlabError
from merlab.json_files import write_json
from merlab.progress import silent
from tests.databases.casme2_release import (
    COLUMNS_2014,
    COLUMNS_2019,
    EMOTIONS_2014,
    JPEG,
    TABLE_2014,
    TABLE_2019,
    examine,
    published_rows,
    row,
    write_clip,
    write_release,
    write_video,
)
from tests.databases.release import about, image_bytes, only, replace_content, write_table

FRAMES = range(46, 87)
ROWS = (
    row("01", "EP02_01f", (46, 59, 86)),
    row("01", "EP03_02", (131, 161, 181), action_units="4+L10", emotion="others"),
    row("02", "EP01_11f", (9, 12, 15), action_units="?", emotion="Disgust "),
)


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The whole release with the table of 2014; tests do not change it."""
    return write_release(tmp_path_factory.mktemp("release"))


@pytest.fixture
def small(tmp_path):
    """Three clips of two subjects."""
    return write_release(tmp_path, rows=ROWS)


def clips_of(root: Path) -> dict[str, Clip]:
    return {clip.name: clip for clip in examine(root).clips}


def renumber(folder: Path, first: int) -> None:
    """Rename the frames 46 to 86 of a clip, so that they begin with ``first``."""
    aside = folder.rename(folder.with_name("aside"))
    folder.mkdir()
    for number in FRAMES:
        (aside / f"reg_img{number}.jpg").rename(folder / f"reg_img{number - 46 + first}.jpg")
    aside.rmdir()


def rewrite(
    root: Path, *rows: Mapping[str, Any], table: str = TABLE_2014, columns: Sequence[str | None] = COLUMNS_2014
) -> Path:
    return write_table(root / table, rows, columns)


class TestTheRelease:
    def test_every_coded_clip_is_usable_and_nothing_differs(self, release):
        examination = examine(release, deep=True)
        assert len(examination.clips) == 255
        assert {finding.severity for finding in examination.findings} == {"handled"}

    def test_the_handled_findings_are_the_documented_quirks(self, release):
        handled = {" ".join(finding.where.split()[:2]) for finding in examine(release).of("handled")}
        assert handled == {
            "sub03 EP01_2", "sub03 EP08_1", "sub04 EP12_01f", "sub05 EP09_05f", "sub05 EP16_04f", "sub07 EP06_01",
            "sub07 EP06_02_01", "sub07 EP06_02_02", "sub09 EP09f", "sub09 EP02_02f", "sub12 EP09_02", "sub12 EP09_06",
            "sub16 EP01_08", "sub20 EP16_01", "sub24 EP02_07", "sub25 EP18_04f",
        }  # fmt: skip

    def test_the_facts_state_which_table_and_which_frames_were_read(self, release):
        facts = examine(release).facts
        assert facts["table version"].startswith("2014")
        assert facts["coding table"].endswith(TABLE_2014)
        assert facts["layout"].startswith("Cropped")
        assert facts["frames"] == str(release / "Cropped")

    def test_the_clips_have_the_releases_frame_rate_and_origin(self, release):
        clips = examine(release).clips
        assert {clip.fps for clip in clips} == {200.0}
        assert {clip.database for clip in clips} == {"casme2"}
        assert clips.stamps == ()

    def test_the_clips_have_the_order_of_the_table(self, release):
        keys = [(clip.subject, clip.name) for clip in examine(release).clips]
        assert keys == sorted(keys)

    def test_the_missing_apex_becomes_the_midpoint(self, release):
        clip = next(clip for clip in examine(release).clips if (clip.subject, clip.name) == ("sub04", "EP12_01f"))
        assert (clip.onset, clip.apex, clip.offset, clip.apex_source) == (261, 291, 321, "midpoint")
        assert "no apex" in clip.note

    def test_an_apex_on_the_onset_becomes_the_midpoint(self, release):
        clip = next(clip for clip in examine(release).clips if (clip.subject, clip.name) == ("sub05", "EP09_05f"))
        assert (clip.apex, clip.apex_source) == (96, "midpoint")

    def test_an_apex_on_the_offset_is_kept_with_a_note(self, release):
        clip = next(clip for clip in examine(release).clips if (clip.subject, clip.name) == ("sub20", "EP16_01"))
        assert (clip.apex, clip.offset, clip.apex_source) == (24, 24, "annotated")
        assert "kept" in clip.note

    @pytest.mark.parametrize(
        ("subject", "name", "frames"),
        [("sub07", "EP06_01", (56, 89, 116)), ("sub12", "EP09_02", (161, 176, 206))],
    )
    def test_a_documented_range_replaces_a_coded_range_that_the_folder_lacks(self, release, subject, name, frames):
        clip = next(clip for clip in examine(release).clips if (clip.subject, clip.name) == (subject, name))
        assert (clip.onset, clip.apex, clip.offset) == frames
        assert clip.apex_source == "corrected"

    def test_an_offset_beyond_the_last_frame_becomes_the_last_frame(self, release):
        clip = next(clip for clip in examine(release).clips if (clip.subject, clip.name) == ("sub16", "EP01_08"))
        assert (clip.onset, clip.offset, clip.apex_source) == (73, 96, "annotated")

    def test_the_table_of_2019_is_recognized_by_its_counts(self, tmp_path):
        facts = examine(write_release(tmp_path, "2019")).facts
        assert facts["table version"].startswith("2019")
        assert "surprise 28" in facts["emotions"]
        assert facts["objective classes"] == "I 255 (the published counts for the table of 2019 are not known)"

    def test_of_both_tables_that_of_2019_is_read_and_this_is_reported(self, tmp_path):
        write_table(tmp_path / TABLE_2014, published_rows("2014"), COLUMNS_2014)
        write_table(tmp_path / TABLE_2019, published_rows("2019"), COLUMNS_2019)
        facts = examine(tmp_path).facts
        assert facts["coding table"].endswith(TABLE_2019)
        assert TABLE_2014 in facts["tables not read"]

    def test_the_registry_entry_examines_the_release(self, release):
        assert CASME2.name == "casme2"
        assert len(CASME2.examine(release, False, silent).clips) == 255


class TestTheCodingTable:
    @pytest.mark.parametrize("subject", ["01", 1, 1.0, "sub01", "Sub01", " 01 "])
    def test_a_subject_may_be_text_or_a_number(self, tmp_path, subject):
        rewrite(tmp_path, row(subject))
        write_clip(tmp_path / "Cropped", "01", "EP02_01f", FRAMES)
        assert [clip.subject for clip in examine(tmp_path).clips] == ["sub01"]

    @pytest.mark.parametrize(
        ("cell", "text"), [(4, "4"), ("4", "4"), (4.0, "4"), ("4+L10", "4+L10"), ("?", "?"), (None, "")]
    )
    def test_action_units_may_be_text_or_a_number(self, tmp_path, cell, text):
        rewrite(tmp_path, row(action_units=cell))
        write_clip(tmp_path / "Cropped", "01", "EP02_01f", FRAMES)
        assert [clip.action_units for clip in examine(tmp_path).clips] == [text]

    def test_emotions_are_lower_case_without_blanks(self, small):
        assert clips_of(small)["EP01_11f"].emotion == "disgust"

    def test_columns_are_found_by_name_in_any_order(self, small):
        rewrite(small, *ROWS, columns=[name for name in reversed(COLUMNS_2014) if name])
        assert len(clips_of(small)) == 3

    def test_a_column_name_may_hold_a_blank(self, small):
        spaced = [name and name.replace("Frame", " frame") for name in COLUMNS_2014]
        renamed = [{(key or "").replace("Frame", " frame"): value for key, value in cells.items()} for cells in ROWS]
        write_table(small / TABLE_2014, renamed, spaced)
        assert len(clips_of(small)) == 3

    def test_empty_rows_are_skipped(self, small):
        rewrite(small, ROWS[0], {}, ROWS[1], {}, ROWS[2])
        examination = examine(small)
        assert examination.facts["rows"] == "3"
        assert len(examination.clips) == 3

    @pytest.mark.parametrize("cell", ["/", None, "", " "])
    def test_an_empty_apex_is_filled_in_any_clip_and_differs_if_it_is_not_documented(self, small, cell):
        rewrite(small, row(frames=(46, cell, 86)), *ROWS[1:])
        clip = clips_of(small)["EP02_01f"]
        assert (clip.apex, clip.apex_source) == (66, "midpoint")
        assert only(examine(small), "EP02_01f").severity == "differs"

    def test_a_midpoint_is_never_the_onset(self, small):
        rewrite(small, row(frames=(46, 46, 47)), *ROWS[1:])
        assert clips_of(small)["EP02_01f"].apex == 47

    @pytest.mark.parametrize(
        "column", ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Estimated Emotion"]
    )
    def test_a_missing_column_is_an_error_with_the_columns_found_and_wanted(self, small, column):
        rewrite(small, *ROWS, columns=[name for name in COLUMNS_2014 if name != column])
        with pytest.raises(
            MerlabError, match=rf"lacks the columns {column}; found .*Action Units.*, wanted .*{column}"
        ):
            examine(small)

    def test_without_action_units_the_clips_are_usable_and_this_is_reported(self, small):
        rewrite(small, *ROWS, columns=[name for name in COLUMNS_2014 if name != "Action Units"])
        examination = examine(small)
        assert [clip.action_units for clip in examination.clips] == ["", "", ""]
        assert any("Action Units" in finding.expected for finding in examination.of("differs"))

    @pytest.mark.parametrize("content", [b"", b"Subject,Filename\n01,EP02_01f\n", b"PK\x03\x04 cut short"])
    def test_a_table_that_is_not_a_workbook_is_named(self, small, content):
        (small / TABLE_2014).write_bytes(content)
        with pytest.raises(MerlabError, match=rf"{TABLE_2014} cannot be read as an Excel workbook"):
            examine(small)

    def test_a_table_without_cells_is_named(self, small):
        write_table(small / TABLE_2014, [], [])
        with pytest.raises(MerlabError, match="only empty sheets"):
            examine(small)

    def test_a_table_without_rows_is_named(self, small):
        rewrite(small)
        with pytest.raises(MerlabError, match="no rows"):
            examine(small)

    def test_the_lock_file_of_excel_is_ignored(self, small):
        (small / f"~${TABLE_2014}").write_bytes(b"lock")
        assert len(examine(small).clips) == 3

    def test_two_copies_of_one_table_are_one_table(self, small):
        (small / "docs").mkdir()
        (small / "docs" / TABLE_2014).write_bytes((small / TABLE_2014).read_bytes())
        assert len(examine(small).clips) == 3

    def test_two_different_tables_of_one_version_are_an_error(self, small):
        rewrite(small, *ROWS[:2], table="my-coding.xlsx")
        with pytest.raises(MerlabError, match=rf"several different coding tables: .*{TABLE_2014}.*; .*--table FILE"):
            examine(small)


class TestRowsWithFaults:
    @pytest.mark.parametrize(
        ("cells", "expected", "found"),
        [
            ({"Subject": None}, "a subject such as 01", "''"),
            ({"Subject": "nobody"}, "a subject such as 01", "'nobody'"),
            ({"Filename": None}, "a clip name", "''"),
            ({"Filename": "../EP02_01f"}, "a clip name", "'../EP02_01f'"),
            ({"Filename": ".."}, "a clip name", "'..'"),
            ({"OnsetFrame": None}, "column OnsetFrame", "''"),
            ({"OnsetFrame": "/"}, "column OnsetFrame", "'/'"),
            ({"OnsetFrame": 0}, "column OnsetFrame", "'0'"),
            ({"OnsetFrame": -4}, "column OnsetFrame", "'-4'"),
            ({"ApexFrame": "59?"}, "column ApexFrame", "'59?'"),
            ({"OffsetFrame": 86.5}, "column OffsetFrame", "'86.5'"),
            ({"OnsetFrame": "#REF!"}, "column OnsetFrame", "'#REF!'"),
            ({"ApexFrame": "#N/A"}, "column ApexFrame", "'#N/A'"),
            ({"OffsetFrame": 1e308}, "column OffsetFrame", repr(str(int(1e308))[:40] + "...")),
            ({"Estimated Emotion": "#NAME?"}, "column Estimated Emotion", "'#NAME?'"),
            ({"OnsetFrame": 87}, "onset <= apex <= offset", "onset 87, apex 59, offset 86"),
            ({"ApexFrame": 90}, "onset <= apex <= offset", "onset 46, apex 90, offset 86"),
            ({"ApexFrame": 45}, "onset <= apex <= offset", "onset 46, apex 45, offset 86"),
            ({"ApexFrame": "/", "OffsetFrame": 40}, "onset <= apex <= offset", "onset 46, apex none, offset 40"),
            ({"ApexFrame": 46, "OffsetFrame": 46}, "onset < offset", "onset 46, apex 46, offset 46"),
        ],
    )
    def test_a_row_that_breaks_a_rule_is_named_and_its_clip_left_out(self, small, cells, expected, found):
        rewrite(small, {**ROWS[0], **cells}, *ROWS[1:])
        examination = examine(small)
        (finding,) = examination.of("unusable")
        assert "row 2" in finding.where
        assert expected in finding.expected
        assert finding.found == found
        assert [clip.name for clip in examination.clips] == ["EP03_02", "EP01_11f"]

    @pytest.mark.parametrize(
        "cell", ["#REF!", "#N/A", 1e308, -4, 4.5, 0, "happiness", "2014-10-11 00:00:00", "4-Oct", "4+123"]
    )
    def test_a_cell_that_is_not_action_units_differs_and_is_left_empty(self, small, cell):
        rewrite(small, {**ROWS[0], "Action Units": cell}, *ROWS[1:])
        examination = examine(small)
        finding = only(examination, "EP02_01f")
        assert (finding.severity, "Action Units" in finding.expected) == ("differs", True)
        assert [clip.action_units for clip in examination.clips] == ["", "4+L10", "?"]

    # Cells of the real tables of CASME II and SAMM.
    @pytest.mark.parametrize(
        "cell",
        ["R1+R2", "4D+9B", "T23", "B18", "(R6 or R12)+R15", "L12 or L14", "10A/B", "ref(43)", "12+15", "soft focus"],
    )
    def test_every_spelling_of_action_units_in_the_real_tables_is_kept(self, small, cell):
        rewrite(small, {**ROWS[0], "Action Units": cell}, *ROWS[1:])
        assert clips_of(small)["EP02_01f"].action_units == cell
        assert about(examine(small), "EP02_01f") == []

    def test_every_faulty_row_is_named(self, small):
        rewrite(small, row(frames=(46, 59, "x")), row("01", None), row("99x"))
        assert [finding.where.split("row ")[1].rstrip(")") for finding in examine(small).of("unusable")] == [
            "2",
            "3",
            "4",
        ]

    def test_a_row_equal_to_another_counts_once(self, small):
        rewrite(small, *ROWS, ROWS[0])
        examination = examine(small)
        assert len(examination.clips) == 3
        assert only(examination, "EP02_01f").severity == "differs"
        assert "rows 2, 5" in only(examination, "EP02_01f").found

    def test_rows_that_contradict_each_other_make_the_clip_unusable(self, small):
        rewrite(small, *ROWS, {**ROWS[0], "ApexFrame": 60})
        examination = examine(small)
        assert only(examination, "EP02_01f").severity == "unusable"
        assert "EP02_01f" not in {clip.name for clip in examination.clips}

    def test_an_unknown_emotion_differs_and_the_closest_one_is_suggested(self, small):
        rewrite(small, {**ROWS[0], "Estimated Emotion": "hapiness"}, *ROWS[1:])
        finding = only(examine(small), "EP02_01f")
        assert (finding.severity, finding.found) == ("differs", "'hapiness'")
        assert "correct it to happiness" in finding.remedy

    def test_an_unusual_name_that_is_not_documented_differs(self, small):
        rewrite(small, row(clip="EP2-1"), *ROWS[1:])
        write_clip(small / "Cropped", "01", "EP2-1", FRAMES)
        assert "differs" in {finding.severity for finding in about(examine(small), "EP2-1")}

    def test_counts_other_than_the_published_ones_differ(self, small):
        findings = {finding.where: finding for finding in examine(small).of("differs")}
        assert (findings[TABLE_2014].expected.startswith("emotions"), findings[TABLE_2014].found) == (
            True,
            "disgust 1, happiness 1, others 1",
        )
        assert findings[f"{TABLE_2014}, sub01"].expected == "9 rows"
        # 24 subjects have no row: one finding, not 24.
        absent = findings[f"{TABLE_2014}, subjects"]
        assert (absent.expected, absent.found[:36]) == ("rows of 26 subjects", "no rows of 24 of them: sub03, sub04,")

    @pytest.mark.slow
    def test_one_changed_label_is_noticed_in_a_full_table(self, tmp_path):
        rows = published_rows("2014")
        changed = next(cells for cells in rows if cells["Estimated Emotion"] == "others")
        changed["Estimated Emotion"] = "disgust"
        (finding,) = examine(write_release(tmp_path, rows=rows)).of("differs")[:1]
        assert "others 99, disgust 63" in finding.expected
        assert "others 98, disgust 64" in finding.found


class TestLayouts:
    def test_renamed_top_folders_are_found_by_their_content(self, small):
        (small / "Cropped").rename(small / "my faces (aligned)")
        examination = examine(small)
        assert len(examination.clips) == 3
        assert examination.facts["layout"].startswith("Cropped")

    def test_nested_folders_are_found(self, small):
        (small / "Cropped-updated").mkdir()
        (small / "Cropped").rename(small / "Cropped-updated" / "Cropped")
        assert len(examine(small).clips) == 3

    @pytest.mark.parametrize("place", [".", "..", "../.."])
    def test_the_root_may_be_the_folder_of_subjects_with_the_table_in_it_beside_it_or_one_level_up(self, small, place):
        nested = small / "frames" / "Cropped"
        nested.parent.mkdir()
        (small / "Cropped").rename(nested)
        (small / TABLE_2014).rename(nested / place / TABLE_2014)
        assert len(examine(nested).clips) == 3

    def test_the_selection_of_raw_frames_is_recognized(self, tmp_path):
        rewrite(tmp_path, ROWS[0])
        write_clip(tmp_path / "CASME2_RAW_selected", "01", "EP02_01f", FRAMES, "img{}.jpg")
        examination = examine(tmp_path)
        assert examination.facts["layout"].startswith("CASME2_RAW_selected")
        assert len(examination.clips) == 1

    def test_whole_clips_are_recognized_by_frame_1(self, tmp_path):
        rewrite(tmp_path, ROWS[0])
        write_clip(tmp_path / "raw", "01", "EP02_01f", range(1, 121), "img{}.jpg")
        examination = examine(tmp_path)
        assert examination.facts["layout"].startswith("CASME2-RAW")
        assert [(clip.onset, clip.offset) for clip in examination.clips] == [(46, 86)]

    def test_in_whole_clips_the_coded_range_is_used_and_the_documented_one_is_reported(self, tmp_path):
        rewrite(tmp_path, row("07", "EP06_01", (15, 49, 68)))
        write_clip(tmp_path / "raw", "07", "EP06_01", range(1, 121), "img{}.jpg")
        examination = examine(tmp_path)
        assert [(clip.onset, clip.apex, clip.offset) for clip in examination.clips] == [(15, 49, 68)]
        finding = only(examination, "EP06_01")
        assert (finding.severity, finding.expected[:12]) == ("differs", "56, 89, 116,")

    def test_videos_are_whole_clips_numbered_from_1(self, tmp_path):
        rewrite(tmp_path, row(frames=(3, 5, 8)))
        write_video(tmp_path / "CASME2_compressed" / "sub01" / "EP02_01f.avi", 10)
        examination = examine(tmp_path, deep=True)
        assert examination.facts["layout"].startswith("CASME2_compressed")
        (clip,) = examination.clips
        assert list(examination.clips.frames(clip).numbers) == list(range(1, 11))

    @pytest.mark.parametrize("deep", [False, True])
    def test_a_video_that_ends_before_the_apex_is_unusable(self, tmp_path, deep):
        rewrite(tmp_path, row(frames=(3, 50, 80)))
        write_video(tmp_path / "CASME2_compressed" / "sub01" / "EP02_01f.avi", 10)
        examination = examine(tmp_path, deep=deep)
        assert "apex 50" in only(examination, "EP02_01f").found
        assert len(examination.clips) == 0

    @pytest.mark.parametrize("deep", [False, True])
    def test_a_video_of_the_movement_alone_is_unusable_because_its_frames_are_others(self, tmp_path, deep):
        rewrite(tmp_path, row(frames=(3, 5, 12)))
        write_video(tmp_path / "CASME2_compressed" / "sub01" / "EP02_01f.avi", 10)
        (finding,) = examine(tmp_path, deep=deep).of("unusable")
        assert finding.remedy.startswith("the video seems to hold the movement alone; copy the video of the whole clip")

    @pytest.mark.parametrize("deep", [False, True])
    def test_a_damaged_video_is_unusable(self, tmp_path, deep):
        rewrite(tmp_path, row(frames=(3, 5, 8)))
        folder = tmp_path / "CASME2_compressed" / "sub01"
        folder.mkdir(parents=True)
        (folder / "EP02_01f.avi").write_bytes(b"no video")
        finding = only(examine(tmp_path, deep=deep), "EP02_01f")
        assert (finding.severity, "EP02_01f.avi" in finding.found) == ("unusable", True)

    def test_cropped_faces_are_preferred_and_the_other_layouts_are_named(self, small):
        write_clip(small / "CASME2_RAW_selected", "01", "EP02_01f", FRAMES, "img{}.jpg")
        write_video(small / "CASME2_compressed" / "sub01" / "EP02_01f.avi", 90)
        facts = examine(small).facts
        assert facts["frames"].endswith("Cropped")
        assert "CASME2_RAW_selected" in facts["not read"]
        assert "CASME2_compressed" in facts["not read"]

    def test_folders_of_subjects_without_frames_are_not_a_layout(self, small):
        (small / "truth" / "sub01").mkdir(parents=True)
        (small / "truth" / "sub01" / "EP02_01f.npz").touch()
        assert "not read" not in examine(small).facts

    def test_another_layout_is_chosen_by_giving_its_folder(self, small):
        write_clip(small / "CASME2_RAW_selected", "01", "EP02_01f", FRAMES, "img{}.jpg")
        examination = examine(small / "CASME2_RAW_selected")
        assert [clip.source.name for clip in examination.clips] == ["EP02_01f"]
        assert examination.facts["layout"].startswith("CASME2_RAW_selected")

    def test_two_folders_of_cropped_faces_are_an_error(self, small):
        write_clip(small / "Cropped2", "01", "EP02_01f", FRAMES)
        with pytest.raises(MerlabError, match=r"more than once: .*Cropped.*Cropped2.* give one of these folders"):
            examine(small)

    def test_symbolic_links_are_followed_and_loops_are_not(self, small, tmp_path_factory):
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        before = {clip.key for clip in examine(small).clips}
        (small / "Cropped").rename(elsewhere / "Cropped")
        (small / "faces").symlink_to(elsewhere, target_is_directory=True)
        (elsewhere / "again").symlink_to(small, target_is_directory=True)
        (small / "itself").symlink_to(small / "itself")
        (small / "above").symlink_to(small.parent, target_is_directory=True)
        examination = examine(small)
        assert {clip.key for clip in examination.clips} == before
        assert examination.facts["frames"] == str(small / "faces" / "Cropped")

    @pytest.mark.parametrize(
        ("function", "top", "name"),
        [("examine", "Cropped", "reg_img{}.jpg"), ("examine_heads", "CASME2_RAW_selected", "img{}.jpg")],
    )
    def test_behind_a_link_into_synthetic_faces_carry_their_stamp(self, tmp_path, function, top, name):
        rewrite(tmp_path / "mine", ROWS[0])
        write_clip(tmp_path / "made" / top, "01", "EP02_01f", FRAMES, name)
        (tmp_path / "mine" / top).symlink_to(tmp_path / "made" / top, target_is_directory=True)
        assert CASME2.examined(function, tmp_path / "mine", False, silent).clips.stamps == ()
        (tmp_path / "made" / "SYNTHETIC_manifest.json").touch()
        assert CASME2.examined(function, tmp_path / "mine", False, silent).clips.stamps == ("SYNTHETIC",)

    def test_behind_a_link_into_faces_that_merlab_aligned_carry_their_stamps(self, tmp_path):
        """As evaluate stamps them; the manifest of all these faces is not found from the link."""
        rewrite(tmp_path / "mine", ROWS[0])
        clip = write_clip(tmp_path / "made" / "Cropped", "01", "EP02_01f", FRAMES)
        write_json(clip / RECORD, {"stamps": ["SYNTHETIC", "FIVE POINTS"]})
        (tmp_path / "mine" / "Cropped").symlink_to(tmp_path / "made" / "Cropped", target_is_directory=True)
        stamps = CASME2.examined("examine", tmp_path / "mine", False, silent).clips.stamps
        assert set(stamps) == {"SYNTHETIC", "FIVE POINTS"}
        (clip / RECORD).write_text("{")
        with pytest.raises(MerlabError, match=r"alignment\.json is not valid JSON .*; make the aligned faces again"):
            CASME2.examined("examine", tmp_path / "mine", False, silent)

    def test_links_to_the_clips_of_another_folder_are_the_same_clips(self, small):
        for subject in ("sub01", "sub02"):
            (small / "links").mkdir(exist_ok=True)
            (small / "links" / subject).symlink_to(small / "Cropped" / subject, target_is_directory=True)
        examination = examine(small)
        assert len(examination.clips) == 3
        assert "not read" not in examination.facts

    @pytest.mark.parametrize("names", [("sub1", "sub2"), ("s01", "s02"), ("01", "02"), ("1", "2")])
    def test_folders_of_subjects_that_are_nearly_right_are_named_with_the_rename(self, small, names):
        for number, name in enumerate(names, start=1):
            (small / "Cropped" / f"sub0{number}").rename(small / "Cropped" / name)
        (finding,) = examine(small).of("unusable")
        assert (finding.where, finding.found) == (str(small / "Cropped"), ", ".join(names))
        assert finding.remedy == f"rename {names[0]} to sub01, {names[1]} to sub02"

    @pytest.mark.parametrize("name", ["sub1", "s01", "01", "1"])
    def test_one_subject_that_is_nearly_right_is_named_with_the_rename(self, small, name):
        (small / "Cropped" / "sub01").rename(small / "Cropped" / name)
        examination = examine(small)
        (missing,) = examination.of("unusable")
        assert (missing.where, missing.remedy) == ("sub01", f"rename {name} to sub01")
        (unknown,) = (finding for finding in examination.findings if finding.where == name)
        assert "rename it to sub01" in unknown.remedy

    def test_frames_are_ordered_by_number_not_by_name(self, tmp_path):
        rewrite(tmp_path, row(frames=(8, 10, 12)))
        write_clip(tmp_path / "Cropped", "01", "EP02_01f", range(8, 13))
        table = examine(tmp_path).clips
        assert list(table.frames(table.clips[0]).numbers) == [8, 9, 10, 11, 12]

    def test_a_table_without_frames_is_one_finding(self, tmp_path):
        rewrite(tmp_path, *ROWS)
        examination = examine(tmp_path)
        (finding,) = examination.of("unusable")
        assert "sub01, sub02" in finding.expected
        assert finding.found == "no such folders with frames"
        assert len(examination.clips) == 0

    def test_a_folder_of_other_images_is_an_error_that_names_the_expected_table(self, tmp_path):
        (tmp_path / "beach1.jpg").write_bytes(JPEG)
        with pytest.raises(MerlabError, match=r"no coding table: searched .*\*coding\* .*CASME2-coding-20140508"):
            examine(tmp_path)

    def test_a_folder_that_does_not_exist_is_an_error(self, tmp_path):
        with pytest.raises(MerlabError, match="nowhere does not exist"):
            examine(tmp_path / "nowhere")


class TestFoldersWithFaults:
    def test_a_missing_clip_folder_makes_its_clip_unusable(self, small):
        (small / "Cropped" / "sub01" / "EP02_01f").rename(small / "elsewhere")
        examination = examine(small)
        finding = only(examination, "EP02_01f")
        assert (finding.severity, finding.where) == ("unusable", "sub01 EP02_01f (row 2)")
        assert "copy" in finding.remedy
        assert len(examination.clips) == 2

    @pytest.mark.parametrize("name", ["ep02_01F", "EP02-01f", "EP02_1f"])
    def test_for_a_renamed_folder_the_remedy_is_to_rename_it(self, small, name):
        (small / "Cropped" / "sub01" / "EP02_01f").rename(small / "Cropped" / "sub01" / name)
        examination = examine(small)
        assert only(examination, "EP02_01f").remedy.startswith(f"rename {name} to EP02_01f")
        assert (only(examination, name).severity, "EP02_01f" in only(examination, name).remedy) == ("differs", True)

    def test_a_missing_subject_is_one_finding(self, small):
        (small / "Cropped" / "sub01").rename(small / "Cropped" / "s1")
        examination = examine(small)
        (finding,) = examination.of("unusable")
        assert (finding.where, "2 clips" in finding.expected) == ("sub01", True)
        assert [clip.name for clip in examination.clips] == ["EP01_11f"]

    def test_a_subject_folder_in_another_case_is_the_subject(self, small):
        (small / "Cropped" / "sub01").rename(small / "Cropped" / "Sub01")
        assert len(examine(small).clips) == 3

    def test_an_undocumented_folder_without_a_row_differs(self, small):
        write_clip(small / "Cropped", "02", "EP19_03", range(1, 5))
        finding = only(examine(small), "EP19_03")
        assert (finding.severity, finding.found) == ("differs", "a folder without a row")

    def test_an_empty_folder_is_unusable(self, small):
        for path in (small / "Cropped" / "sub01" / "EP02_01f").iterdir():
            path.unlink()
        finding = only(examine(small), "EP02_01f")
        assert (finding.severity, finding.found.startswith("no frames")) == ("unusable", True)

    def test_a_video_in_the_folder_of_its_clip_takes_its_place(self, small):
        folder = small / "Cropped" / "sub01" / "EP02_01f"
        for path in folder.iterdir():
            path.unlink()
        (folder / "EP02_01f.avi").write_bytes(b"RIFF")
        remedy = only(examine(small), "EP02_01f").remedy
        assert remedy.startswith("if EP02_01f.avi is the clip, put it in the place of this folder; otherwise copy")

    def test_a_folder_of_files_of_another_format_names_those_that_are_read(self, small):
        for path in (small / "Cropped" / "sub01" / "EP02_01f").iterdir():
            path.rename(path.with_suffix(".webp"))
        remedy = only(examine(small), "EP02_01f").remedy
        assert remedy.startswith("if reg_img46.webp is one of its frames, write them as files of .jpg, .jpeg, .png")

    @pytest.mark.parametrize(("number", "role"), [(46, "onset 46"), (59, "apex 59"), (60, "absent: 60")])
    def test_a_missing_frame_is_named(self, small, number, role):
        (small / "Cropped" / "sub01" / "EP02_01f" / f"reg_img{number}.jpg").unlink()
        examination = examine(small)
        finding = only(examination, "EP02_01f")
        assert (finding.severity, role in finding.found) == ("unusable", True)
        assert len(examination.clips) == 2

    def test_of_many_missing_frames_onset_and_apex_are_always_named(self, small):
        for number in range(46, 80):
            (small / "Cropped" / "sub01" / "EP02_01f" / f"reg_img{number}.jpg").unlink()
        found = only(examine(small), "EP02_01f").found
        assert found == "frames 80..86; absent: onset 46, 47, 48, 49, apex 59 and 29 more"

    @pytest.mark.parametrize(
        ("first", "found", "remedy"),
        [
            (45, "frames 45..85", "renumbered from 45; rename them to their original numbers: +1 "),
            (1, "frames 1..41", "renumbered from 1; rename them to their original numbers: +45 "),
            (0, "frames 0..40", "renumbered from 0; rename them to their original numbers: +46 "),
            (60, "frames 60..100", "renumbered from 60; rename them to their original numbers: -14 "),
        ],
    )
    def test_as_many_frames_as_coded_in_another_range_are_unusable(self, small, first, found, remedy):
        renumber(small / "Cropped" / "sub01" / "EP02_01f", first)
        examination = examine(small)
        finding = only(examination, "EP02_01f")
        assert (finding.severity, finding.expected[:15], finding.found) == ("unusable", "frames 46 to 86", found)
        assert remedy in finding.remedy
        assert len(examination.clips) == 2

    @pytest.mark.parametrize("first", [45, 40, 20])
    def test_frames_that_begin_before_the_onset_and_end_before_the_offset_are_not_shortened(self, small, first):
        folder = small / "Cropped" / "sub01" / "EP02_01f"
        renumber(folder, first)
        (folder / f"reg_img{first + 40}.jpg").unlink()
        assert only(examine(small), "EP02_01f").severity == "unusable"

    def test_frames_from_1_that_end_before_the_offset_are_not_shortened(self, tmp_path):
        rewrite(tmp_path, row(frames=(9, 20, 49)))
        write_clip(tmp_path / "Cropped", "01", "EP02_01f", range(1, 41))
        assert only(examine(tmp_path), "EP02_01f").severity == "unusable"

    def test_a_whole_clip_numbered_from_0_is_unusable(self, tmp_path):
        rewrite(tmp_path, ROWS[0])
        write_clip(tmp_path / "raw", "01", "EP02_01f", range(120), "img{}.jpg")
        finding = only(examine(tmp_path), "EP02_01f")
        assert (finding.severity, finding.found) == ("unusable", "frames 0..119")
        assert "+1 for every file" in finding.remedy

    def test_a_clip_whose_frames_end_between_apex_and_offset_is_shortened_and_differs(self, small):
        for number in (84, 85, 86):
            (small / "Cropped" / "sub01" / "EP02_01f" / f"reg_img{number}.jpg").unlink()
        examination = examine(small)
        assert clips_of(small)["EP02_01f"].offset == 83
        assert only(examination, "EP02_01f").severity == "differs"

    def test_two_frames_with_the_same_number_make_the_clip_unusable(self, small):
        (small / "Cropped" / "sub01" / "EP02_01f" / "img46.jpg").write_bytes(JPEG)
        finding = only(examine(small), "EP02_01f")
        assert (finding.severity, "same frame number" in finding.found) == ("unusable", True)

    def test_other_files_are_not_frames(self, small):
        folder = small / "Cropped" / "sub01" / "EP02_01f"
        for name in ("Thumbs.db", "._reg_img46.jpg", "notes.txt", "reg_img46 (1).jpg"):
            (folder / name).write_bytes(b"x")
        assert about(examine(small, deep=True), "EP02_01f") == []

    def test_a_folder_in_place_of_a_frame_is_a_missing_frame(self, small):
        frame = small / "Cropped" / "sub01" / "EP02_01f" / "reg_img60.jpg"
        frame.unlink()
        frame.mkdir()
        assert "1 missing between: 60" in only(examine(small), "EP02_01f").found

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "empty"),
            (JPEG[: len(JPEG) // 2], "truncated"),
            (b"this is a text", "not an image"),
        ],
    )
    def test_a_damaged_frame_is_found_only_by_the_deep_examination(self, small, content, message):
        replace_content(small / "Cropped" / "sub01" / "EP02_01f" / "reg_img60.jpg", content)
        assert about(examine(small), "EP02_01f") == []
        examination = examine(small, deep=True)
        finding = only(examination, "EP02_01f")
        assert finding.severity == "unusable"
        assert "reg_img60.jpg" in finding.found
        assert message in finding.found
        assert len(examination.clips) == 2

    def test_every_damaged_clip_is_named(self, small):
        for clip in ("sub01/EP02_01f/reg_img50.jpg", "sub02/EP01_11f/reg_img12.jpg"):
            replace_content(small / "Cropped" / clip, b"")
        assert [finding.where for finding in examine(small, deep=True).of("unusable")] == [
            "sub01 EP02_01f",
            "sub02 EP01_11f",
        ]

    def test_frames_of_different_sizes_make_the_clip_unusable(self, small):
        replace_content(small / "Cropped" / "sub01" / "EP02_01f" / "reg_img60.jpg", image_bytes(26, 30))
        finding = only(examine(small, deep=True), "EP02_01f")
        assert (finding.severity, finding.found) == ("unusable", "24x30 from frame 46; 26x30 from frame 60")

    def test_a_damaged_frame_outside_onset_to_offset_is_ignored(self, tmp_path):
        rewrite(tmp_path, row(frames=(3, 5, 8)))
        write_clip(tmp_path / "raw", "01", "EP02_01f", range(1, 12), "img{}.jpg")
        replace_content(tmp_path / "raw" / "sub01" / "EP02_01f" / "img11.jpg", b"")
        assert len(examine(tmp_path, deep=True).clips) == 1

    def test_the_deep_examination_reports_its_progress(self, small):
        steps = []
        CASME2.examine(small, True, lambda done, total, what: steps.append((done, total, what)))
        assert steps[-3:] == [(1, 3, "sub01 EP02_01f"), (2, 3, "sub01 EP03_02"), (3, 3, "sub02 EP01_11f")]


class TestSyntheticTrees:
    @pytest.fixture(params=["manifest", "title", "name"])
    def synthetic(self, request, small):
        if request.param == "manifest":
            (small / "SYNTHETIC_manifest.json").write_text("{}")
        else:
            (small / TABLE_2014).unlink()
            name = "SYNTHETIC-coding.xlsx" if request.param == "name" else "my-coding.xlsx"
            write_table(small / name, ROWS, COLUMNS_2014, title="SYNTHETIC faces" if request.param == "title" else None)
        return small

    def test_they_are_stamped(self, synthetic):
        assert examine(synthetic, name="synthetic").clips.stamps == ("SYNTHETIC",)
        assert examine(synthetic / "Cropped", name="synthetic").clips.stamps == ("SYNTHETIC",)

    def test_they_are_not_compared_with_the_published_release(self, synthetic):
        assert examine(synthetic, name="synthetic").findings == ()

    def test_their_clips_have_the_given_database_name(self, synthetic):
        assert {clip.database for clip in examine(synthetic, name="synthetic").clips} == {"synthetic"}

    def test_the_quirks_of_the_real_release_are_not_applied(self, tmp_path):
        write_table(tmp_path / "SYNTHETIC-coding.xlsx", [row("07", "EP06_01", (15, 49, 68))], COLUMNS_2014)
        write_clip(tmp_path / "Cropped", "07", "EP06_01", range(56, 117))
        assert [finding.severity for finding in examine(tmp_path).findings] == ["unusable"]


def test_the_generated_release_has_the_published_counts():
    rows = published_rows("2014")
    assert len(rows) == 255
    assert {name: sum(cells["Estimated Emotion"] == name for cells in rows) for name in EMOTIONS_2014} == EMOTIONS_2014
