"""casme-squared: a sheet without column names, folders by naming rules, and clips inside long videos."""

from __future__ import annotations

import pytest
from openpyxl import load_workbook

from merlab.databases import find_database, load, long_videos
from merlab.databases.long_video import LongVideos
from merlab.errors import MerlabError
from merlab.progress import silent
from merlab.spotting.scoring import score_spotting
from tests.databases.casme_squared_release import (
    INTERVALS,
    JPEG,
    TABLE,
    published_rows,
    row,
    write_frames,
    write_video,
    write_workbook,
)
from tests.databases.release import only, write_table

CASME_SQUARED = find_database("casme-squared")
needs_intervals = pytest.mark.skipif(not INTERVALS.is_file(), reason="the intervals of LGSNet are not in this checkout")


def examine(root):
    return CASME_SQUARED.examine(root, True, silent)


@pytest.fixture
def small(tmp_path):
    """Two videos of one subject: a micro- and a macro-expression in the first, nothing in the second."""
    write_workbook(tmp_path / TABLE, [row(), row(video="disgust1_2", frames=(8, 12, 0), kind="macro")])
    write_video(tmp_path)
    write_video(tmp_path, "s15/15_0102eatingworms", frames=6)
    return tmp_path


class TestTheFolders:
    def test_come_from_the_naming_rules_of_the_other_sheets(self, small):
        (clip,) = load("casme-squared", small)
        assert (clip.subject, clip.source.name) == ("s15", "15_0101disgustingteeth")
        assert (clip.onset, clip.apex, clip.offset, clip.fps) == (5, 7, 9, 30.0)
        assert (clip.emotion, clip.action_units) == ("negative", "4")

    def test_do_not_come_from_a_sheet_of_counts(self, small):
        book = load_workbook(small / TABLE)
        counts = book.create_sheet("counts", 1)
        for line in ((1, 16), (2, 7)):
            counts.append(line)
        book.save(small / TABLE)
        assert [clip.subject for clip in load("casme-squared", small)] == ["s15"]

    def test_are_those_of_a_number_that_is_shown_with_zeros(self, small):
        book = load_workbook(write_workbook(small / TABLE, [row()]))
        for cells in book.worksheets[0].iter_rows():
            cells[0].number_format = "000"
        book.save(small / TABLE)
        assert [clip.subject for clip in load("casme-squared", small)] == ["s15"]

    def test_come_from_the_published_rules_if_a_copy_has_no_such_sheets(self, small):
        write_workbook(small / TABLE, [row(2, "anger2_1")], rules=False)
        write_video(small, "s16/16_0402beatingpregnantwoman")
        assert [clip.source.name for clip in load("casme-squared", small)] == ["16_0402beatingpregnantwoman"]

    @pytest.mark.parametrize("subjects", [(15, 16, 40), ("s15", "s16", "S40")])
    def test_may_be_stated_in_place_of_the_numbers_of_subjects(self, small, subjects):
        write_workbook(small / TABLE, [row(subject) for subject in (*subjects, "77")], rules=False)
        write_video(small, "s16/16_0101disgustingteeth")
        write_video(small, "s40/40_0101disgustingteeth")
        clips = examine(small).clips
        assert [(clip.subject, clip.source.parent.name) for clip in clips] == [(s, s) for s in ("s15", "s16", "s40")]

    @pytest.mark.parametrize(("subjects", "doubt"), [((15, 16), ["15, 16"]), ((15, 1), []), (("s15", "s16"), [])])
    def test_of_numbers_that_may_be_of_subjects_or_of_folders_are_doubted(self, small, subjects, doubt):
        write_workbook(small / TABLE, [row(subject) for subject in subjects], rules=False)
        expected = "numbers that are of subjects or of folders alone"
        findings = [finding for finding in examine(small).findings if finding.expected == expected]
        assert [finding.found for finding in findings] == doubt
        assert all("15 is s32, 16 is s33; if they are those of folders, write s15" in each.remedy for each in findings)

    def test_of_a_subject_in_no_rule_make_its_row_unusable(self, small):
        write_workbook(small / TABLE, [row(), row(77)])
        (finding,) = examine(small).of("unusable")
        assert finding.found == "'77 (in no naming rule)'"

    def test_that_are_missing_are_named_once_for_all_their_movements(self, small):
        write_workbook(small / TABLE, [row(), row(video="anger1_1"), row(video="anger1_2", frames=(1, 2, 3))])
        (finding,) = examine(small).of("unusable")
        assert finding.expected.startswith("frames of 15_0401")

    @pytest.mark.parametrize("place", ["../selectedpic/s15/disgust1_1", "s15/disgust1_1"])
    def test_of_single_movements_are_not_videos(self, small, place):
        write_video(small, place)
        assert len(long_videos("casme-squared", small).videos) == 2

    def test_come_from_the_rules_of_the_copy_where_these_differ_from_the_published_ones(self, small):
        """Published are 1 for s15 and anger1 for 0401; sheets may have an empty column, and lines with empty cells."""
        write_workbook(small / TABLE, [row(1, "anger1_1"), row(2, "anger1_1")], rules=False)
        book = load_workbook(small / TABLE)
        _, subjects, stimuli = map(book.create_sheet, ("empty", "naming rule1", "naming rule2"))
        for line in ((None, "s40", 40, 1), (None, None, None, 2)):
            subjects.append(line)
        for rule in ((999, "anger1"), (998, None), (None, "anger2")):
            stimuli.append(rule)
        book.save(small / TABLE)
        write_video(small, "s40/40_0999")
        examination = examine(small)
        assert [clip.source.name for clip in examination.clips] == ["40_0999"]
        assert [finding.found for finding in examination.of("unusable")] == ["'2 (in no naming rule)'"]

    def test_do_not_come_from_a_coded_row_whose_cells_look_like_a_rule(self, small):
        """L12 and 101 are an action unit and a frame; as a rule, they would replace all published ones."""
        write_workbook(small / TABLE, [row(), row(frames=(101, 103, 105), units="L12")], rules=False)
        write_video(small, frames=110)
        assert [clip.onset for clip in load("casme-squared", small)] == [5, 101]

    @pytest.mark.parametrize(
        ("video", "found"),
        [("fear1_1", "neither a folder nor a video of this name"), ("?", "'?'")],
    )
    def test_of_a_stimulus_in_no_rule_make_its_row_unusable(self, small, video, found):
        write_workbook(small / TABLE, [row(), row(video=video)])
        (finding,) = examine(small).of("unusable")
        assert (finding.where, finding.found) == (f"s15 {video} (row 2)", found)
        assert "None" not in finding.expected


