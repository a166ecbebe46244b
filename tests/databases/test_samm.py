"""samm: the table below its notes, its mistakes, and frame numbers of 4 or 5 digits."""

from __future__ import annotations

import pytest

from merlab.clips import Clip
from merlab.databases.database import Examination
from merlab.errors import MerlabError
from tests.databases.release import about, edit_table, only, write_table
from tests.databases.samm_release import COLUMNS, EMOTIONS, JPEG, TABLE, examine, published_rows, row, write_release


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The whole release; tests do not change it."""
    return write_release(tmp_path_factory.mktemp("release"))


@pytest.fixture
def small(tmp_path):
    """Two clips of two subjects."""
    return write_release(tmp_path, [row(), row("007", "007_3_1", (1001, 1004, 1009), emotion="Others")])


def clip(examination: Examination, name: str) -> Clip:
    return next(clip for clip in examination.clips if clip.name == name)


class TestTheRelease:
    def test_every_clip_is_usable_and_only_the_known_mistakes_have_findings(self, release):
        examination = examine(release, deep=True)
        assert len(examination.clips) == 159
        assert len({clip.subject for clip in examination.clips}) == 29
        assert {(finding.severity, finding.where.split()[1]) for finding in examination.findings} == {
            ("handled", name) for name in ("013_1_9", "028_4_1", "032_3_1", "032_3_2")
        }

    @pytest.mark.parametrize(
        ("name", "frames", "source"),
        [
            ("028_4_1", (1090, 1105, 1134), "corrected"),
            ("032_3_1", (4896, 4930, 4940), "corrected"),
            ("032_3_2", (5126, 5130, 5134), "corrected"),
            ("013_1_9", (5730, 5734, 5739), "annotated"),
        ],
    )
    def test_a_mistake_is_corrected_and_noted(self, release, name, frames, source):
        corrected = clip(examine(release), name)
        assert (corrected.onset, corrected.apex, corrected.offset) == frames
        assert corrected.apex_source == source
        assert "used" in corrected.note

    def test_the_clips_have_the_releases_frame_rate_and_lower_case_emotions(self, release):
        examination = examine(release)
        assert {clip.fps for clip in examination.clips} == {200.0}
        assert {clip.emotion for clip in examination.clips} == {emotion.lower() for emotion in EMOTIONS}
        assert examination.facts["table version"] == "v2 (by its counts of emotions)"

    def test_frame_numbers_may_have_4_or_5_digits(self, release):
        clips = examine(release).clips
        four, five = clip(examine(release), "028_7_1"), clip(examine(release), "006_7_1")
        assert list(clips.frames(four).numbers) == list(range(four.onset or 0, (four.offset or 0) + 1))
        assert list(clips.frames(five).numbers) == list(range(five.onset or 0, (five.offset or 0) + 1))
        assert next(five.source.iterdir()).stem.startswith("006_0")

    @pytest.mark.parametrize("name", ["6", "06", "s6", "sub006"])
    def test_a_subject_folder_that_is_nearly_right_is_named_with_the_rename(self, small, name):
        (small / "SAMM" / "006").rename(small / "SAMM" / name)
        (finding,) = examine(small).of("unusable")
        assert (finding.where, finding.remedy) == ("006", f"rename {name} to 006")


class TestTheTable:
    @pytest.mark.parametrize("notes", [0, 13, 20])
    def test_is_found_below_any_number_of_lines_of_notes(self, tmp_path, notes):
        assert len(examine(write_release(tmp_path, [row()], notes=notes)).clips) == 1

    def test_is_found_on_any_sheet(self, small):
        write_table(small / TABLE, [row()], COLUMNS, sheets=("MICRO_ONLY", "READ ME"))
        assert clip(examine(small), "006_1_2").onset == 562

    def test_that_lacks_a_column_is_an_error_that_names_it(self, small):
        write_table(small / TABLE, [row()], [name for name in COLUMNS if name != "Apex Frame"], notes=13)
        with pytest.raises(MerlabError, match="SAMM's coding table: it lacks the columns Apex Frame; found Subject"):
            examine(small)

    @pytest.mark.parametrize("subject", ["006", 6, "6", 6.0])
    def test_a_subject_may_be_text_or_a_number(self, small, subject):
        write_table(small / TABLE, [row(subject)], COLUMNS)
        assert [clip.subject for clip in examine(small).clips] == ["006"]

    @pytest.mark.parametrize(
        "text", ["4D+9B", "(R6 or R12)+R15", "L12 or L14", "10A/B", "ref(43)", "soft focus", "T23"]
    )
    def test_action_units_are_kept_as_the_annotators_wrote_them(self, small, text):
        write_table(small / TABLE, [row(action_units=f"{text} ")], COLUMNS)
        assert clip(examine(small), "006_1_2").action_units == text

    def test_the_emotion_others_is_read_as_other(self, small):
        assert clip(examine(small), "007_3_1").emotion == "other"

    def test_a_duration_that_disagrees_with_onset_and_offset_differs(self, small):
        edit_table(small / TABLE, "006_1_2", "Offset Frame", 571)
        finding = only(examine(small), "006_1_2")
        assert (finding.severity, finding.expected[:11], finding.found) == ("differs", "Duration 10", "11")

    def test_a_table_that_was_already_corrected_is_not_changed(self, tmp_path):
        corrected = row("028", "028_4_1", (1090, 1113, 1134))
        examination = examine(write_release(tmp_path, [corrected]))
        assert (clip(examination, "028_4_1").apex, about(examination, "028_4_1")) == (1113, [])

    def test_an_apex_out_of_order_in_any_other_row_makes_the_clip_unusable(self, tmp_path):
        finding = only(examine(write_release(tmp_path, [row(frames=(562, 600, 572))])), "006_1_2")
        assert (finding.severity, finding.found) == ("unusable", "onset 562, apex 600, offset 572")

    def test_a_missing_apex_becomes_the_midpoint(self, small):
        edit_table(small / TABLE, "006_1_2", "Apex Frame", None)
        filled = clip(examine(small), "006_1_2")
        assert (filled.apex, filled.apex_source) == (567, "midpoint")

    def test_that_is_missing_is_an_error_with_the_expected_name(self, tmp_path):
        (tmp_path / "beach1.jpg").write_bytes(JPEG)
        with pytest.raises(MerlabError, match=r"no coding table: searched .* such as SAMM_Micro_FACS_Codes_v2\.xlsx"):
            examine(tmp_path)

    @pytest.mark.slow
    def test_one_changed_label_is_noticed_in_a_full_table(self, tmp_path):
        rows = published_rows()
        rows[0]["Estimated Emotion"] = "Disgust"
        (finding,) = examine(write_release(tmp_path, rows)).of("differs")
        assert ("disgust 9" in finding.expected, "disgust 10" in finding.found) == (True, True)


def test_the_generated_release_has_the_published_counts():
    rows = published_rows()
    found = {name: sum(cells["Estimated Emotion"] == name for cells in rows) for name in EMOTIONS}
    assert found == EMOTIONS
