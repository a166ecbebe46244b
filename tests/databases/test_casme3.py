"""casme3 and casme3-c: many movements per file name, two tables of part A, dropped frames, no apexes in part C."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from merlab.databases import examine_table, find_database, load, long_videos
from merlab.databases.casme3 import PART_A
from merlab.errors import MerlabError
from merlab.progress import silent
from tests.databases.release import image_bytes, label, only, write_images, write_table

MICRO_TABLE, BOTH_TABLE = "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", "CAS(ME)3_part_A_v2.xlsx"
COLUMNS = ("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion")
BOTH_COLUMNS = (*COLUMNS, "Expression type")
PART_C = "CAS(ME)3_part_C_ME.xlsx"
C_COLUMNS = ("sub", "count", "onset", "offset", "au", "emotion")
EMOTIONS = {
    "disgust": 250,
    "surprise": 187,
    "others": 158,
    "Others": 3,
    "fear": 86,
    "anger": 64,
    "sad": 57,
    "happy": 55,
}
JPEG = image_bytes()


def row(name: str = "a", frames: tuple[int, int, int] = (3, 5, 8), **other: Any) -> dict[str, Any]:
    """A row as column name -> cell."""
    return {
        "Subject": other.get("subject", "spNO.1"),
        "Filename": name,
        **dict(zip(("Onset", "Apex", "Offset"), frames, strict=True)),
        "AU": "4+7",
        "Objective class": "IV",
        "emotion": other.get("emotion", "sad"),
        "Expression type": other.get("kind", "Micro-expression"),
    }


def write_video(root: Path, name: str = "spNO.1/a", frames: range = range(1, 21)) -> Path:
    write_images(root / "part_A" / name / "depth", ("1.png",), JPEG)
    return write_images(root / "part_A" / name / "color", (f"{number}.jpg" for number in frames), JPEG)


def examine(root: Path, name: str = "casme3"):
    return find_database(name).examine(root, True, silent)


class TestPartA:
    def test_movements_of_one_file_name_differ_in_their_onsets(self, tmp_path):
        write_table(tmp_path / MICRO_TABLE, [row(), row(frames=(10, 12, 15), emotion="Others")], COLUMNS)
        write_video(tmp_path)
        clips = load("casme3", tmp_path)
        assert [(clip.name, clip.emotion, clip.source.name) for clip in clips] == [
            ("a@3", "sadness", "color"),
            ("a@10", "others", "color"),
        ]
        assert clips[0].objective_class == "IV"

    def test_movements_that_begin_together_differ_in_their_offsets(self, tmp_path):
        rows = [row(), row(frames=(3, 5, 12), kind="Macro-expression")]
        write_table(tmp_path / BOTH_TABLE, rows, BOTH_COLUMNS)
        write_video(tmp_path)
        (clip,) = load("casme3", tmp_path)
        assert clip.name == "a@3-8"

    def test_the_table_with_both_kinds_is_preferred_and_gives_the_truth_of_spotting(self, tmp_path):
        write_table(tmp_path / MICRO_TABLE, [row()], COLUMNS)
        write_table(tmp_path / BOTH_TABLE, [row(), row("b", kind="Macro-expression")], BOTH_COLUMNS)
        write_video(tmp_path)
        write_video(tmp_path, "spNO.1/b")
        read = long_videos("casme3", tmp_path)
        assert [(video.name, [event.kind for event in video.events]) for video in read.videos] == [
            ("spNO.1_a", ["micro"]),
            ("spNO.1_b", ["macro"]),
        ]
        assert MICRO_TABLE in examine(tmp_path).facts["tables not read"]

    def test_a_capital_letter_in_the_table_is_the_small_one_of_the_folder(self, tmp_path):
        """Public loaders of the release lower the column Filename before they look for the folder."""
        rows = [row("L"), row("l", (10, 12, 15))]
        write_table(tmp_path / MICRO_TABLE, rows, COLUMNS)
        write_video(tmp_path, "spNO.1/l")
        assert [clip.name for clip in load("casme3", tmp_path)] == ["l@3", "l@10"]
        ((first, second),) = [video.events for video in long_videos("casme3", tmp_path).videos]
        assert (first.onset, second.onset) == (3, 10)

    def test_a_table_of_both_kinds_without_emotions_has_those_of_the_table_of_micro_expressions(self, tmp_path):
        """Two public loaders read eight columns of CAS(ME)3_part_A_v2.xls, and merge the emotions from the other."""
        micro, macro = row(emotion="fear"), row("b", kind="Macro-expression")
        again = row(frames=(10, 12, 15), emotion="happy")
        write_table(tmp_path / MICRO_TABLE, [again, micro], COLUMNS)
        columns = [column for column in BOTH_COLUMNS if column != "emotion"]
        write_table(tmp_path / BOTH_TABLE, [micro, macro, again], columns)
        write_video(tmp_path)
        write_video(tmp_path, "spNO.1/b")
        clips = load("casme3", tmp_path)
        assert [(clip.name, clip.emotion) for clip in clips] == [("a@3", "fear"), ("a@10", "happiness")]
        assert long_videos("casme3", tmp_path).kinds == {"micro": 2, "macro": 1}
        facts = examine(tmp_path).facts
        assert facts["coding table"].endswith(BOTH_TABLE)
        assert MICRO_TABLE in facts["emotions"]
        preferred = "a table with micro- and macro-expressions is preferred"
        assert facts["tables not read"] == f"{tmp_path / MICRO_TABLE} (but for emotions; {preferred})"

    def test_emotions_of_macro_expressions_do_not_stand_for_those_of_micro_expressions(self, tmp_path):
        write_table(tmp_path / MICRO_TABLE, [row(emotion="fear")], COLUMNS)
        rows = [row(emotion=None), row("b", kind="Macro-expression", emotion="happy")]
        write_table(tmp_path / BOTH_TABLE, rows, BOTH_COLUMNS)
        write_video(tmp_path)
        write_video(tmp_path, "spNO.1/b")
        assert [clip.emotion for clip in load("casme3", tmp_path)] == ["fear"]

    def test_an_emotion_that_the_table_of_micro_expressions_lacks_is_a_finding(self, tmp_path):
        write_table(tmp_path / MICRO_TABLE, [row(emotion="fear")], COLUMNS)
        columns = [column for column in BOTH_COLUMNS if column != "emotion"]
        write_table(tmp_path / BOTH_TABLE, [row(), row(frames=(10, 12, 15))], columns)
        write_video(tmp_path)
        assert [clip.emotion for clip in load("casme3", tmp_path)] == ["fear", ""]
        finding = next(each for each in examine(tmp_path).findings if each.expected.startswith("an emotion of every"))
        assert (finding.severity, finding.found) == ("differs", "none of 1, the first a@10")

    def test_the_published_number_of_rows_is_that_of_a_table_without_emotions(self, tmp_path):
        columns = [column for column in BOTH_COLUMNS if column != "emotion"]
        rows = [row(frames=(3 + 10 * number, 5 + 10 * number, 8 + 10 * number)) for number in range(860)]
        write_table(tmp_path / BOTH_TABLE, rows, columns)
        examination = examine_table(find_database("casme3"), tmp_path)
        assert examination.facts["table version"] == "v2 (by its number of rows)"
        (finding,) = examination.findings
        assert finding.expected == "kinds macro 3346, micro 860"

    def test_the_package_of_single_clips_has_the_remedy_to_move_its_frames(self, tmp_path):
        """Public loaders of Part_A_ME_clip find ``frame/spNO.10_a_116/116.jpg`` by subject, file name and onset."""
        write_table(tmp_path / MICRO_TABLE, [row(), row(frames=(12, 14, 16))], COLUMNS)
        clips = tmp_path / "Part_A_ME_clip" / "frame"
        for onset, offset in ((3, 8), (12, 16)):
            write_images(clips / f"spNO.1_a_{onset}", (f"{n}.jpg" for n in range(onset, offset + 1)), JPEG)
        (finding,) = examine(tmp_path).of("unusable")
        assert (finding.where, finding.found) == (str(clips), "spNO.1_a_12, spNO.1_a_3")
        assert "move the images in frame/spNO.1_a_116 to part_A/spNO.1/a/color" in finding.remedy
        target = tmp_path / "part_A" / "spNO.1" / "a" / "color"
        target.mkdir(parents=True)
        for image in clips.glob("*/*.jpg"):
            image.rename(target / image.name)
        assert [(clip.name, clip.onset, clip.offset) for clip in load("casme3", tmp_path)] == [
            ("a@3", 3, 8),
            ("a@12", 12, 16),
        ]

    def test_the_table_of_macro_expressions_alone_is_not_read(self, tmp_path):
        other = MICRO_TABLE.replace("ME_label", "MaE_label")
        write_table(tmp_path / other, [row("b")], COLUMNS)
        write_table(tmp_path / MICRO_TABLE, [row()], COLUMNS)
        write_video(tmp_path)
        assert [clip.name for clip in load("casme3", tmp_path)] == ["a"]

    def test_the_frames_may_lie_in_the_folder_of_the_video_itself(self, tmp_path):
        write_table(tmp_path / MICRO_TABLE, [row()], COLUMNS)
        write_images(tmp_path / "part_A" / "spNO.1" / "a", (f"{number}.jpg" for number in range(1, 21)), JPEG)
        assert [clip.source.name for clip in load("casme3", tmp_path)] == ["a"]
        assert [video.name for video in long_videos("casme3", tmp_path).videos] == ["spNO.1_a"]

    def test_version_1_of_the_tables_is_not_read(self, tmp_path):
        write_table(tmp_path / MICRO_TABLE.replace("v2", "v1"), [row()], COLUMNS)
        write_table(tmp_path / MICRO_TABLE, [row()], COLUMNS)
        write_video(tmp_path)
        assert MICRO_TABLE in examine(tmp_path).facts["coding table"]

    def test_a_clip_may_lack_frames_that_the_camera_dropped_but_not_its_key_frames(self, tmp_path):
        write_table(tmp_path / MICRO_TABLE, [row()], COLUMNS)
        write_video(tmp_path, frames=range(1, 7)).joinpath("8.jpg").write_bytes(JPEG)
        finding = next(each for each in examine(tmp_path).findings if each.where == "spNO.1 a (row 2)")
        assert (finding.severity, finding.found) == ("handled", "1 frame absent between onset and offset")
        (tmp_path / "part_A" / "spNO.1" / "a" / "color" / "5.jpg").unlink()
        assert examine(tmp_path).of("unusable")

    def test_frames_that_the_camera_dropped_do_not_shorten_a_video_and_are_no_finding(self, tmp_path):
        write_table(tmp_path / MICRO_TABLE, [row()], COLUMNS)
        write_video(tmp_path, frames=range(1, 10)).joinpath("1000.jpg").write_bytes(JPEG)
        read = long_videos("casme3", tmp_path)
        assert read.videos[0].frames == 1000
        assert not [finding for finding in read.findings if "spNO.1" in finding.where]

    def test_an_apex_on_the_onset_is_usual_and_becomes_the_midpoint(self, tmp_path):
        write_table(tmp_path / MICRO_TABLE, [row(frames=(3, 3, 8))], COLUMNS)
        write_video(tmp_path)
        finding = next(each for each in examine(tmp_path).findings if "no motion" in each.found)
        assert finding.severity == "handled"
        assert load("casme3", tmp_path)[0].apex == 6

    def test_of_a_midpoint_that_the_camera_dropped_the_nearest_frame_is_used(self, tmp_path):
        write_table(tmp_path / MICRO_TABLE, [row(frames=(3, 3, 8))], COLUMNS)
        folder = write_video(tmp_path)
        for number in (5, 6):
            (folder / f"{number}.jpg").unlink()
        (clip,) = load("casme3", tmp_path)
        assert (clip.apex, clip.apex_source) == (7, "midpoint")
        assert "7 is used, the frame nearest to the midpoint 6" in clip.note

    @pytest.mark.parametrize(
        ("subject", "name", "coded", "corrected"),
        [
            ("spNO.149", "d", (112, 83, 140), (112, 123, 140)),
            ("spNO.216", "d", (3647, 2650, 2660), (2647, 2650, 2660)),
            ("spNO.214", "c", (5, 9, 40), (5, 9, 34)),
            ("spNO.214", "c", (5, 9, 7), (5, 9, 34)),
        ],
    )
    def test_known_mistakes_are_corrected_in_clips_and_in_the_truth_of_spotting(
        self, tmp_path, subject, name, coded, corrected
    ):
        write_table(tmp_path / MICRO_TABLE, [row(name, coded, subject=subject)], COLUMNS)
        write_video(tmp_path, f"{subject}/{name}", range(corrected[0], corrected[2] + 1))
        (clip,) = load("casme3", tmp_path)
        ((event,),) = [video.events for video in long_videos("casme3", tmp_path).videos]
        assert (clip.onset, clip.apex, clip.offset) == corrected
        assert (event.onset, event.apex, event.offset) == corrected

    @pytest.mark.parametrize(
        ("subject", "name", "coded", "corrected"),
        [
            ("spNO.40", "e", (1812, 1824, 0), (1812, 1824, 1845)),
            ("spNO.40", "e", (2327, 2363, 0), (2327, 2363, 2403)),
            ("spNO.216", "e", (0, 0, 25), (1, 13, 25)),
            ("spNO.214", "c", (5, 5, 40), (5, 20, 34)),
        ],
    )
    def test_known_mistakes_are_those_of_a_row_wherever_it_is(self, tmp_path, subject, name, coded, corrected):
        """The numbers are those of the table of CD6ME, with an apex at the onset moved to the midpoint."""
        write_table(tmp_path / MICRO_TABLE, [row(), row(name, coded, subject=subject)], COLUMNS)
        write_video(tmp_path)
        write_video(tmp_path, f"{subject}/{name}", range(corrected[0], corrected[2] + 1))
        (clip,) = [each for each in load("casme3", tmp_path) if each.subject == subject]
        assert (clip.onset, clip.apex, clip.offset) == corrected

    def test_in_a_table_of_another_order_no_mistake_is_found_by_its_line(self):
        """The lines of the mistakes in the authors' table of micro-expressions."""
        for line in (710, 752, 798, 800):
            assert not {"frame range", "wrong frame"} & set(PART_A.quirks_of("spNO.1", "a", line, 3))

    @pytest.mark.slow
    def test_a_full_table_has_the_published_counts(self, tmp_path):
        frames = [(3 * number, 3 * number + 1, 3 * number + 2) for number in range(1, 861)]
        rows = [row(frames=each, subject=f"spNO.{each[0] // 3 % 94 + 1}", emotion=None) for each in frames]
        label(rows, EMOTIONS, "emotion", each="disgust")
        write_table(tmp_path / MICRO_TABLE, rows, COLUMNS)
        examination = examine_table(find_database("casme3"), tmp_path)
        assert examination.facts["table version"] == "v2 (by its counts of emotions)"
        assert examination.facts["micro-expressions"].startswith("860 of 94 subjects")
        assert examination.of("differs") == []