class TestTheTable:
    def test_may_have_a_line_of_column_names(self, small):
        columns = ("subject", "video", "onset", "apex", "offset", "au", "emotion", "type", "self-report")
        write_table(small / TABLE, [dict(zip(columns, row(), strict=True))], columns, sheets=("CASFEcode_final",))
        assert len(load("casme-squared", small)) == 1

    @pytest.mark.parametrize(("first", "second"), [("Apex", "Onset"), ("ApexFrame", "onset frame")])
    def test_is_refused_if_its_column_names_state_another_order(self, small, first, second):
        names = ("Subject", "Filename", first, second, "Offset", "AU", "Emotion", "Type", "Self-report")
        write_workbook(small / TABLE, [names, row(frames=(5, 5, 9))])
        with pytest.raises(MerlabError, match=f"column 3 is called {first}, but it should be column 4; put the col"):
            examine(small)

    def test_keeps_a_later_row_without_numbers_and_without_a_kind(self, small):
        write_workbook(small / TABLE, [row(), (*row(frames=("?", "?", "?"))[:7], "mirco-expression")])
        assert [each.where for each in examine(small).of("unusable")] == ["s15 disgust1_1 (row 2)"]

    @pytest.mark.parametrize("frames", [("?", 7, 9), (5, 7, "?")])
    def test_keeps_a_first_row_without_a_kind_that_has_one_of_its_numbers(self, small, frames):
        write_workbook(small / TABLE, [(*row(frames=frames)[:7], "mirco-expression"), row(video="disgust1_2")])
        assert [each.where for each in examine(small).of("unusable")] == ["s15 disgust1_1 (row 1)"]

    @pytest.mark.parametrize("title", ["", "CAS(ME)^2\n", "CAS(ME)^2,coded,by,two\n"])
    def test_may_be_a_text_which_may_begin_with_a_line_of_few_cells(self, small, title):
        assert examine(small).facts["sheet"] == "CASFEcode_final"
        (small / TABLE).unlink()
        (small / TABLE).with_suffix(".csv").write_text(title + ",".join(map(str, row())), encoding="utf-8")
        examination = examine(small)
        assert [clip.source.name for clip in examination.clips] == ["15_0101disgustingteeth"]
        assert "sheet" not in examination.facts

    def test_has_a_first_row_also_where_it_lacks_its_moments(self, small):
        write_workbook(small / TABLE, [row(frames=("?", "?", "?")), row()])
        assert [each.where for each in examine(small).of("unusable")] == ["s15 disgust1_1 (row 1)"]

    @pytest.mark.parametrize("kind", ["mirco-expression", "", "me"])
    def test_has_a_first_row_also_where_its_kind_is_misspelled(self, small, kind):
        first = (*row()[:7], kind, "happyiness")
        write_workbook(small / TABLE, [first, row(video="disgust1_2", frames=(8, 10, 12))])
        (finding,) = examine(small).of("unusable")
        assert finding.where == "s15 disgust1_1 (row 1)"
        assert finding.expected == "micro or macro in column Type"

    def test_on_two_sheets_is_refused_unless_one_has_the_name_of_the_release(self, small):
        workbook = load_workbook(small / TABLE)
        workbook.create_sheet("old").append(row(frames=(11, 13, 15)))
        workbook.save(small / TABLE)
        assert [clip.onset for clip in load("casme-squared", small)] == [5]
        workbook["CASFEcode_final"].title = "new"
        workbook.save(small / TABLE)
        with pytest.raises(MerlabError, match="several sheets have the columns of the table: new, old"):
            load("casme-squared", small)

    def test_with_a_missing_offset_of_a_macro_expression_takes_the_apex_and_says_so(self, small):
        finding = next(each for each in examine(small).findings if each.expected == "an offset")
        assert (finding.severity, finding.found) == ("handled", "1 row without: 2")
        macro = long_videos("casme-squared", small, allow_unusable=True).videos[0].events[1]
        assert (macro.onset, macro.offset, macro.kind) == (8, 12, "macro")
        assert "the apex is used as the offset" in macro.note

    def test_without_the_kinds_is_refused_with_what_is_expected(self, small):
        write_workbook(small / TABLE, [row()[:7]])
        with pytest.raises(MerlabError, match=r"no line has micro-expression or macro-expression in its column 8"):
            examine(small)

    def test_that_has_other_counts_than_the_published_ones_is_reported(self, small):
        found = [each for each in examine(small).of("differs") if each.expected.startswith("kinds")]
        assert [(each.expected, each.found) for each in found] == [
            ("kinds macro 300, micro 57", "macro 1, micro 1"),
        ]

    def test_with_a_number_that_may_be_one_or_a_thousand_is_not_guessed(self, small):
        write_workbook(small / TABLE, [row(frames=("1.000", 7, 9))])
        (finding,) = examine(small).of("unusable")
        assert (finding.found, finding.remedy[:26]) == ("'1.000'", "it may be 1 or 1000: write")

    def test_with_an_apex_out_of_order_makes_a_micro_expression_unusable(self, small):
        write_workbook(small / TABLE, [row(frames=(5, 12, 9))])
        assert only(examine(small), "disgust1_1").severity == "unusable"


class TestTheVideos:
    def test_have_all_movements_in_order_and_those_without_any_are_there_too(self, small):
        videos = long_videos("casme-squared", small).videos
        assert [(video.name, video.frames, len(video.events)) for video in videos] == [
            ("15_0101disgustingteeth", 20, 2),
            ("15_0102eatingworms", 6, 0),
        ]

    def test_give_the_tables_that_scoring_reads(self, small):
        read = long_videos("casme-squared", small)
        assert list(read.truth()["kind"]) == ["micro", "macro"]
        assert read.kinds == {"micro": 1, "macro": 1}
        assert list(read.lengths()["seconds"]) == [pytest.approx(20 / 30), pytest.approx(0.2)]

    def test_that_end_before_a_movement_begins_make_it_unusable(self, small):
        write_workbook(small / TABLE, [row(), row(video="disgust1_2", frames=(50, 55, 60), kind="macro")])
        (finding,) = examine(small).of("unusable")
        assert (finding.where, finding.found) == ("s15 disgust1_2 (row 2)", "onset 50, offset 60")

    def test_of_which_there_are_two_copies_are_unusable_with_all_their_movements(self, small):
        write_video(small, "s15/15_0101disgustingteeth (1)")
        with pytest.raises(MerlabError, match="s15 15_0101: expected one folder or video per clip, found"):
            long_videos("casme-squared", small)
        assert [video.name for video in long_videos("casme-squared", small, allow_unusable=True).videos] == [
            "15_0102eatingworms"
        ]

    def test_in_the_folder_of_no_subject_are_reported_as_by_the_doctor(self, small):
        write_video(small, "16/16_0101disgustingteeth")
        found = [
            [each for each in findings if each.where == "16"]
            for findings in (long_videos("casme-squared", small).findings, examine(small).findings)
        ]
        assert found[0] == found[1]
        assert found[0][0].severity == "differs"
        assert "nothing is read from it" in found[0][0].remedy

    def test_whose_frames_cannot_be_listed_are_reported_and_the_others_are_read(self, small):
        """One has two files of the same number, and one is empty; neither has a movement."""
        (small / "rawpic" / "s15" / "15_0102eatingworms" / "other3.jpg").write_bytes(JPEG)
        (small / "rawpic" / "s15" / "15_0401").mkdir()
        read = long_videos("casme-squared", small, allow_unusable=True)
        assert [video.name for video in read.videos] == ["15_0101disgustingteeth"]
        for findings in (read.findings, examine(small).findings):
            found = [(each.where, each.found) for each in findings if each.expected == "frames that can be listed"]
            assert [where for where, _ in found] == ["s15 15_0102", "s15 15_0401"]
            assert "have the same frame number" in found[0][1]
            assert found[1][1].endswith("15_0401 has no frames")