class TestPartC:
    def test_clips_have_no_apex_and_come_from_one_video_per_subject(self, tmp_path):
        cells = {"sub": 1, "count": 2, "onset": 3, "offset": 8, "au": "4，7", "emotion": "negative"}
        write_table(tmp_path / PART_C, [cells], C_COLUMNS)
        write_images(tmp_path / "part_C" / "01" / "a" / "color", (f"{number}.jpg" for number in range(1, 11)), JPEG)
        (clip,) = load("casme3-c", tmp_path)
        assert (clip.subject, clip.name, clip.apex, clip.apex_source) == ("01", "2", None, "unannotated")
        assert long_videos("casme3-c", tmp_path).videos[0].frames == 10
        assert examine(tmp_path, "casme3-c").facts["layout"] == "images of long videos (01/a/color/175.jpg)"

    def test_the_table_that_has_macro_expressions_too_is_not_read_beside_that_of_micro_expressions(self, tmp_path):
        """The repository of the authors has both, CAS(ME)3_part_C.xls and CAS(ME)3_part_C_ME.xlsx."""
        micro = {"sub": 1, "count": 2, "onset": 3, "offset": 8, "au": "4", "emotion": "negative"}
        macro = {**micro, "count": 3, "onset": 9, "offset": 60, "emotion": "positive"}
        write_table(tmp_path / PART_C, [micro], C_COLUMNS)
        write_table(tmp_path / "CAS(ME)3_part_C.xlsx", [micro, macro], C_COLUMNS)
        write_images(tmp_path / "part_C" / "01" / "a" / "color", (f"{number}.jpg" for number in range(1, 70)), JPEG)
        assert [clip.name for clip in load("casme3-c", tmp_path)] == ["2"]


def test_a_root_without_frames_names_the_folders_that_are_searched_for(tmp_path):
    write_table(tmp_path / MICRO_TABLE, [row()], COLUMNS)
    with pytest.raises(MerlabError, match=r"no long videos of CAS\(ME\)\^3, part A: searched for folders spNO\.1"):
        long_videos("casme3", tmp_path)
    assert only(examine(tmp_path), str(tmp_path)).severity == "unusable"