class TestTheFramesOfAVideo:
    def both(self, root, rows, numbers):
        """The video with these rows and frames, and all findings about it, from the truth and from the doctor."""
        write_workbook(root / TABLE, rows)
        write_frames(root, numbers)
        read = long_videos("casme-squared", root, allow_unusable=True)
        found = [[each for each in some if "s15" in each.where] for some in (read.findings, examine(root).findings)]
        return read.videos[0], *found

    def test_that_are_absent_are_reported_and_do_not_shorten_it(self, tmp_path):
        rows = [row(), row(video="disgust1_2", frames=(62, 70, 80), kind="macro")]
        video, found, by_doctor = self.both(tmp_path, rows, [*range(1, 21), *range(61, 101)])
        assert (video.frames, video.seconds) == (100, pytest.approx(100 / 30))
        assert found == by_doctor
        (finding,) = found
        assert (finding.severity, finding.where) == ("differs", "s15 15_0101")
        assert finding.expected == "every frame from 1 to 100"
        assert finding.found.startswith("frames 1..100, 40 missing between: 21, 22")

    def test_that_are_numbered_from_0_are_reported_and_used_as_coded(self, tmp_path):
        video, found, by_doctor = self.both(tmp_path, [row()], range(20))
        assert (video.frames, [event.onset for event in video.events]) == (20, [5])
        assert found == by_doctor
        (finding,) = found
        assert (finding.severity, finding.found) == ("differs", "frames 0..19")
        assert "rename every file to the next number" in finding.remedy

    @pytest.mark.parametrize(
        ("moments", "severity", "expected"),
        [
            ((5, 7, 9), "unusable", "onset <= offset, in a video of frames 41 to 60"),
            ((61, 62, 63), "unusable", "onset <= offset, in a video of frames 41 to 60"),
            ((50, 49, 48), "unusable", "onset <= offset, in a video of frames 41 to 60"),
            ((35, 38, 41), "differs", "an onset in the video, which begins at frame 41"),
            ((55, 58, 61), "differs", "an offset in the video, which ends at frame 60"),
            ((45, 56, 55), "differs", "onset <= apex <= offset"),
            ((41, 50, 60), "", ""),
            ((60, 60, 60), "", ""),
        ],
    )
    def test_do_not_hold_every_movement(self, tmp_path, moments, severity, expected):
        video, found, by_doctor = self.both(tmp_path, [row(frames=moments, kind="macro")], range(41, 61))
        used = [] if severity == "unusable" else [(moments[0], moments[2])]
        assert (video.frames, [(event.onset, event.offset) for event in video.events]) == (20, used)
        assert found == by_doctor
        assert [(each.severity, each.expected) for each in found] == ([(severity, expected)] if severity else [])

    def test_have_equal_movements_once(self, tmp_path):
        rows = [row(video=f"disgust1_{number}", kind="macro") for number in (1, 2)]
        video, found, by_doctor = self.both(tmp_path, rows, range(1, 21))
        assert [event.action_units for event in video.events] == ["4"]
        assert found == by_doctor
        (finding,) = found
        assert (finding.where, finding.found) == (
            "s15 disgust1_2 (row 2)",
            "onset 5, offset 9 as in s15 disgust1_1 (row 1)",
        )

    def test_have_a_movement_once_that_is_coded_with_two_labels(self, tmp_path):
        """Two rows of one interval were two true events, which `merlab score-spotting` refuses."""
        rows = [
            row(video="disgust1_1", kind="macro"),
            row(video="disgust1_2", kind="macro", units=12),
            row(video="disgust1_3", kind="micro"),
        ]
        video, found, by_doctor = self.both(tmp_path, rows, range(1, 21))
        assert [(event.kind, event.action_units) for event in video.events] == [("macro", "4"), ("micro", "4")]
        assert found == by_doctor
        (finding,) = found
        assert finding.where == "s15 disgust1_2 (row 2)"
        assert finding.found == "onset 5, offset 9 as in s15 disgust1_1 (row 1), with other action units"
        assert finding.remedy.startswith("the movement is used once, as the first row has it; ")
        truth = LongVideos((video,)).truth()
        assert score_spotting(truth, truth[["video", "kind", "onset", "offset"]]).f1 == 1


@needs_intervals
class TestThePublishedTable:
    def test_has_300_macro_and_57_micro_expressions(self, tmp_path):
        write_workbook(tmp_path / TABLE, published_rows(), rules=False)
        examination = CASME_SQUARED.examine_table(tmp_path)  # type: ignore[misc]
        assert examination.facts["kinds"] == "macro 300, micro 57"
        assert examination.facts["subjects"] == "22"
        assert examination.facts["micro-expressions"].startswith("57 of 14 subjects")
        assert examination.findings == ()

    def test_may_be_given_as_the_file_itself(self, tmp_path):
        file = write_workbook(tmp_path / TABLE, published_rows(), rules=False)
        examination = CASME_SQUARED.examine_table(file)  # type: ignore[misc]
        assert examination.facts["emotions"] == "negative 21, others 19, surprise 9, positive 8"


def test_a_database_of_single_clips_has_no_long_videos(tmp_path):
    with pytest.raises(MerlabError, match="samm has no long videos; databases with long videos are .*casme-squared"):
        long_videos("samm", tmp_path)
